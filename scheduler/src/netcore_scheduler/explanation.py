"""A decision in words and tables; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from netcore.cli.output import table


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
        return str(explanation["message"])
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
    return sentence + "."


def _scores(top: Sequence[Mapping[str, Any]]) -> str:
    """Parts of the score of the chosen node and the runner-up: raw → normalised → weighted."""
    shown = top[:2]
    header = ["score", *(candidate["node"] for candidate in shown)]
    rows = [
        [plugin, *(_part(candidate["scores"].get(plugin)) for candidate in shown)]
        for plugin in shown[0]["scores"]
    ]
    rows.append(["total", *(str(candidate["total"]) for candidate in shown)])
    others = ", ".join(f"{candidate['node']} {candidate['total']}" for candidate in top[2:])
    return table(header, rows) + (f"\nnext: {others}" if others else "")


def _part(part: Sequence[float] | None) -> str:
    if part is None:
        return "-"
    raw, normalized, weighted = part
    return f"{raw:g} → {normalized:g} → {weighted:g}"


def _links(explanation: Mapping[str, Any]) -> str:
    """Links from the chosen node to the pod's peers, beside those of the runner-up."""
    instead = {
        (link["peer"], link["pod"], link["direction"]): link
        for link in explanation["runnerUpLinks"]
    }
    rows = []
    for link in explanation["links"]:
        other = instead.get((link["peer"], link["pod"], link["direction"]))
        arrow = "calls" if link["direction"] == "to" else "called by"
        rows.append(
            [
                f"{arrow} {link['peer']}",
                link["node"],
                f"{link['weight']:g}",
                _milliseconds(link["rttMs"]),
                f"{link['cost']:.3f}",
                link["source"],
                _seconds(link["ageSeconds"]),
                _milliseconds(other["rttMs"]) if other else "-",
            ]
        )
    header = ["link", "on node", "weight", "rtt", "cost", "source", "age", "runner-up rtt"]
    return table(header, rows)


def _rejections(rejected: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [entry["count"], entry["reason"], entry["plugin"], ", ".join(entry["nodes"])]
        for entry in rejected
    ]
    return table(["rejected", "reason", "by", "such as"], rows)


def _milliseconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}ms"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}s"
