"""Node."""

from netcore_cluster.kinds.kind import Kind

NODE = Kind(
    group="",
    version="v1",
    kind="Node",
    plural="nodes",
    short_names=("no",),
    namespaced=False,
    subresources=("status",),
)
