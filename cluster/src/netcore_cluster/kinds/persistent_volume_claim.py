"""PersistentVolumeClaim."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.volume_table import UNSET, access_modes, storage_of
from netcore_cluster.schema.errors import FieldError, forbidden, required

JsonObject = dict[str, Any]

_CHANGEABLE = frozenset({"resources", "volumeName", "volumeAttributesClassName"})


def _defaults(obj: JsonObject) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _create(obj: JsonObject) -> None:
    obj["status"] = {"phase": "Pending"}


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = [] if spec.get("accessModes") else [required("spec.accessModes")]
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        errors.append(required("spec.resources[storage]"))
    if old is not None:
        before = old["spec"]
        changed = {key for key in spec.keys() | before.keys() if spec.get(key) != before.get(key)}
        rebound = "volumeName" in changed and before.get("volumeName")
        if changed - _CHANGEABLE or rebound:
            errors.append(
                forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and "
                    "volumeAttributesClassName for bound claims",
                )
            )
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    bound = spec.get("volumeName", "")
    return [
        obj["metadata"]["name"],
        "Terminating" if "deletionTimestamp" in obj["metadata"] else status.get("phase", ""),
        bound,
        storage_of(status.get("capacity")) if bound else "",
        access_modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        created(obj, now),
        spec.get("volumeMode", UNSET),
    ]


PERSISTENT_VOLUME_CLAIM = Kind(
    group="",
    version="v1",
    kind="PersistentVolumeClaim",
    plural="persistentvolumeclaims",
    short_names=("pvc",),
    subresources=("status",),
    columns=(
        NAME,
        Column("Status", description="Phase."),
        Column("Volume", description="Volume that it is bound to."),
        Column("Capacity", description="Storage."),
        Column("Access Modes", description="How it can be mounted."),
        Column("StorageClass", description="Its class."),
        Column("VolumeAttributesClass", description="Class of its attributes."),
        AGE,
        Column("VolumeMode", description="File system or block device.", priority=1),
    ),
    cells=_cells,
    defaults=_defaults,
    on_create=_create,
    check=_check,
)
