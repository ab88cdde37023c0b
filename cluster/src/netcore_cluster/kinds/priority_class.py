"""PriorityClass."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, forbidden

JsonObject = dict[str, Any]

_HIGHEST = 1_000_000_000


def _defaults(obj: JsonObject) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = []
    is_system = obj["metadata"]["name"].startswith("system-")
    if obj.get("value", 0) > _HIGHEST and not is_system:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST}"
        errors.append(forbidden("value", detail))
    if old is not None:
        errors += [
            forbidden(key, "may not be changed in an update.")
            for key in ("value", "preemptionPolicy")
            if obj.get(key) != old.get(key)
        ]
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
