"""How well the measured network agrees with the emulated one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from netcore_lab.evaluate import Network


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Measured against true round-trip times, over the ordered pairs of different nodes.

    Attributes:
        pairs: Ordered pairs that were measured.
        missing: Ordered pairs that were not.
        median_abs_error_ms: Median of |measured - true|.
        median_rel_error: Median of |measured - true| / true.
        measured_ms: float64[N, N]; NaN where missing.
    """

    pairs: int
    missing: int
    median_abs_error_ms: float
    median_rel_error: float
    measured_ms: npt.NDArray[np.float64]


def measured_rtt(
    network: Network, node_networks: Iterable[dict[str, Any]]
) -> npt.NDArray[np.float64]:
    """Median RTTs of NodeNetwork objects as float64[N, N] in ms, in the network's node order."""
    position = {name: index for index, name in enumerate(network.nodes)}
    measured = np.full((len(position), len(position)), np.nan)
    for item in node_networks:
        status = item.get("status") or {}
        origin = position.get(item["metadata"]["name"])
        if origin is None:
            continue
        for peer, micros in zip(status.get("peers", ()), status.get("rttMicros", ()), strict=True):
            if peer in position:
                measured[origin, position[peer]] = micros / 1000
    return measured


def accuracy(network: Network, node_networks: Iterable[dict[str, Any]]) -> Accuracy:
    """Compare what NodeNetworks say with the true network."""
    measured = measured_rtt(network, node_networks)
    different = ~np.eye(len(network.nodes), dtype=bool)
    known = different & ~np.isnan(measured)
    error = np.abs(measured[known] - network.rtt_ms[known])
    return Accuracy(
        pairs=int(known.sum()),
        missing=int((different & ~known).sum()),
        median_abs_error_ms=float(np.median(error)) if error.size else float("nan"),
        median_rel_error=(
            float(np.median(error / network.rtt_ms[known])) if error.size else float("nan")
        ),
        measured_ms=measured,
    )
