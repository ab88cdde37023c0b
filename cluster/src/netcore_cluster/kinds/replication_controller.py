"""ReplicationController."""

from netcore_cluster.kinds.kind import Kind

REPLICATION_CONTROLLER = Kind(
    group="",
    version="v1",
    kind="ReplicationController",
    plural="replicationcontrollers",
    short_names=("rc",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
)
