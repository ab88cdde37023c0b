"""Event, as the core group and as events.k8s.io serve it."""

from netcore_cluster.kinds.kind import Kind

EVENT = Kind(group="", version="v1", kind="Event", plural="events", short_names=("ev",))
EVENTS_EVENT = Kind(
    group="events.k8s.io",
    version="v1",
    kind="Event",
    plural="events",
    short_names=("ev",),
    storage_group="",
)
