"""CSINode, CSIDriver, CSIStorageCapacity and VolumeAttachment."""

from netcore_cluster.kinds.kind import Kind

CSI_NODE = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSINode",
    plural="csinodes",
    namespaced=False,
)
CSI_DRIVER = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIDriver",
    plural="csidrivers",
    namespaced=False,
)
CSI_STORAGE_CAPACITY = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIStorageCapacity",
    plural="csistoragecapacities",
)
VOLUME_ATTACHMENT = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttachment",
    plural="volumeattachments",
    namespaced=False,
    subresources=("status",),
)
