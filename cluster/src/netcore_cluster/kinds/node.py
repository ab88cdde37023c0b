"""Node."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import NONE, created
from netcore_cluster.schema.errors import FieldError, required, unsupported

JsonObject = dict[str, Any]

_UNKNOWN = "<unknown>"
_ROLE_PREFIX = "node-role.kubernetes.io/"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _defaults(obj: JsonObject) -> None:
    status = obj.get("status")
    if status and status.get("capacity"):
        status.setdefault("allocatable", dict(status["capacity"]))


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    errors = []
    for index, taint in enumerate((obj.get("spec") or {}).get("taints") or ()):
        path = f"spec.taints[{index}]"
        if not taint.get("key"):
            errors.append(required(f"{path}.key"))
        if taint.get("effect") not in _EFFECTS:
            errors.append(unsupported(f"{path}.effect", taint.get("effect", ""), _EFFECTS))
    return errors


def _fields(obj: JsonObject) -> dict[str, str]:
    unschedulable = (obj.get("spec") or {}).get("unschedulable", False)
    return {
        "metadata.name": obj["metadata"]["name"],
        "spec.unschedulable": "true" if unschedulable else "false",
    }


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    info = status.get("nodeInfo") or {}
    return [
        obj["metadata"]["name"],
        _status(obj),
        _roles(obj["metadata"].get("labels") or {}),
        created(obj, now),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or _UNKNOWN,
        info.get("kernelVersion") or _UNKNOWN,
        info.get("containerRuntimeVersion") or _UNKNOWN,
    ]


def _status(obj: JsonObject) -> str:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if (obj.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(labels: dict[str, str]) -> str:
    roles = {
        label.removeprefix(_ROLE_PREFIX)
        for label in labels
        if label.startswith(_ROLE_PREFIX) and len(label) > len(_ROLE_PREFIX)
    }
    if labels.get("kubernetes.io/role"):
        roles.add(labels["kubernetes.io/role"])
    return ",".join(sorted(roles)) or NONE


def _address(status: JsonObject, kind: str) -> str:
    for address in status.get("addresses") or ():
        if address["type"] == kind:
            return str(address["address"])
    return NONE


NODE = Kind(
    group="",
    version="v1",
    kind="Node",
    plural="nodes",
    short_names=("no",),
    namespaced=False,
    subresources=("status",),
    begins_with_status=True,
    columns=(
        NAME,
        Column("Status", description="Ready or not, and whether it takes pods."),
        Column("Roles", description="Roles by its labels."),
        AGE,
        Column("Version", description="Version of its kubelet."),
        Column("Internal-IP", description="Address in the cluster.", priority=1),
        Column("External-IP", description="Address from outside.", priority=1),
        Column("OS-Image", description="Operating system.", priority=1),
        Column("Kernel-Version", description="Kernel.", priority=1),
        Column("Container-Runtime", description="Container runtime.", priority=1),
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
    selectable=_fields,
)
