"""Pod."""

from netcore_cluster.kinds.kind import Kind

POD = Kind(
    group="",
    version="v1",
    kind="Pod",
    plural="pods",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "binding", "eviction", "ephemeralcontainers", "resize"),
    has_generation=True,
)
