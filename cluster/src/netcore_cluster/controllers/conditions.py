"""Conditions of a status as values: setting one returns a new list; pure."""

from collections.abc import Iterable, Sequence

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import find_condition, timestamp


def without(conditions: Iterable[Object], kind: str) -> list[Object]:
    """The conditions but the one of that type."""
    return [each for each in conditions if each["type"] != kind]


def with_condition(
    conditions: Sequence[Object],
    kind: str,
    status: str,
    reason: str,
    message: str,
    *,
    now: float,
) -> list[Object]:
    """The conditions with one of them set, in its place or at the end.

    One that already says so (same status, reason and message) stays as it is; the time of the
    transition changes with the status only.

    Args:
        conditions: The conditions so far.
        kind: The condition's type.
        status: `True`, `False` or `Unknown`.
        reason: One word for machines.
        message: A sentence for people.
        now: Unix seconds.
    """
    known = find_condition(conditions, kind)
    if known is not None and all(
        known.get(name, "") == value
        for name, value in (("status", status), ("reason", reason), ("message", message))
    ):
        return list(conditions)
    changed_at = timestamp(now)
    new: Object = {"type": kind, "status": status, "lastTransitionTime": changed_at}
    if known is not None and known["status"] == status:
        new["lastTransitionTime"] = known.get("lastTransitionTime", changed_at)
    new |= {"reason": reason, "message": message}
    if known is None:
        return [*conditions, new]
    return [new if each is known else each for each in conditions]
