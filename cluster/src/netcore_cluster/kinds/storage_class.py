"""StorageClass."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import qualified_name
from netcore_cluster.kinds.rules import changed_errors, choice_errors, name_errors
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, duplicate, forbidden, invalid, required

JsonObject = dict[str, Any]

_IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_FIXED = ("parameters", "provisioner", "reclaimPolicy")


def _defaults(obj: JsonObject) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    provisioner = obj.get("provisioner", "")
    errors = [] if provisioner else [required("provisioner")]
    errors += name_errors(provisioner.lower(), qualified_name, "provisioner")
    if "" in (obj.get("parameters") or {}):
        errors.append(invalid("parameters", "", "field can not be empty."))
    errors += choice_errors(obj, "reclaimPolicy", ("Delete", "Retain"), "")
    errors += choice_errors(obj, "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"), "")
    errors += _topology_errors(obj.get("allowedTopologies") or ())
    if old is not None:
        errors += [
            forbidden(key, f"updates to {key} are forbidden.")
            for key in _FIXED
            if obj.get(key) != old.get(key)
        ]
        errors += changed_errors(obj, old, "", "volumeBindingMode")
    return errors


def _topology_errors(terms: Iterable[JsonObject]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, term in enumerate(terms):
        keys: set[str] = set()
        for place, wanted in enumerate(term.get("matchLabelExpressions") or ()):
            where = f"allowedTopologies[{index}].matchLabelExpressions[{place}]"
            key, values = wanted.get("key", ""), wanted.get("values") or ()
            if not values:
                errors.append(required(f"{where}.values"))
            errors += [
                duplicate(f"{where}.values[{at}]", value)
                for at, value in enumerate(values)
                if value in values[:at]
            ]
            errors += [invalid(f"{where}.key", key, text) for text in qualified_name(key)]
            if key in keys:
                errors.append(duplicate(f"{where}.key", key))
            keys.add(key)
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    name = obj["metadata"]["name"]
    if (obj["metadata"].get("annotations") or {}).get(_IS_DEFAULT) == "true":
        name += " (default)"
    return [
        name,
        obj.get("provisioner", ""),
        obj["reclaimPolicy"],
        obj["volumeBindingMode"],
        bool(obj.get("allowVolumeExpansion")),
        created(obj, now),
    ]


STORAGE_CLASS = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    short_names=("sc",),
    namespaced=False,
    columns=(
        NAME,
        Column("Provisioner", description="Who makes its volumes."),
        Column("ReclaimPolicy", description="What happens to them afterwards."),
        Column("VolumeBindingMode", description="When they are made."),
        Column("AllowVolumeExpansion", type="boolean", description="Whether they may grow."),
        AGE,
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
)
