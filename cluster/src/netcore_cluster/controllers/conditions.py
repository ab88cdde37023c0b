"""Conditions of a status as values: setting one returns a new list; pure."""

from collections.abc import Iterable, Sequence

from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.objects import find_condition


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
    generation: int | None = None,
) -> list[Object]:
    """The conditions with one of them set, in its place or at the end.

    One that already says so stays as it is; the time of the transition changes with the status
    only.

    Args:
        conditions: The conditions so far.
        kind: The condition's type.
        status: `True`, `False` or `Unknown`.
        reason: One word for machines.
        message: A sentence for people.
        now: Unix seconds.
        generation: The generation of the object that the condition speaks of, where it tells.
    """
    known = find_condition(conditions, kind)
    since = timestamp(now)
    if known is not None and known["status"] == status:
        since = known.get("lastTransitionTime", since)
    new: Object = {"type": kind, "status": status, "lastTransitionTime": since}
    if generation is not None:
        new["observedGeneration"] = generation
    new |= {"reason": reason, "message": message}
    if known is not None and known.items() >= new.items():
        return list(conditions)
    if known is None:
        return [*conditions, new]
    return [new if each is known else each for each in conditions]
