"""Lease."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, invalid

JsonObject = dict[str, Any]


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = []
    if spec.get("leaseDurationSeconds", 1) <= 0:
        value = spec["leaseDurationSeconds"]
        errors.append(invalid("spec.leaseDurationSeconds", value, "must be greater than 0"))
    if spec.get("leaseTransitions", 0) < 0:
        value = spec["leaseTransitions"]
        detail = "must be greater than or equal to 0"
        errors.append(invalid("spec.leaseTransitions", value, detail))
    return errors


def _drop_election(obj: JsonObject) -> None:
    """Coordinated elections are not served; what asks for one is dropped."""
    for key in ("strategy", "preferredHolder"):
        obj["spec"].pop(key, None)


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    holder = (obj.get("spec") or {}).get("holderIdentity", "")
    return [obj["metadata"]["name"], holder, created(obj, now)]


LEASE = Kind(
    group="coordination.k8s.io",
    version="v1",
    kind="Lease",
    plural="leases",
    columns=(NAME, Column("Holder", description="Who holds it."), AGE),
    cells=_cells,
    defaults=_drop_election,
    check=_check,
)
