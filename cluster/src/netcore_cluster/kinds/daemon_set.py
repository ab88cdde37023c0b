"""DaemonSet."""

from netcore_cluster.kinds.kind import Kind

DAEMON_SET = Kind(
    group="apps",
    version="v1",
    kind="DaemonSet",
    plural="daemonsets",
    short_names=("ds",),
    categories=("all",),
    subresources=("status",),
    has_generation=True,
)
