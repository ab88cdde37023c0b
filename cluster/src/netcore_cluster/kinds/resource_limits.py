"""LimitRange and ResourceQuota: data here, enforced by nobody."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, CREATED, NAME, Column, Kind
from netcore_cluster.kinds.rules import NOT_NEGATIVE
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, invalid
from netcore_cluster.schema.quantity import quantity_of

JsonObject = dict[str, Any]

_SCOPES = (
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
)

_WORDS = {"min": "min", "max": "max", "default": "default", "defaultRequest": "default request"}
# What must be at most what, which of the two an error is about, and whose value it shows.
_ORDER = (
    ("min", "max", "min", "min"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default", "defaultRequest", "defaultRequest"),
    ("min", "default", "default", "min"),
    ("default", "max", "default", "max"),
)


def _default_limits(obj: JsonObject) -> None:
    """Source: `SetDefaults_LimitRangeItem` of Kubernetes' core/v1."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        if item.get("type") != "Container":
            continue
        for source, target in (("max", "default"), ("default", "defaultRequest")):
            for name, quantity in (item.get(source) or {}).items():
                item.setdefault(target, {}).setdefault(name, quantity)
        for name, quantity in (item.get("min") or {}).items():
            item.setdefault("defaultRequest", {}).setdefault(name, quantity)


def _check_limits(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    return [
        error
        for index, item in enumerate((obj.get("spec") or {}).get("limits") or ())
        for low, high, told, value in _ORDER
        for error in _order_errors(item, low, high, f"spec.limits[{index}].{told}", value)
    ]


def _order_errors(item: JsonObject, low: str, high: str, path: str, shown: str) -> list[FieldError]:
    """The least is at most the default, and that at most the most."""
    lower, upper, told = item.get(low) or {}, item.get(high) or {}, item.get(shown) or {}
    last = "default limit" if (low, high) == ("defaultRequest", "default") else _WORDS[high]
    return [
        invalid(
            f"{path}[{name}]",
            told[name],
            f"{_WORDS[low]} value {quantity} is greater than {last} value {upper[name]}",
        )
        for name, quantity in lower.items()
        if name in upper and quantity_of(quantity).nanos > quantity_of(upper[name]).nanos
    ]


def _check_quota(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = [
        invalid(f"spec.hard[{name}]", quantity, NOT_NEGATIVE)
        for name, quantity in (spec.get("hard") or {}).items()
        if quantity_of(quantity).nanos < 0
    ]
    return errors + [
        invalid("spec.scopes", spec["scopes"], "unsupported scope")
        for scope in spec.get("scopes") or ()
        if scope not in _SCOPES
    ]


def _quota_cells(obj: JsonObject, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    used = status.get("used") or {}
    shown: dict[bool, list[str]] = {True: [], False: []}
    for name in sorted(status.get("hard") or {}):
        text = f"{name}: {used.get(name, '0')}/{status['hard'][name]}"
        shown[name.startswith("limits")].append(text)
    return [
        obj["metadata"]["name"],
        ", ".join(shown[False]),
        ", ".join(shown[True]),
        created(obj, now),
    ]


def _limit_cells(obj: JsonObject, _now: datetime) -> list[Any]:
    metadata = obj["metadata"]
    return [metadata["name"], metadata.get("creationTimestamp", "")]


LIMIT_RANGE = Kind(
    group="",
    version="v1",
    kind="LimitRange",
    plural="limitranges",
    short_names=("limits",),
    columns=(NAME, CREATED),
    cells=_limit_cells,
    defaults=_default_limits,
    check=_check_limits,
)
RESOURCE_QUOTA = Kind(
    group="",
    version="v1",
    kind="ResourceQuota",
    plural="resourcequotas",
    short_names=("quota",),
    subresources=("status",),
    columns=(
        NAME,
        Column("Request", description="Requests used, of those allowed."),
        Column("Limit", description="Limits used, of those allowed."),
        AGE,
    ),
    cells=_quota_cells,
    check=_check_quota,
)
