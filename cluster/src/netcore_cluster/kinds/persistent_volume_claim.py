"""PersistentVolumeClaim."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.metadata import selector_errors
from netcore_cluster.kinds.names import dns_subdomain
from netcore_cluster.kinds.rules import POSITIVE, choice_errors, name_errors
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
from netcore_cluster.schema.quantity import quantity_of

JsonObject = dict[str, Any]

_CHANGEABLE = {"resources", "volumeName", "volumeAttributesClassName"}


def default_claim(obj: JsonObject) -> None:
    """Fill in a claim, or the template of one."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("volumeMode", "Filesystem")


def _create(obj: JsonObject) -> None:
    spec = obj["spec"]
    obj["status"] = {"phase": "Pending"}
    # The newer way to say what a volume begins with, and the older one, agree.
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    modes = spec.get("accessModes")
    errors: list[FieldError] = []
    if not modes:
        errors.append(required("spec.accessModes", "at least 1 access mode is required"))
    errors += selector_errors(spec.get("selector"), "spec.selector")
    errors += [
        unsupported("spec.accessModes", mode, MODES) for mode in modes or () if mode not in MODES
    ]
    if "ReadWriteOncePod" in (modes or ()) and len(modes or ()) > 1:
        text = "may not use ReadWriteOncePod with other access modes"
        errors.append(forbidden("spec.accessModes", text))
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.append(required("spec.resources[storage]"))
    elif quantity_of(storage).nanos <= 0:
        errors.append(invalid("spec.resources[storage]", storage, POSITIVE))
    errors += name_errors(spec.get("storageClassName"), dns_subdomain, "spec.storageClassName")
    errors += choice_errors(spec, "volumeMode", VOLUME_MODES, "spec")
    if old is not None:
        errors += _change_errors(spec, old)
    return errors


def _change_errors(spec: JsonObject, old: JsonObject) -> list[FieldError]:
    before = old["spec"]
    changed = {key for key in spec.keys() | before.keys() if spec.get(key) != before.get(key)}
    errors = []
    rebound = "volumeName" in changed and before.get("volumeName")
    is_bound = old.get("status", {}).get("phase") == "Bound"
    if changed - (_CHANGEABLE if is_bound else {"volumeName"}) or rebound:
        text = (
            "spec is immutable after creation except resources.requests and "
            "volumeAttributesClassName for bound claims"
        )
        errors.append(forbidden("spec", text))
    if not is_bound:
        return errors
    old_size = before["resources"]["requests"]["storage"]
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
    if quantity_of(size).nanos < quantity_of(old_size).nanos:
        text = "field can not be less than status.capacity"
        errors.append(forbidden("spec.resources.requests.storage", text))
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
    defaults=default_claim,
    on_create=_create,
    check=_check,
)
