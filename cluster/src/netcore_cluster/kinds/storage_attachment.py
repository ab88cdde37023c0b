"""CSINode, CSIDriver, CSIStorageCapacity and VolumeAttachment: what storage drivers say."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.metadata import selector_errors
from netcore_cluster.kinds.names import dns_subdomain
from netcore_cluster.kinds.rules import (
    NOT_NEGATIVE,
    changed_errors,
    choice_errors,
    name_errors,
)
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, duplicate, invalid, required, unsupported
from netcore_cluster.schema.quantity import quantity_of

JsonObject = dict[str, Any]

_UNSET = "<unset>"
_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLES = ("Persistent", "Ephemeral")


def _check_node(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, driver in enumerate((obj.get("spec") or {}).get("drivers") or ()):
        path = f"spec.drivers[{index}]"
        name = driver.get("name", "")
        errors += [] if name else [required(f"{path}.name")]
        errors += name_errors(name.lower(), dns_subdomain, f"{path}.name")
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        if not driver.get("nodeID"):
            errors.append(required(f"{path}.nodeID"))
        keys = driver.get("topologyKeys") or []
        errors += [duplicate(path, key) for place, key in enumerate(keys) if key in keys[:place]]
        count = (driver.get("allocatable") or {}).get("count", 0)
        if count < 0:
            errors.append(invalid(f"{path}.allocatable.count", count, NOT_NEGATIVE))
    return errors


def _node_cells(obj: JsonObject, now: datetime) -> list[Any]:
    drivers = (obj.get("spec") or {}).get("drivers") or ()
    return [obj["metadata"]["name"], len(drivers), created(obj, now)]


def _default_driver(obj: JsonObject) -> None:
    """Source: `SetDefaults_CSIDriver` of storage.k8s.io/v1."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("attachRequired", True)
    spec.setdefault("podInfoOnMount", False)
    spec.setdefault("storageCapacity", False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    spec.setdefault("volumeLifecycleModes", ["Persistent"])
    spec.setdefault("requiresRepublish", False)
    spec.setdefault("seLinuxMount", False)


def _check_driver(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = choice_errors(spec, "fsGroupPolicy", _GROUP_POLICIES, "spec")
    return errors + [
        unsupported("spec.volumeLifecycleModes", mode, _LIFECYCLES)
        for mode in spec["volumeLifecycleModes"]
        if mode not in _LIFECYCLES
    ]


def _driver_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec = obj["spec"]
    audiences = [token.get("audience", "") for token in spec.get("tokenRequests") or ()]
    return [
        obj["metadata"]["name"],
        spec["attachRequired"],
        spec["podInfoOnMount"],
        spec["storageCapacity"],
        ",".join(audiences) or _UNSET,
        spec["requiresRepublish"],
        ",".join(spec["volumeLifecycleModes"]),
        created(obj, now),
    ]


def _check_capacity(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = name_errors(obj.get("storageClassName"), dns_subdomain, "storageClassName")
    for key in ("capacity", "maximumVolumeSize"):
        if key in obj and quantity_of(obj[key]).nanos < 0:
            errors.append(invalid(key, obj[key], NOT_NEGATIVE))
    errors += selector_errors(obj.get("nodeTopology"), "nodeTopology")
    if old is not None:
        errors += changed_errors(obj, old, "", "nodeTopology", "storageClassName")
    return errors


def _capacity_cells(obj: JsonObject, _now: datetime) -> list[Any]:
    capacity = obj.get("capacity", _UNSET)
    return [obj["metadata"]["name"], obj.get("storageClassName", ""), capacity]


def _check_attachment(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    attacher, source = spec.get("attacher", ""), spec.get("source") or {}
    errors = [] if attacher else [required("spec.attacher")]
    if source.get("inlineVolumeSpec") is None and not source.get("persistentVolumeName"):
        why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
        errors.append(required("spec.source", why))
    name = spec.get("nodeName", "")
    errors += [invalid("spec.nodeName", name, text) for text in dns_subdomain(name)]
    return errors + (changed_errors(obj, old, "", "spec") if old else [])


def _attachment_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        spec.get("attacher", ""),
        (spec.get("source") or {}).get("persistentVolumeName", ""),
        spec.get("nodeName", ""),
        bool(status.get("attached")),
        created(obj, now),
    ]


CSI_NODE = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSINode",
    plural="csinodes",
    namespaced=False,
    columns=(NAME, Column("Drivers", type="integer", description="Number of drivers."), AGE),
    cells=_node_cells,
    check=_check_node,
)
CSI_DRIVER = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIDriver",
    plural="csidrivers",
    namespaced=False,
    columns=(
        NAME,
        Column("AttachRequired", type="boolean", description="Whether volumes are attached."),
        Column("PodInfoOnMount", type="boolean", description="Whether it is told of pods."),
        Column("StorageCapacity", type="boolean", description="Whether it tells capacity."),
        Column("TokenRequests", description="Audiences of the tokens it wants."),
        Column("RequiresRepublish", type="boolean", description="Whether it is called again."),
        Column("Modes", description="Lives of its volumes."),
        AGE,
    ),
    cells=_driver_cells,
    defaults=_default_driver,
    check=_check_driver,
)
CSI_STORAGE_CAPACITY = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIStorageCapacity",
    plural="csistoragecapacities",
    columns=(
        NAME,
        Column("StorageClassName", description="Class of the volumes."),
        Column("Capacity", description="Room for them."),
    ),
    cells=_capacity_cells,
    check=_check_capacity,
)
VOLUME_ATTACHMENT = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttachment",
    plural="volumeattachments",
    namespaced=False,
    subresources=("status",),
    columns=(
        NAME,
        Column("Attacher", description="Who attaches it."),
        Column("PV", description="Volume."),
        Column("Node", description="Node."),
        Column("Attached", type="boolean", description="Whether it is attached."),
        AGE,
    ),
    cells=_attachment_cells,
    check=_check_attachment,
)
