"""Devices and claims on them, which the Kubernetes scheduler lists."""

from netcore_cluster.kinds.kind import Kind

_GROUP = "resource.k8s.io"

RESOURCE_CLAIM = Kind(
    group=_GROUP,
    version="v1",
    kind="ResourceClaim",
    plural="resourceclaims",
    subresources=("status",),
)
RESOURCE_SLICE = Kind(
    group=_GROUP,
    version="v1",
    kind="ResourceSlice",
    plural="resourceslices",
    namespaced=False,
)
DEVICE_CLASS = Kind(
    group=_GROUP,
    version="v1",
    kind="DeviceClass",
    plural="deviceclasses",
    namespaced=False,
)
