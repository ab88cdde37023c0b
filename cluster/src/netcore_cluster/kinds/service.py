"""Service."""

from netcore_cluster.kinds.kind import Kind

SERVICE = Kind(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    short_names=("svc",),
    categories=("all",),
    subresources=("status",),
)
