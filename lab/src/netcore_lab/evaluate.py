"""How good a placement is, judged by the true network and not by what was measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from netcore_lab.workloads import Application


@dataclass(frozen=True, slots=True)
class Network:
    """The true network of an experiment.

    Attributes:
        nodes: Node names, in the order of the matrix.
        regions: Region of each node.
        rtt_ms: float64[N, N], round-trip time in ms; zero on the diagonal.
    """

    nodes: tuple[str, ...]
    regions: tuple[str, ...]
    rtt_ms: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the application feels of a placement.

    Attributes:
        mean_weighted_rtt_ms: Mean RTT of a call, each call weighted by how often it happens.
        cross_region_share: Share of calls that leave their region, 0 to 1.
        network_ms_per_task: Network time of all calls of one user task, one after another.
    """

    mean_weighted_rtt_ms: float
    cross_region_share: float
    network_ms_per_task: float


def evaluate(
    application: Application, placement: Mapping[str, Sequence[str]], network: Network
) -> Quality:
    """Judge a placement.

    A call goes from any replica of the caller to any of the callee with equal probability, as
    behind a Service.

    Args:
        application: Services and calls.
        placement: Service → the node of each replica.
        network: The true network.

    Raises:
        ValueError: A service of a call has no replica, or stands on an unknown node.
    """
    position = {name: index for index, name in enumerate(network.nodes)}
    total_weight = rtt = crossing = 0.0
    for call in application.calls:
        try:
            callers = [position[node] for node in placement.get(call.caller, ())]
            callees = [position[node] for node in placement.get(call.callee, ())]
        except KeyError as error:
            raise ValueError(f"placement names a node that the network lacks: {error}") from None
        if not callers or not callees:
            missing = call.caller if not callers else call.callee
            raise ValueError(f"placement has no replica of {missing}")
        pairs = [(a, b) for a in callers for b in callees]
        total_weight += call.weight
        rtt += call.weight * float(np.mean([network.rtt_ms[a, b] for a, b in pairs]))
        crossing += call.weight * float(
            np.mean([network.regions[a] != network.regions[b] for a, b in pairs])
        )
    return Quality(
        mean_weighted_rtt_ms=rtt / total_weight,
        cross_region_share=crossing / total_weight,
        network_ms_per_task=rtt,
    )
