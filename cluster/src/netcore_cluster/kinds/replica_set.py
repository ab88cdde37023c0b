"""ReplicaSet."""

from netcore_cluster.kinds.kind import Kind

REPLICA_SET = Kind(
    group="apps",
    version="v1",
    kind="ReplicaSet",
    plural="replicasets",
    short_names=("rs",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
)
