"""StorageClass."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, forbidden, required

JsonObject = dict[str, Any]

_IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_FIXED = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")


def _defaults(obj: JsonObject) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = [] if obj.get("provisioner") else [required("provisioner")]
    if old is not None:
        errors += [
            forbidden(key, f"updates to {key} are forbidden.")
            for key in _FIXED
            if obj.get(key) != old.get(key)
        ]
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    name = obj["metadata"]["name"]
    if (obj["metadata"].get("annotations") or {}).get(_IS_DEFAULT) == "true":
        name += " (default)"
    return [
        name,
        obj.get("provisioner", ""),
        obj["reclaimPolicy"],
        obj["volumeBindingMode"],
        bool(obj.get("allowVolumeExpansion")),
        created(obj, now),
    ]


STORAGE_CLASS = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    short_names=("sc",),
    namespaced=False,
    columns=(
        NAME,
        Column("Provisioner", description="Who makes its volumes."),
        Column("ReclaimPolicy", description="What happens to them afterwards."),
        Column("VolumeBindingMode", description="When they are made."),
        Column("AllowVolumeExpansion", type="boolean", description="Whether they may grow."),
        AGE,
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
)
