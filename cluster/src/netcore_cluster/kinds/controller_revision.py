"""ControllerRevision: a stored state of a workload."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.rules import changed_errors, negative_errors
from netcore_cluster.kinds.table import NONE, created
from netcore_cluster.schema.errors import FieldError, required

JsonObject = dict[str, Any]


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = negative_errors(obj, "", "revision")
    if obj.get("data") is None:
        errors.append(required("data", "data is mandatory"))
    return errors + (changed_errors(obj, old, "", "data") if old else [])


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    owners = obj["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    group = owner["apiVersion"].rpartition("/")[0] if owner else ""
    kind = owner["kind"].lower() if owner else ""
    name = f"{kind}.{group}/{owner['name']}" if owner else NONE
    return [obj["metadata"]["name"], name, obj.get("revision", 0), created(obj, now)]


CONTROLLER_REVISION = Kind(
    group="apps",
    version="v1",
    kind="ControllerRevision",
    plural="controllerrevisions",
    columns=(
        NAME,
        Column("Controller", description="Whose state it is."),
        Column("Revision", type="integer", description="Its number."),
        AGE,
    ),
    cells=_cells,
    check=_check,
)
