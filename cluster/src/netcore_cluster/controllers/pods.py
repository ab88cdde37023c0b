"""What controllers ask of a pod."""

from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import condition_of, is_deleting, seconds

_TERMINAL: Final = ("Succeeded", "Failed")


def phase_of(pod: Object) -> str:
    """Its phase; Pending where it has none yet."""
    phase: str = pod.get("status", {}).get("phase") or "Pending"
    return phase


def is_terminal(pod: Object) -> bool:
    """Whether its containers have ended for good."""
    return phase_of(pod) in _TERMINAL


def is_active(pod: Object) -> bool:
    """Whether it counts as a replica: neither ended nor being deleted."""
    return not is_terminal(pod) and not is_deleting(pod)


def is_ready(pod: Object) -> bool:
    """Whether it may serve."""
    ready = condition_of(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def ready_since(pod: Object) -> float | None:
    """Unix seconds at which it became ready; None while it is not."""
    ready = condition_of(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    since = ready.get("lastTransitionTime")
    return seconds(since) if since else None


def is_available(pod: Object, *, min_ready_s: int, now: float) -> bool:
    """Whether it has been ready for at least `min_ready_s`."""
    if not is_ready(pod):
        return False
    if not min_ready_s:
        return True
    since = ready_since(pod)
    return since is not None and since + min_ready_s <= now


def restarts_of(pod: Object) -> int:
    """How often the container that restarted most has restarted."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return max((status.get("restartCount", 0) for status in statuses), default=0)
