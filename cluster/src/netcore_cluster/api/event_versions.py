"""Event in its two groups: stored as the core group's, served as either.

The scheduler writes events.k8s.io/v1; ``kubectl describe`` reads v1.

Source: kubernetes ``pkg/apis/events/v1/conversion.go``.
"""

from netcore_cluster.api.errors import Object

_RENAMED = (
    # events.k8s.io/v1, core v1
    ("note", "message"),
    ("regarding", "involvedObject"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
    ("reportingController", "reportingComponent"),
)


def to_events_group(obj: Object) -> Object:
    """Returns a core event as events.k8s.io/v1 serves it."""
    found = _renamed(obj, {core: new for new, core in _RENAMED})
    return found | {"apiVersion": "events.k8s.io/v1"}


def to_core_group(obj: Object) -> Object:
    """Returns an events.k8s.io/v1 event as it is stored."""
    found = _renamed(obj, dict(_RENAMED))
    return found | {"apiVersion": "v1"}


def _renamed(obj: Object, names: dict[str, str]) -> Object:
    return {names.get(key, key): value for key, value in obj.items()}
