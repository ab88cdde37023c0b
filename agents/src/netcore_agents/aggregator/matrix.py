"""The measured network as dense matrices, for those who ask over HTTP."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from netcore_agents.aggregator.links import LinkEstimate
from netcore_agents.aggregator.members import Place

Array = npt.NDArray[np.float64]
_ARRAYS: Final = ("rtt_ms", "rtt_p90_ms", "jitter_ms", "loss", "bandwidth_bps", "age_s")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Row i, column j tells of the path from `nodes[i]` to `nodes[j]`; NaN is unknown.

    Attributes:
        time_us: When it was made, microseconds since 1970.
        nodes: Sorted.
        regions: Of each node; empty where unknown.
        zones: Of each node; empty where unknown.
        rtt_ms: float64[N, N], median round-trip time; 0 from a node to itself. Where only one end
            measured, it counts for both: a round trip is the same from either.
        rtt_p90_ms: 90th percentile of it.
        jitter_ms: Interquartile range of it.
        loss: Share of packets lost from origin to destination.
        bandwidth_bps: Bandwidth from origin to destination.
        age_s: Age of the measurement.
    """

    time_us: int
    nodes: list[str]
    regions: list[str]
    zones: list[str]
    rtt_ms: Array
    rtt_p90_ms: Array
    jitter_ms: Array
    loss: Array
    bandwidth_bps: Array
    age_s: Array

    @property
    def pairs(self) -> int:
        """Ordered pairs of different nodes."""
        return len(self.nodes) * (len(self.nodes) - 1)

    @property
    def missing(self) -> int:
        """Pairs of which no round-trip time is known."""
        return int(np.isnan(self.rtt_ms).sum())

    def to_json(self) -> dict[str, Any]:
        """The matrix as a JSON value; arrays are rounded to a microsecond or a millionth."""
        head = {
            "time_us": self.time_us,
            "nodes": self.nodes,
            "regions": self.regions,
            "zones": self.zones,
            "pairs": self.pairs,
            "missing": self.missing,
        }
        digits = {"loss": 6}
        return head | {name: np.round(getattr(self, name), digits.get(name, 3)) for name in _ARRAYS}

    def to_npz(self) -> bytes:
        """The matrix as a compressed file that `numpy.load` reads."""
        file = io.BytesIO()
        names = ("nodes", "regions", "zones", *_ARRAYS)
        arrays: dict[str, Any] = {name: np.array(getattr(self, name)) for name in names}
        np.savez_compressed(file, time_us=np.int64(self.time_us), **arrays)
        return file.getvalue()


def build_matrix(
    nodes: Sequence[str],
    links: Iterable[tuple[str, str, LinkEstimate]],
    places: Mapping[str, Place],
    *,
    time_us: int,
) -> Matrix:
    """Lay out the links.

    Args:
        nodes: Sorted names; links of others are left out.
        links: Origin, destination, estimate.
        places: Where nodes stand.
        time_us: Now, microseconds since 1970.
    """
    index = {node: place for place, node in enumerate(nodes)}
    arrays = {name: np.full((len(nodes), len(nodes)), np.nan) for name in _ARRAYS}
    # A second pass gives the other end of each path what this end measured of it.
    backward = []
    for origin, destination, link in links:
        here, there = index.get(origin), index.get(destination)
        if here is None or there is None:
            continue
        age_s = (time_us - link.observed_us) / 1e6
        rtts = {
            "rtt_ms": link.rtt_us / 1000,
            "rtt_p90_ms": link.rtt_p90_us / 1000,
            "jitter_ms": link.jitter_us / 1000,
        }
        common = (rtts if link.answered_us else {}) | {"age_s": age_s}
        forward = common | {"loss": link.loss_to_ppm / 1e6}
        if link.bandwidth_bps:
            forward["bandwidth_bps"] = float(link.bandwidth_bps)
        for name, value in forward.items():
            arrays[name][here, there] = value
        backward.append((there, here, common | {"loss": link.loss_from_ppm / 1e6}))
    for row, column, values in backward:
        for name, value in values.items():
            if np.isnan(arrays[name][row, column]):
                arrays[name][row, column] = value
    for name in ("rtt_ms", "rtt_p90_ms", "jitter_ms", "loss", "age_s"):
        np.fill_diagonal(arrays[name], 0.0)
    nowhere = Place("", "", "")
    return Matrix(
        time_us=time_us,
        nodes=list(nodes),
        regions=[places.get(node, nowhere).region for node in nodes],
        zones=[places.get(node, nowhere).zone for node in nodes],
        **arrays,
    )
