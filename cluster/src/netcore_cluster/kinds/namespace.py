"""Namespace."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, ALL_VERBS, NAME, Column, Kind
from netcore_cluster.kinds.names import dns_label
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, invalid

JsonObject = dict[str, Any]

_FINALIZER = "kubernetes"
_NAME_LABEL = "kubernetes.io/metadata.name"


def _defaults(obj: JsonObject) -> None:
    metadata = obj.setdefault("metadata", {})
    if metadata.get("name"):
        labels = metadata.get("labels") or {}
        labels[_NAME_LABEL] = metadata["name"]
        metadata["labels"] = labels


def _create(obj: JsonObject) -> None:
    """A namespace begins active, and stays until its content is gone."""
    _defaults(obj)
    spec = obj.setdefault("spec", {})
    if _FINALIZER not in (spec.get("finalizers") or ()):
        spec["finalizers"] = [*(spec.get("finalizers") or ()), _FINALIZER]
    obj["status"] = {"phase": "Active"}


def _update(new: JsonObject, old: JsonObject) -> None:
    """Finalizers of the spec change through `finalize` alone."""
    if "spec" in old:
        new["spec"] = old["spec"]


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    is_ending = "deletionTimestamp" in obj["metadata"]
    phase = (obj.get("status") or {}).get("phase", "Active")
    errors = []
    if (phase == "Terminating") != is_ending:
        wanted = "'Terminating' if `deletionTimestamp` is not empty"
        if not is_ending:
            wanted = "'Active' if `deletionTimestamp` is empty"
        errors.append(invalid("status.Phase", phase, f"may only be {wanted}"))
    return errors + [
        invalid(
            "spec.finalizers",
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
        )
        for name in (obj.get("spec") or {}).get("finalizers") or ()
        if "/" not in name and name not in {_FINALIZER, "orphan"}
    ]


def _fields(obj: JsonObject) -> dict[str, str]:
    phase = (obj.get("status") or {}).get("phase", "")
    return {"metadata.name": obj["metadata"]["name"], "status.phase": phase}


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    phase = (obj.get("status") or {}).get("phase", "")
    return [obj["metadata"]["name"], phase, created(obj, now)]


NAMESPACE = Kind(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    short_names=("ns",),
    namespaced=False,
    subresources=("status", "finalize"),
    verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
    columns=(NAME, Column("Status", description="Active, or Terminating."), AGE),
    cells=_cells,
    name_rule=dns_label,
    defaults=_defaults,
    on_create=_create,
    on_update=_update,
    check=_check,
    selectable=_fields,
)
