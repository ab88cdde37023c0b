"""StatefulSet."""

from netcore_cluster.kinds.kind import Kind

STATEFUL_SET = Kind(
    group="apps",
    version="v1",
    kind="StatefulSet",
    plural="statefulsets",
    short_names=("sts",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
)
