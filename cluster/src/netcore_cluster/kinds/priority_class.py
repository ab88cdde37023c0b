"""PriorityClass."""

from netcore_cluster.kinds.kind import Kind

PRIORITY_CLASS = Kind(
    group="scheduling.k8s.io",
    version="v1",
    kind="PriorityClass",
    plural="priorityclasses",
    short_names=("pc",),
    namespaced=False,
)
