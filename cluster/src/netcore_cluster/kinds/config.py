"""ConfigMap and Secret."""

from netcore_cluster.kinds.kind import Kind

CONFIG_MAP = Kind(
    group="", version="v1", kind="ConfigMap", plural="configmaps", short_names=("cm",)
)
SECRET = Kind(group="", version="v1", kind="Secret", plural="secrets")
