"""A matrix as a picture of characters: a cell a link, darker or redder the longer it takes."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

# Readable without colour, and by those who see few colours: shade and hue say the same.
_SHADES: Final = "·░▒▓█"
# 256-colour palette from dark blue over white to dark red (a diverging scheme safe for most).
_COLORS: Final = (19, 26, 38, 80, 152, 230, 222, 215, 208, 196, 124)
_RESET: Final = "\x1b[0m"
_UNKNOWN: Final = "?"
_SELF: Final = " "


def heatmap(
    nodes: Sequence[str],
    rtt_ms: Mapping[tuple[str, str], float | None],
    places: Mapping[str, tuple[str, str]],
    *,
    has_color: bool,
    width: int,
) -> str:
    """Draw round-trip times on a logarithmic scale.

    Args:
        nodes: In the order to show; zones together make blocks visible.
        rtt_ms: Origin and destination → milliseconds; absent or None is unknown.
        places: Node → region and zone, for the name at the right.
        has_color: Whether to colour the cells.
        width: Columns of the terminal; a matrix that does not fit loses its last columns.
    """
    known = [value for value in rtt_ms.values() if value]
    if not known:
        return "No round-trip time is known."
    low, high = math.log(min(known)), math.log(max(known))
    names = {node: zone or region for node, (region, zone) in places.items()}
    label = max(map(len, nodes))
    beside = max(len(names.get(node, "")) for node in nodes)
    cell = 2
    columns = nodes[: max(1, (width - label - 2 - 2 - beside) // cell)]
    lines = []
    for origin in nodes:
        cells = [
            _SELF * cell
            if origin == destination
            else _cell(rtt_ms.get((origin, destination)), low, high, has_color=has_color)
            for destination in columns
        ]
        lines.append(f"{origin:<{label}}  {''.join(cells)}  {names.get(origin, '')}".rstrip())
    cut = len(nodes) - len(columns)
    if cut:
        lines.append(f"(columns that do not fit: {cut}; -o json has all)")
    return "\n".join([*lines, "", _legend(low, high, has_color=has_color)])


def _cell(value: float | None, low: float, high: float, *, has_color: bool) -> str:
    if not value:
        return _UNKNOWN * 2
    share = (math.log(value) - low) / (high - low) if high > low else 0.0
    return _paint(share, has_color=has_color)


def _paint(share: float, *, has_color: bool) -> str:
    shade = _SHADES[min(len(_SHADES) - 1, int(share * len(_SHADES)))] * 2
    if not has_color:
        return shade
    color = _COLORS[min(len(_COLORS) - 1, int(share * len(_COLORS)))]
    return f"\x1b[38;5;{color}m██{_RESET}"


def _legend(low: float, high: float, *, has_color: bool) -> str:
    """The scale, with the round-trip time at which each shade begins."""
    steps = len(_COLORS) if has_color else len(_SHADES)
    marks = [
        f"{_paint((step + 0.5) / steps, has_color=has_color)}"
        f" {math.exp(low + (high - low) * step / steps):.3g}"
        for step in range(steps)
    ]
    return f"RTT from, ms: {'  '.join(marks)}  {_UNKNOWN * 2} unknown"
