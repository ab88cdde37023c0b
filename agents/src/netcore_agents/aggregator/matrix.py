"""The topology as matrices: JSON for programs, .npz for numpy."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from netcore_agents.aggregator.links import LinkEstimate


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is measured, `[origin, destination]` over `nodes`; NaN is unknown.

    Attributes:
        nodes: Node names, sorted.
        rtt_ms: float64[N, N], median round-trip time.
        rtt_p90_ms: float64[N, N], its 90th percentile.
        jitter_ms: float64[N, N], its interquartile range.
        loss: float64[N, N], share of packets lost from origin to destination, 0 to 1.
        bandwidth_bps: float64[N, N].
        age_s: float64[N, N], age of the newest measurement.
    """

    nodes: tuple[str, ...]
    rtt_ms: npt.NDArray[np.float64]
    rtt_p90_ms: npt.NDArray[np.float64]
    jitter_ms: npt.NDArray[np.float64]
    loss: npt.NDArray[np.float64]
    bandwidth_bps: npt.NDArray[np.float64]
    age_s: npt.NDArray[np.float64]

    def as_json(self) -> dict[str, Any]:
        """Nodes, and each matrix as rows; unknown is null."""
        return {"nodes": self.nodes} | {name: _rows(values) for name, values in self._all()}

    def as_npz(self) -> bytes:
        """A numpy archive with the same names."""
        target = io.BytesIO()
        arrays: dict[str, Any] = {"nodes": np.array(self.nodes)} | dict(self._all())
        np.savez_compressed(target, **arrays)
        return target.getvalue()

    def _all(self) -> list[tuple[str, npt.NDArray[np.float64]]]:
        names = ("rtt_ms", "rtt_p90_ms", "jitter_ms", "loss", "bandwidth_bps", "age_s")
        return [(name, getattr(self, name)) for name in names]


def build_matrix(
    nodes: Sequence[str], links: Iterable[tuple[str, str, LinkEstimate]], *, now_us: int
) -> Matrix:
    """Lay links out over nodes.

    Args:
        nodes: Node names, in order.
        links: Origin, destination, estimate; others than of these nodes are left out.
        now_us: Now, microseconds since 1970.
    """
    position = {node: index for index, node in enumerate(nodes)}
    empty = [np.full((len(nodes), len(nodes)), np.nan) for _ in range(6)]
    rtt, p90, jitter, loss, bandwidth, age = empty
    for origin, destination, link in links:
        if origin not in position or destination not in position:
            continue
        at = position[origin], position[destination]
        loss[at] = link.loss_to_ppm / 1e6
        age[at] = (now_us - link.observed_us) / 1e6
        if link.answered_us:
            rtt[at] = link.rtt_us / 1000
            p90[at] = link.rtt_p90_us / 1000
            jitter[at] = link.jitter_us / 1000
        if link.bandwidth_bps:
            bandwidth[at] = link.bandwidth_bps
    return Matrix(tuple(nodes), rtt, p90, jitter, loss, bandwidth, age)


def _rows(values: npt.NDArray[np.float64]) -> list[list[float | None]]:
    return [
        [None if np.isnan(value) else round(float(value), 6) for value in row] for row in values
    ]
