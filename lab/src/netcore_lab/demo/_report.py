"""What the demo found, as one value: printed as tables or as JSON."""

from dataclasses import dataclass
from typing import Any

from netcore.cli.output import table
from netcore_lab.demo._accuracy import Accuracy
from netcore_lab.demo._profiles import Way
from netcore_lab.evaluate import Network, Quality


@dataclass(frozen=True, slots=True)
class Placed:
    """One way's placement and its quality."""

    way: Way
    placement: dict[str, list[str]]
    quality: Quality


@dataclass(frozen=True, slots=True)
class Report:
    """The whole result."""

    network: Network
    accuracy: Accuracy
    placed: tuple[Placed, ...]
    explanation: str
    elapsed_s: float

    def as_json(self) -> dict[str, Any]:
        """The object that `netcore demo -o json` ends with."""
        return {
            "measured": {
                "pairs": self.accuracy.pairs,
                "missing": self.accuracy.missing,
                "median_abs_error_ms": round(self.accuracy.median_abs_error_ms, 4),
                "median_rel_error": round(self.accuracy.median_rel_error, 5),
            },
            "plans": {
                placed.way.name: {
                    "mean_weighted_rtt_ms": round(placed.quality.mean_weighted_rtt_ms, 4),
                    "cross_region_share": round(placed.quality.cross_region_share, 5),
                    "placement": placed.placement,
                }
                for placed in self.placed
            },
            "elapsed_s": round(self.elapsed_s, 2),
        }

    def as_text(self) -> str:
        """Tables for people."""
        return "\n\n".join(
            [
                f"The network, measured against configured ({self._accuracy_line()}):",
                self._zones(),
                "Online Boutique, placed three ways on the same nodes, judged by the true network:",
                self._comparison(),
                self._conclusion(),
                "Why one pod is where it is (netcore explain):",
                self.explanation,
            ]
        )

    def _accuracy_line(self) -> str:
        found = self.accuracy
        return (
            f"{found.pairs} ordered pairs, {found.missing} missing, median error"
            f" {found.median_abs_error_ms:.2f} ms or {found.median_rel_error:.1%}"
        )

    def _zones(self) -> str:
        """RTT from the first node to each other, measured and configured."""
        rows = [
            (
                self.network.nodes[0],
                name,
                self.network.regions[index],
                f"{self.network.rtt_ms[0, index]:.2f}",
                f"{self.accuracy.measured_ms[0, index]:.2f}",
                f"{self.accuracy.measured_ms[0, index] - self.network.rtt_ms[0, index]:+.2f}",
            )
            for index, name in enumerate(self.network.nodes)
            if index
        ]
        return table(["from", "to", "region", "configured ms", "measured ms", "error ms"], rows)

    def _comparison(self) -> str:
        rows = [
            (
                placed.way.title,
                f"{placed.quality.mean_weighted_rtt_ms:.2f}",
                f"{placed.quality.network_ms_per_task:.1f}",
                f"{placed.quality.cross_region_share:.1%}",
                len({node for nodes in placed.placement.values() for node in nodes}),
            )
            for placed in self.placed
        ]
        return table(
            ["placed", "mean RTT of a call, ms", "network ms a task", "cross-region", "nodes"], rows
        )

    def _conclusion(self) -> str:
        figures = {placed.way.name: placed.quality.mean_weighted_rtt_ms for placed in self.placed}
        ours = figures["netcore"]
        others = ", ".join(
            f"{value / ours:.1f} times that of netcore ({placed.way.title})"
            if ours
            else f"{value:.2f} ms against none ({placed.way.title})"
            for placed in self.placed
            if (value := figures[placed.way.name]) is not None and placed.way.name != "netcore"
        )
        return f"A call waits for the network {others}."
