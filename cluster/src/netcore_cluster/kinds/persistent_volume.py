"""PersistentVolume."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.volume_table import UNSET, access_modes, storage_of
from netcore_cluster.schema.errors import FieldError, required

JsonObject = dict[str, Any]


def _defaults(obj: JsonObject) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")


def _create(obj: JsonObject) -> None:
    obj["status"] = {"phase": "Pending"}


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    return [required(f"spec.{key}") for key in ("accessModes", "capacity") if not spec.get(key)]


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    claim = spec.get("claimRef") or {}
    phase = status.get("phase", "")
    return [
        obj["metadata"]["name"],
        storage_of(spec.get("capacity")),
        access_modes(spec.get("accessModes")),
        spec["persistentVolumeReclaimPolicy"],
        "Terminating" if "deletionTimestamp" in obj["metadata"] else phase,
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        status.get("reason", ""),
        created(obj, now),
        spec.get("volumeMode", UNSET),
    ]


PERSISTENT_VOLUME = Kind(
    group="",
    version="v1",
    kind="PersistentVolume",
    plural="persistentvolumes",
    short_names=("pv",),
    namespaced=False,
    subresources=("status",),
    columns=(
        NAME,
        Column("Capacity", description="Storage."),
        Column("Access Modes", description="How it can be mounted."),
        Column("Reclaim Policy", description="What happens when its claim goes."),
        Column("Status", description="Phase."),
        Column("Claim", description="Who has it."),
        Column("StorageClass", description="Its class."),
        Column("VolumeAttributesClass", description="Class of its attributes."),
        Column("Reason", description="Why it failed."),
        AGE,
        Column("VolumeMode", description="File system or block device.", priority=1),
    ),
    cells=_cells,
    defaults=_defaults,
    on_create=_create,
    check=_check,
)
