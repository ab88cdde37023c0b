"""PersistentVolume."""

from netcore_cluster.kinds.kind import Kind

PERSISTENT_VOLUME = Kind(
    group="",
    version="v1",
    kind="PersistentVolume",
    plural="persistentvolumes",
    short_names=("pv",),
    namespaced=False,
    subresources=("status",),
)
