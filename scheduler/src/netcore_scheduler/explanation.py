"""A decision in words and tables, at most 100 columns wide; pure."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from netcore.cli.output import table

_WIDTH: Final = 100
# Names of workloads and nodes have no bound: what is longer is shortened in the middle, where
# names of one cluster differ least. `-o json` has them whole.
_LONGEST_PEER: Final = 18
_LONGEST_NODE: Final = 15
_LONGEST_CANDIDATE: Final = 30


def describe(explanation: Mapping[str, Any]) -> str:
    """Render a decision's summary for people.

    Args:
        explanation: `Decision.summary()`, decoded, with `origin` (whence it comes) and `boundTo`
            (the node of the pod now).
    """
    top = explanation["top"]
    parts = [_headline(explanation), _verdict(explanation)]
    if top:
        parts.append(_scores(top))
    if explanation["links"]:
        parts.append(_links(explanation))
    if explanation["rejected"]:
        parts.append(_rejections(explanation["rejected"]))
    return "\n\n".join(parts)


def _headline(explanation: Mapping[str, Any]) -> str:
    node = explanation["node"] or "no node"
    line = f"{explanation['pod']} → {node}"
    if explanation["boundTo"] and explanation["boundTo"] != explanation["node"]:
        line += f" (it is bound to {explanation['boundTo']})"
    facts = (
        f"{explanation['feasible']} of {explanation['evaluated']} nodes feasible",
        f"snapshot {explanation['snapshot']}",
        f"seed {explanation['seed']}",
        explanation["origin"],
    )
    return f"{line}\n{', '.join(facts)}"


def _verdict(explanation: Mapping[str, Any]) -> str:
    """Why the chosen node won, in one sentence."""
    top = explanation["top"]
    if explanation["node"] is None:
        return textwrap.fill(explanation["message"], _WIDTH)
    if len(top) < 2:
        return "It was the only feasible node."
    chosen, runner_up = top[0], top[1]
    lead = chosen["total"] - runner_up["total"]
    if not lead:
        return f"It tied with {runner_up['node']}, and the seed decided."
    gains = {
        plugin: part[2] - runner_up["scores"].get(plugin, [0, 0, 0])[2]
        for plugin, part in chosen["scores"].items()
    }
    best = max(gains, key=lambda plugin: gains[plugin])
    sentence = f"It beat {runner_up['node']} by {lead}, most of all by {best} ({gains[best]:+})"
    worst = min(gains, key=lambda plugin: gains[plugin])
    if gains[worst] < 0:
        sentence += f", in spite of {worst} ({gains[worst]:+})"
    return textwrap.fill(sentence + ".", _WIDTH)


def _scores(top: Sequence[Mapping[str, Any]]) -> str:
    """Parts of the score of the chosen node and the runner-up: raw → normalised → weighted."""
    shown = top[:2]
    rows = [
        ["node", *(_shortened(candidate["node"], _LONGEST_CANDIDATE) for candidate in shown)],
        *(
            [plugin, *(_part(candidate["scores"].get(plugin)) for candidate in shown)]
            for plugin in shown[0]["scores"]
        ),
        ["total", *(f"{candidate['total']:g}" for candidate in shown)],
    ]
    others = ", ".join(f"{candidate['node']} {candidate['total']:g}" for candidate in top[2:])
    scores = table(["score", "chosen", "runner-up"][: len(shown) + 1], rows)
    return scores + (f"\n{textwrap.fill(f'next: {others}', _WIDTH)}" if others else "")


def _part(part: Sequence[float] | None) -> str:
    if part is None:
        return "-"
    raw, normalized, weighted = part
    return f"{raw:g} → {normalized:g} → {weighted:g}"


def _links(explanation: Mapping[str, Any]) -> str:
    """Links from the chosen node to the pod's peers, beside those of the runner-up.

    A policy that is about time tells it in ms per second, which says more than the cost.
    """
    timed = any("msPerSecond" in link for link in explanation["links"])
    instead = {_identity(link): link for link in explanation["runnerUpLinks"]}
    rows = []
    for link in explanation["links"]:
        other = instead.get(_identity(link))
        arrow = "→" if link["direction"] == "to" else "←"
        rows.append(
            [
                f"{arrow} {_shortened(link['peer'], _LONGEST_PEER)}",
                _shortened(link["node"], _LONGEST_NODE),
                f"{link['weight']:g}",
                _milliseconds(link["rttMs"]),
                _time(link.get("msPerSecond")) if timed else f"{link['cost']:.3f}",
                link["source"],
                _seconds(link["ageSeconds"]),
                _milliseconds(other["rttMs"]) if other else "-",
            ]
        )
    cost = "ms/s" if timed else "cost"
    header = ["link", "on node", "weight", "rtt", cost, "source", "age", "runner-up"]
    return table(header, rows)


def _identity(link: Mapping[str, Any]) -> tuple[str, str, str]:
    return link["peer"], link["pod"], link["direction"]


def _rejections(rejected: Sequence[Mapping[str, Any]]) -> str:
    """Rejected nodes by reason; a node with several reasons counts in each."""
    lines = ["REJECTED"]
    for entry in rejected:
        examples = ", ".join(entry["nodes"]) + (
            ", …" if entry["count"] > len(entry["nodes"]) else ""
        )
        lines.append(
            textwrap.fill(
                f"{entry['reason']} ({entry['plugin']}): {examples}",
                _WIDTH,
                initial_indent=f"{entry['count']:>8}   ",
                subsequent_indent=" " * 11,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[-tail:]}"


def _milliseconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}ms"


def _time(ms_per_second: float | None) -> str:
    return "-" if ms_per_second is None else f"{ms_per_second:.1f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}s"
