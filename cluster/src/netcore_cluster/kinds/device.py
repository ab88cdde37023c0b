"""Devices and claims on them, which the Kubernetes scheduler lists: data here."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created

JsonObject = dict[str, Any]

_GROUP = "resource.k8s.io"


def _default_claim(obj: JsonObject) -> None:
    """Source: `SetDefaults_*` of resource.k8s.io/v1."""
    devices = (obj.get("spec") or {}).get("devices") or {}
    for request in devices.get("requests") or ():
        exact = request.get("exactly")
        for part in [exact] if exact else request.get("firstAvailable") or ():
            part.setdefault("allocationMode", "ExactCount")
            if part["allocationMode"] == "ExactCount":
                part.setdefault("count", 1)


def _claim_cells(obj: JsonObject, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    states = []
    if "deletionTimestamp" in obj["metadata"]:
        states.append("deleted")
    if status.get("allocation") is None:
        states.append("pending")
    else:
        states.append("allocated")
        states.append("reserved" if status.get("reservedFor") else "")
    return [obj["metadata"]["name"], ",".join(filter(None, states)), created(obj, now)]


def _name_and_age(obj: JsonObject, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], created(obj, now)]


def _slice_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        spec.get("nodeName", "<unset>"),
        spec.get("driver", ""),
        (spec.get("pool") or {}).get("name", ""),
        created(obj, now),
    ]


RESOURCE_CLAIM = Kind(
    group=_GROUP,
    version="v1",
    kind="ResourceClaim",
    plural="resourceclaims",
    subresources=("status",),
    columns=(NAME, Column("State", description="What the claim is at."), AGE),
    cells=_claim_cells,
    defaults=_default_claim,
)
RESOURCE_SLICE = Kind(
    group=_GROUP,
    version="v1",
    kind="ResourceSlice",
    plural="resourceslices",
    namespaced=False,
    has_generation=True,
    columns=(
        NAME,
        Column("Node", description="Node that has the devices."),
        Column("Driver", description="Who serves them."),
        Column("Pool", description="Pool that they belong to."),
        AGE,
    ),
    cells=_slice_cells,
)
DEVICE_CLASS = Kind(
    group=_GROUP,
    version="v1",
    kind="DeviceClass",
    plural="deviceclasses",
    namespaced=False,
    has_generation=True,
    columns=(NAME, AGE),
    cells=_name_and_age,
)
