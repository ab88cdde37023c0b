"""PriorityClass."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.rules import changed_errors, choice_errors
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, forbidden

JsonObject = dict[str, Any]

_HIGHEST = 1_000_000_000
_SYSTEM = frozenset({"system-cluster-critical", "system-node-critical"})


def _defaults(obj: JsonObject) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    name = obj["metadata"]["name"]
    errors = choice_errors(obj, "preemptionPolicy", ("PreemptLowerPriority", "Never"), "")
    is_system = name.startswith("system-")
    if is_system and name not in _SYSTEM:
        text = (
            "priority class names with 'system-' prefix are reserved for system use only. "
            f"error: {name} is not a known system priority class"
        )
        errors.append(forbidden("metadata.name", text))
    elif obj.get("value", 0) > _HIGHEST and not is_system:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST}"
        errors.append(forbidden("value", detail))
    if old is not None:
        if obj.get("value") != old.get("value"):
            errors.append(forbidden("value", "may not be changed in an update."))
        errors += changed_errors(obj, old, "", "preemptionPolicy")
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [
        obj["metadata"]["name"],
        obj.get("value", 0),
        bool(obj.get("globalDefault")),
        created(obj, now),
        obj.get("preemptionPolicy", ""),
    ]


PRIORITY_CLASS = Kind(
    group="scheduling.k8s.io",
    version="v1",
    kind="PriorityClass",
    plural="priorityclasses",
    short_names=("pc",),
    namespaced=False,
    has_generation=True,
    columns=(
        NAME,
        Column("Value", type="integer", description="Priority of its pods."),
        Column("Global-Default", type="boolean", description="Whether pods get it unasked."),
        AGE,
        Column("PreemptionPolicy", description="Whether its pods may displace others."),
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
)
