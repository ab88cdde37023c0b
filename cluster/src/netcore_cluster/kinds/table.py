"""What cells of tables have in common: ages, lists and labels, as kubectl's users know them."""

from datetime import datetime
from typing import Any

from netcore_cluster.schema.times import parse_time

UNKNOWN = "<unknown>"
NONE = "<none>"

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY


def human_duration(seconds: float) -> str:
    """Return a span of time with the precision that a reader needs, such as `3m20s` or `5d`.

    Heuristic: two units where the first alone would be too coarse.
    Source: the columns of kubectl.
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _pair(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _pair(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _pair(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _pair(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _pair(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_name}" + (f"{rest}{small_name}" if rest else "")


def age(timestamp: str | None, now: datetime) -> str:
    """Return how long ago a time was, or `<unknown>`."""
    if not timestamp:
        return UNKNOWN
    return human_duration((now - parse_time(timestamp)).total_seconds())


def created(obj: dict[str, Any], now: datetime) -> str:
    """Return the age of an object."""
    return age(obj["metadata"].get("creationTimestamp"), now)


def labels_text(labels: dict[str, str] | None) -> str:
    """Return labels as `key=value,…` in the order of their keys, or `<none>`."""
    if not labels:
        return NONE
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def selector_text(selector: dict[str, Any] | None) -> str:
    """Return a label selector as kubectl writes one, such as `app=web,tier in (a,b)`."""
    if selector is None:
        return NONE
    terms = [(key, f"{key}={value}") for key, value in selector.get("matchLabels", {}).items()]
    for term in selector.get("matchExpressions", ()):
        key, values = term["key"], ",".join(sorted(term.get("values", ())))
        terms.append(
            (
                key,
                {
                    "In": f"{key} in ({values})",
                    "NotIn": f"{key} notin ({values})",
                    "Exists": key,
                    "DoesNotExist": f"!{key}",
                }.get(term["operator"], key),
            )
        )
    return ",".join(text for _, text in sorted(terms)) or NONE
