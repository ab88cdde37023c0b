"""PersistentVolume."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import dns_subdomain
from netcore_cluster.kinds.pod.placement import node_selector_errors
from netcore_cluster.kinds.rules import POSITIVE, changed_errors, choice_errors, name_errors
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.volume_table import (
    MODES,
    UNSET,
    VOLUME_MODES,
    access_modes,
    storage_of,
)
from netcore_cluster.schema.errors import (
    FieldError,
    forbidden,
    invalid,
    required,
    unsupported,
)
from netcore_cluster.schema.quantity import quantity_of, whole_value

JsonObject = dict[str, Any]

_RECLAIM = ("Delete", "Recycle", "Retain")
# What a volume may be, of all fields of its spec.
_SOURCES = (
    "hostPath",
    "local",
    "nfs",
    "csi",
    "iscsi",
    "fc",
    "rbd",
    "cephfs",
    "cinder",
    "glusterfs",
    "flexVolume",
    "flocker",
    "azureFile",
    "azureDisk",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "vsphereVolume",
    "quobyte",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)
_NEEDED = {
    "hostPath": ("path",),
    "local": ("path",),
    "nfs": ("server", "path"),
    "csi": ("driver", "volumeHandle"),
}


def _defaults(obj: JsonObject) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if spec.get("hostPath") is not None:
        spec["hostPath"].setdefault("type", "")


def _create(obj: JsonObject) -> None:
    obj["status"] = {"phase": "Pending"}
    born = obj["metadata"].get("creationTimestamp")
    if born:
        obj["status"]["lastPhaseTransitionTime"] = born


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    modes, capacity = spec.get("accessModes"), spec.get("capacity")
    errors = [] if modes else [required("spec.accessModes")]
    errors += [
        unsupported("spec.accessModes", mode, MODES) for mode in modes or () if mode not in MODES
    ]
    errors += _capacity_errors(capacity)
    given = [name for name in _SOURCES if spec.get(name) is not None]
    if not given:
        errors.append(required("spec", "must specify a volume type"))
    for name in given[1:]:
        text = "may not specify more than 1 volume type"
        errors.append(forbidden(f"spec.{name}", text))
    for name in given[:1]:
        errors += [
            required(f"spec.{name}.{key}")
            for key in _NEEDED.get(name, ())
            if not spec[name].get(key)
        ]
    affinity = (spec.get("nodeAffinity") or {}).get("required")
    if spec.get("nodeAffinity") is not None:
        where = "spec.nodeAffinity.required"
        errors += (
            [required(where, "must specify required node constraints")]
            if affinity is None
            else node_selector_errors(affinity, where)
        )
    elif given[:1] == ["local"]:
        errors.append(required("spec.nodeAffinity", "Local volume requires node affinity"))
    errors += choice_errors(spec, "persistentVolumeReclaimPolicy", _RECLAIM, "spec")
    errors += name_errors(spec.get("storageClassName"), dns_subdomain, "spec.storageClassName")
    errors += choice_errors(spec, "volumeMode", VOLUME_MODES, "spec")
    if old is not None:
        errors += _change_errors(spec, old["spec"])
    return errors


def _capacity_errors(capacity: JsonObject | None) -> list[FieldError]:
    errors = [] if capacity else [required("spec.capacity")]
    if not capacity or set(capacity) != {"storage"}:
        errors.append(unsupported("spec.capacity", capacity, ("storage",)))
    if capacity and "storage" in capacity and quantity_of(capacity["storage"]).nanos <= 0:
        where, value = "spec.capacity[storage]", capacity["storage"]
        if quantity_of(value).nanos < 0:
            text = "must be a valid resource quantity"
            errors.append(invalid(where, whole_value(value), text))
        errors.append(invalid(where, value, POSITIVE))
    return errors


def _change_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    errors = []
    if any(spec.get(name) != before.get(name) for name in _SOURCES):
        text = "spec.persistentvolumesource is immutable after creation"
        errors.append(forbidden("spec.persistentvolumesource", text))
    return errors + changed_errors(spec, before, "", "volumeMode")


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
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
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
