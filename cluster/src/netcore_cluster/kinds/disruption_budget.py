"""PodDisruptionBudget."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.metadata import selector_errors
from netcore_cluster.kinds.rules import (
    above_all_errors,
    capitalised,
    choice_errors,
    count_or_percent_errors,
    negative_errors,
)
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, invalid

JsonObject = dict[str, Any]

_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_SHOWN = ("minAvailable", "selector", "maxUnavailable", "unhealthyPodEvictionPolicy")


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors: list[FieldError] = []
    if "minAvailable" in spec and "maxUnavailable" in spec:
        text = "minAvailable and maxUnavailable cannot be both set"
        errors.append(invalid("spec", capitalised(spec, _SHOWN), text))
    for key in ("minAvailable", "maxUnavailable"):
        errors += count_or_percent_errors(spec.get(key), f"spec.{key}")
        errors += above_all_errors(spec.get(key), f"spec.{key}")
    errors += choice_errors(spec, "unhealthyPodEvictionPolicy", _POLICIES, "spec")
    errors += selector_errors(spec.get("selector"), "spec.selector")
    return errors + negative_errors(obj.get("status") or {}, "status", *_COUNTS)


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        created(obj, now),
    ]


POD_DISRUPTION_BUDGET = Kind(
    group="policy",
    version="v1",
    kind="PodDisruptionBudget",
    plural="poddisruptionbudgets",
    short_names=("pdb",),
    subresources=("status",),
    has_generation=True,
    columns=(
        NAME,
        Column("Min Available", description="Pods that must stay."),
        Column("Max Unavailable", description="Pods that may be away."),
        Column("Allowed Disruptions", type="integer", description="Evictions allowed now."),
        AGE,
    ),
    cells=_cells,
    check=_check,
)
