"""Job."""

from netcore_cluster.kinds.kind import Kind

JOB = Kind(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    categories=("all",),
    subresources=("status",),
    has_generation=True,
)
