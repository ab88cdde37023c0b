"""The status of a Deployment: its counts, and whether it progresses; pure.

Source: kubernetes ``pkg/controller/deployment/{sync,progress}.go``.
"""

from collections.abc import Sequence
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.conditions import without
from netcore_cluster.controllers.deployment.replica_sets import (
    count_of,
    max_unavailable,
    size_of,
    total_count,
    total_size,
)
from netcore_cluster.controllers.deployment.revisions import History
from netcore_cluster.controllers.objects import find_condition, seconds

PROGRESSING: Final = "Progressing"
AVAILABLE: Final = "Available"
REPLICA_FAILURE: Final = "ReplicaFailure"

NEW_REPLICA_SET_AVAILABLE: Final = "NewReplicaSetAvailable"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "DeploymentPaused"

# What the API means by "no deadline": the largest 32-bit number.
_NO_DEADLINE: Final = 2**31 - 1


def deadline_of(deployment: Object) -> int | None:
    """Seconds within which it must progress; None where it need not."""
    deadline: int | None = deployment["spec"].get("progressDeadlineSeconds")
    return None if deadline == _NO_DEADLINE else deadline


def with_progress(
    conditions: Sequence[Object], status: str, reason: str, message: str, *, now: float
) -> list[Object]:
    """The conditions with `Progressing` set, unless it says the same by status and reason."""
    return _with(conditions, PROGRESSING, status, reason, message, now=now)


def with_pause(deployment: Object, conditions: Sequence[Object], *, now: float) -> list[Object]:
    """Say that it is paused or goes on again, so that the pause does not count as no progress."""
    known = find_condition(conditions, PROGRESSING)
    reason = known["reason"] if known is not None else ""
    if deadline_of(deployment) is None or reason == TIMED_OUT:
        return list(conditions)
    if deployment["spec"].get("paused"):
        return with_progress(conditions, "Unknown", PAUSED, "Deployment is paused", now=now)
    if reason == PAUSED:
        message = "Deployment is resumed"
        return with_progress(conditions, "Unknown", "DeploymentResumed", message, now=now)
    return list(conditions)


def counted(
    deployment: Object, found: History, conditions: Sequence[Object], *, now: float
) -> Object:
    """The status by the counts of the ReplicaSets, with the condition `Available`."""
    everything = found.all
    available = total_count(everything, "availableReplicas")
    enough = available >= size_of(deployment) - max_unavailable(deployment)
    counts = {
        "replicas": total_count(everything, "replicas"),
        "updatedReplicas": 0 if found.new is None else count_of(found.new, "replicas"),
        "readyReplicas": total_count(everything, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(total_size(everything) - available, 0),
        "collisionCount": (deployment.get("status") or {}).get("collisionCount", 0),
    }
    return {
        "observedGeneration": deployment["metadata"]["generation"],
        **{name: count for name, count in counts.items() if count},
        "terminatingReplicas": total_count(everything, "terminatingReplicas"),
        "conditions": _with(
            conditions,
            AVAILABLE,
            "True" if enough else "False",
            "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            f"Deployment {'has' if enough else 'does not have'} minimum availability.",
            now=now,
        ),
    }


def rolled_out(
    deployment: Object, found: History, conditions: Sequence[Object], *, now: float
) -> Object:
    """As `counted`, and whether the rollout progresses, is done or takes too long."""
    status = counted(deployment, found, conditions, now=now)
    if deadline_of(deployment) is None:
        status["conditions"] = without(status["conditions"], PROGRESSING)
    elif not _was_complete(status):
        status["conditions"] = _judged(deployment, found, status, now)
    status["conditions"] = _with_failures(status["conditions"], found)
    return status


def is_complete(deployment: Object, status: Object) -> bool:
    """Whether every pod is of the present template and available."""
    size = size_of(deployment)
    counts = ("updatedReplicas", "replicas", "availableReplicas")
    return (
        all(status.get(count, 0) == size for count in counts)
        and status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    )


def until_deadline(deployment: Object, status: Object, *, now: float) -> float | None:
    """Seconds until the rollout must have progressed; None where nothing is to be watched."""
    deadline = deadline_of(deployment)
    known = find_condition(status.get("conditions"), PROGRESSING)
    if deadline is None or known is None or known["reason"] == TIMED_OUT:
        return None
    if is_complete(deployment, status) or deployment["spec"].get("paused"):
        return None
    # Times are written in whole seconds: one more makes sure that the deadline has passed.
    return max(seconds(known["lastUpdateTime"]) + deadline - now, 0.0) + 1.0


def _was_complete(status: Object) -> bool:
    known = find_condition(status["conditions"], PROGRESSING)
    return (
        known is not None
        and known["reason"] == NEW_REPLICA_SET_AVAILABLE
        and status.get("replicas", 0) == status.get("updatedReplicas", 0)
    )


def _judged(deployment: Object, found: History, status: Object, now: float) -> list[Object]:
    conditions: list[Object] = status["conditions"]
    metadata = (deployment if found.new is None else found.new)["metadata"]
    who = f'{"Deployment" if found.new is None else "ReplicaSet"} "{metadata["name"]}"'
    if is_complete(deployment, status):
        message = f"{who} has successfully progressed."
        return with_progress(conditions, "True", NEW_REPLICA_SET_AVAILABLE, message, now=now)
    if _has_progressed(deployment.get("status") or {}, status):
        # Set even where it says so already: the deadline counts from the last update.
        known = find_condition(conditions, PROGRESSING)
        since = timestamp(now)
        if known is not None and known["status"] == "True":
            since = known["lastTransitionTime"]
        progress = {
            "type": PROGRESSING,
            "status": "True",
            "lastUpdateTime": timestamp(now),
            "lastTransitionTime": since,
            "reason": "ReplicaSetUpdated",
            "message": f"{who} is progressing.",
        }
        return [*without(conditions, PROGRESSING), progress]
    if _is_timed_out(deployment, conditions, now):
        message = f"{who} has timed out progressing."
        return with_progress(conditions, "False", TIMED_OUT, message, now=now)
    return conditions


def _has_progressed(old: Object, new: Object) -> bool:
    def grew(count: str) -> bool:
        return bool(new.get(count, 0) > old.get(count, 0))

    old_left = old.get("replicas", 0) - old.get("updatedReplicas", 0)
    new_left = new.get("replicas", 0) - new.get("updatedReplicas", 0)
    return (
        any(map(grew, ("updatedReplicas", "readyReplicas", "availableReplicas")))
        or new_left < old_left
    )


def _is_timed_out(deployment: Object, conditions: Sequence[Object], now: float) -> bool:
    deadline, known = deadline_of(deployment), find_condition(conditions, PROGRESSING)
    if deadline is None or known is None or known["reason"] == NEW_REPLICA_SET_AVAILABLE:
        return False
    return known["reason"] == TIMED_OUT or seconds(known["lastUpdateTime"]) + deadline < now


def _with_failures(conditions: Sequence[Object], found: History) -> list[Object]:
    """With the failure that a ReplicaSet reports, the new one's first; without, where none does."""
    newest_first = found.all[::-1]
    for replica_set in newest_first:
        failure = find_condition(
            (replica_set.get("status") or {}).get("conditions"), REPLICA_FAILURE
        )
        if failure is not None:
            known = find_condition(conditions, REPLICA_FAILURE)
            if known is not None and known["reason"] == failure["reason"]:
                return list(conditions)
            since = failure["lastTransitionTime"]
            return [*without(conditions, REPLICA_FAILURE), {**failure, "lastUpdateTime": since}]
    return without(conditions, REPLICA_FAILURE)


def _with(
    conditions: Sequence[Object], kind: str, status: str, reason: str, message: str, *, now: float
) -> list[Object]:
    """Upstream's rule: nothing changes while status and reason stay; a changed one goes last."""
    known = find_condition(conditions, kind)
    if known is not None and (known["status"], known["reason"]) == (status, reason):
        return list(conditions)
    since = timestamp(now)
    if known is not None and known["status"] == status:
        since = known["lastTransitionTime"]
    condition = {
        "type": kind,
        "status": status,
        "lastUpdateTime": timestamp(now),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
    return [*without(conditions, kind), condition]
