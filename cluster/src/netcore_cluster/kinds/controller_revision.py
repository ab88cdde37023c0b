"""ControllerRevision."""

from netcore_cluster.kinds.kind import Kind

CONTROLLER_REVISION = Kind(
    group="apps",
    version="v1",
    kind="ControllerRevision",
    plural="controllerrevisions",
)
