"""Namespace."""

from netcore_cluster.kinds.kind import Kind

NAMESPACE = Kind(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    short_names=("ns",),
    namespaced=False,
    subresources=("status", "finalize"),
)
