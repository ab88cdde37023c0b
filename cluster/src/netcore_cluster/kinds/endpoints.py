"""Endpoints and EndpointSlice."""

from netcore_cluster.kinds.kind import Kind

ENDPOINTS = Kind(group="", version="v1", kind="Endpoints", plural="endpoints", short_names=("ep",))
ENDPOINT_SLICE = Kind(
    group="discovery.k8s.io",
    version="v1",
    kind="EndpointSlice",
    plural="endpointslices",
)
