"""StorageClass."""

from netcore_cluster.kinds.kind import Kind

STORAGE_CLASS = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    short_names=("sc",),
    namespaced=False,
)
