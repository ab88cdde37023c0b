"""Custom kinds: what a CustomResourceDefinition turns into."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from netcore_cluster.kinds.kind import (
    AGE,
    Column,
    JsonObject,
    Kind,
    ScalePaths,
    name_and_namespace,
)
from netcore_cluster.kinds.table import created, human_duration
from netcore_cluster.schema.custom import custom_schema
from netcore_cluster.schema.custom_validation import Check
from netcore_cluster.schema.errors import FieldError, invalid
from netcore_cluster.schema.jsonpath import JsonPath
from netcore_cluster.schema.times import parse_time

_NAME = Column("Name", format="name", description="Name of the object, unique in its namespace.")
_INT32_MAX = 2**31 - 1

Cell = Callable[[JsonObject, datetime], Any]


def custom_kinds(definition: JsonObject) -> tuple[Kind, ...]:
    """Return the kinds that a definition makes, one for each version that it serves.

    Args:
        definition: a CustomResourceDefinition that was validated.
    """
    spec = definition["spec"]
    names = spec["names"]
    return tuple(
        _kind(spec, names, version) for version in spec["versions"] if version.get("served")
    )


def _kind(spec: JsonObject, names: JsonObject, version: JsonObject) -> Kind:
    source = version.get("schema", {}).get("openAPIV3Schema", {})
    if spec.get("preserveUnknownFields"):
        source = source | {"x-kubernetes-preserve-unknown-fields": True}
    subresources = version.get("subresources", {})
    scale = subresources.get("scale")
    paths = (
        ScalePaths(
            scale["specReplicasPath"],
            scale["statusReplicasPath"],
            scale.get("labelSelectorPath", ""),
        )
        if scale
        else None
    )
    columns, cells = _table(version.get("additionalPrinterColumns"))
    schema = custom_schema(spec["group"], version["name"], names["kind"], source)
    return Kind(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular", ""),
        list_kind=names.get("listKind", ""),
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        namespaced=spec["scope"] == "Namespaced",
        subresources=tuple(part for part in ("status", "scale") if part in subresources),
        has_generation=True,
        scale_paths=paths,
        custom_schema=schema,
        columns=columns,
        cells=cells,
        check=partial(_errors, Check(source), paths),
        selectable=_selectable(version.get("selectableFields", ())),
    )


def _errors(
    check: Check, scale: ScalePaths | None, obj: JsonObject, old: JsonObject | None
) -> list[FieldError]:
    """Return what is wrong with a custom object.

    An unchanged value that an older schema allowed does not stand in the way of changing another
    one, so errors that the stored object has as well are left out.
    """
    errors = list(check.errors(obj, ""))
    if errors and old is not None:
        known = {
            (error.field, error.message)
            for error in check.errors(old, "")
            if _same_value(error.field, obj, old)
        }
        errors = [error for error in errors if (error.field, error.message) not in known]
    if scale is not None:
        for path in (scale.spec, scale.status):
            replicas = JsonPath(path).first(obj)
            if isinstance(replicas, int) and replicas < 0:
                errors.append(invalid(path, replicas, "should be a non-negative integer"))
            elif isinstance(replicas, int) and replicas > _INT32_MAX:
                text = f"should be less than or equal to {_INT32_MAX}"
                errors.append(invalid(path, replicas, text))
    return errors


def _same_value(path: str, new: JsonObject, old: JsonObject) -> bool:
    """Whether the value at a path, as an error spells it, is the same in both objects."""
    try:
        parsed = JsonPath(f".{path}")
    except ValueError:
        return False
    found = parsed.find(new)
    return found == parsed.find(old)


def _selectable(fields: Any) -> Callable[[JsonObject], dict[str, str]]:
    paths = {field["jsonPath"].removeprefix("."): JsonPath(field["jsonPath"]) for field in fields}
    if not paths:
        return name_and_namespace

    def labels(obj: JsonObject) -> dict[str, str]:
        found = name_and_namespace(obj)
        for label, path in paths.items():
            value = path.first(obj)
            found[label] = "" if value is None else _text(value)
        return found

    return labels


def _table(definitions: list[JsonObject] | None) -> tuple[tuple[Column, ...], Callable[..., Any]]:
    """Return the columns of a version and the function that fills them."""
    if not definitions:
        return (_NAME, AGE), lambda obj, now: [obj["metadata"]["name"], created(obj, now)]
    columns = [_NAME]
    fillers: list[Cell] = []
    for column in definitions:
        path = JsonPath(column["jsonPath"])
        columns.append(
            Column(
                column["name"],
                type=column["type"],
                format=column.get("format", ""),
                description=column.get("description")
                or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}",
                priority=column.get("priority", 0),
            )
        )
        fillers.append(partial(_cell, column["type"], path))

    def cells(obj: JsonObject, now: datetime) -> list[Any]:
        return [obj["metadata"]["name"], *(fill(obj, now) for fill in fillers)]

    return tuple(columns), cells


def _cell(kind: str, path: JsonPath, obj: JsonObject, now: datetime) -> Any:
    """Return a cell of the column's type, or None where the object has no such value."""
    found = path.first(obj)
    if found is None:
        return None
    match kind:
        case "string":
            return _text(found)
        case "integer" if isinstance(found, (int, float)) and not isinstance(found, bool):
            return int(found)
        case "number" if isinstance(found, (int, float)) and not isinstance(found, bool):
            return found
        case "boolean" if isinstance(found, bool):
            return found
        case "date" if isinstance(found, str):
            try:
                return human_duration((now - parse_time(found)).total_seconds())
            except ValueError:
                return "<invalid>"
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
