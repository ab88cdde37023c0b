"""Node."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import label_value, qualified_name
from netcore_cluster.kinds.rules import capitalised, network_errors
from netcore_cluster.kinds.table import NONE, created
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)
from netcore_cluster.schema.quantity import NANOS, quantity_of

JsonObject = dict[str, Any]

_UNKNOWN = "<unknown>"
_ROLE_PREFIX = "node-role.kubernetes.io/"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _defaults(obj: JsonObject) -> None:
    spec = obj.get("spec") or {}
    if spec.get("podCIDR"):
        # The one range is the first of the many.
        spec["podCIDRs"] = [spec["podCIDR"], *(spec.get("podCIDRs") or ())[1:]]
    elif spec.get("podCIDRs"):
        spec["podCIDR"] = spec["podCIDRs"][0]
    status = obj.get("status")
    if status and status.get("capacity"):
        status.setdefault("allocatable", dict(status["capacity"]))


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    errors: list[FieldError] = []
    pairs: set[tuple[str, str]] = set()
    for index, taint in enumerate(spec.get("taints") or ()):
        errors += _taint_errors(taint, f"metadata.taints[{index}]")
        pair = (taint.get("key", ""), taint.get("effect", ""))
        if pair in pairs:
            shown = capitalised({"value": "", **taint}, ("key", "value", "effect", "timeAdded"))
            found = duplicate(f"metadata.taints[{index}]", shown)
            text = f"{found.message}: taints must be unique by key and effect pair"
            errors.append(FieldError(found.reason, found.field, text))
        pairs.add(pair)
    for key in ("capacity", "allocatable"):
        for name, quantity in (status.get(key) or {}).items():
            if "/" in name and "kubernetes.io/" not in name and quantity_of(quantity).nanos % NANOS:
                errors.append(invalid(f"status.{key}.{name}", quantity, "must be an integer"))
    for index, network in enumerate(spec.get("podCIDRs") or ()):
        errors += network_errors(network, f"spec.podCIDRs[{index}]")
    if old is not None:
        before = old.get("spec") or {}
        errors += [
            forbidden(f"spec.{key}", 'node updates may not change podCIDR except from "" to valid')
            for key in ("podCIDRs",)
            if before.get(key) and spec.get(key) != before[key]
        ]
        if before.get("providerID") and spec.get("providerID") != before["providerID"]:
            text = 'node updates may not change providerID except from "" to valid'
            errors.append(forbidden("spec.providerID", text))
    return errors


def _taint_errors(taint: JsonObject, path: str) -> list[FieldError]:
    key, value, effect = taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")
    errors = [invalid(f"{path}.key", key, text) for text in qualified_name(key)]
    errors += [invalid(f"{path}.value", value, text) for text in label_value(value)]
    if not effect:
        errors.append(required(f"{path}.effect"))
    elif effect not in _EFFECTS:
        errors.append(unsupported(f"{path}.effect", effect, _EFFECTS))
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
