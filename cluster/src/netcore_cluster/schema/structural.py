"""Whether the schema of a custom kind is structural: whether it says of each field what it is.

Only such a schema can prune, default and merge. The rules, and their texts, are those of the real
server; errors come sorted.

Source: Kubernetes documentation, "Specifying a structural schema".
"""

import re
from collections.abc import Iterator
from typing import Any

from netcore_cluster.schema.custom_validation import Check, compile_pattern
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required, unsupported

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]

# What may not be said inside allOf, anyOf, oneOf and not, and how it is called there.
_STRUCTURE_ONLY = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}

_UNSUPPORTED = {
    "$ref": "$ref is not supported",
    "definitions": "definitions is not supported",
    "dependencies": "dependencies is not supported",
    "additionalItems": "additionalItems is not supported",
    "patternProperties": "patternProperties is not supported",
    "id": "id is not supported",
}

Schema = dict[str, Any]


def structural_errors(schema: Schema, path: str) -> list[FieldError]:
    """Return what keeps the schema of a kind from being structural.

    Args:
        schema: the `openAPIV3Schema` of a version.
        path: where it stands in its definition.
    """
    found = [*_errors(schema, path, level="root"), *_completeness(schema, schema, path, path)]
    return sorted(set(found), key=str)


def has_rules(schema: Any) -> bool:
    """Whether a schema has rules in the Common Expression Language anywhere."""
    if isinstance(schema, dict):
        return "x-kubernetes-validations" in schema or any(map(has_rules, schema.values()))
    return isinstance(schema, list) and any(map(has_rules, schema))


def _errors(schema: Schema, path: str, *, level: str) -> Iterator[FieldError]:
    kind = schema.get("type", "")
    yield from _unusable(schema, path)
    yield from _type_errors(schema, path, level)
    yield from _list_errors(schema, path)
    yield from _metadata_errors(schema, path, level)
    yield from _default_errors(schema, path)
    if kind == "array" and "items" not in schema:
        yield required(f"{path}.items", "must be specified")
    if "items" in schema:
        if isinstance(schema["items"], dict):
            yield from _errors(schema["items"], f"{path}.items", level="item")
        else:
            text = "items must be a schema object and not an array"
            yield forbidden(f"{path}.items", text)
    for name, part in schema.get("properties", {}).items():
        yield from _errors(part, f"{path}.properties[{name}]", level="field")
    rest = schema.get("additionalProperties")
    if rest is not None:
        if level == "root":
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if schema.get("properties") and rest is not True:
            yield forbidden(
                f"{path}.additionalProperties",
                "additionalProperties and properties are mutual exclusive",
            )
        if isinstance(rest, dict):
            yield from _errors(rest, f"{path}.additionalProperties", level="field")
    yield from _combined_errors(schema, path)


def _unusable(schema: Schema, path: str) -> Iterator[FieldError]:
    for key, text in _UNSUPPORTED.items():
        if schema.get(key):
            yield forbidden(f"{path}.{key}", text)
    if schema.get("uniqueItems"):
        yield forbidden(
            f"{path}.uniqueItems",
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        )
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(
            f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined"
        )
    if schema.get("x-kubernetes-int-or-string"):
        for key in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
            if schema.get(key):
                text = "must be false if x-kubernetes-int-or-string is true"
                yield invalid(f"{path}.{key}", True, text)
    if schema.get("pattern"):
        try:
            compile_pattern(schema["pattern"])
        except re.error as error:
            yield invalid(
                f"{path}.pattern",
                schema["pattern"],
                f"must be a valid regular expression, but isn't: {error}",
            )


def _type_errors(schema: Schema, path: str, level: str) -> Iterator[FieldError]:
    kind = schema.get("type", "")
    where = f"{path}.type"
    if kind and kind not in _TYPES:
        yield unsupported(where, kind, _TYPES)
    if schema.get("x-kubernetes-embedded-resource"):
        text = "must be object if x-kubernetes-embedded-resource is true"
        if not kind:
            yield required(where, text)
        elif kind != "object":
            yield invalid(where, kind, text)
        if "additionalProperties" in schema:
            yield forbidden(
                f"{path}.additionalProperties",
                "must not be used if x-kubernetes-embedded-resource is set",
            )
        if not schema.get("properties") and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield required(
                f"{path}.properties",
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields",
            )
    elif not (
        kind
        or schema.get("x-kubernetes-int-or-string")
        or schema.get("x-kubernetes-preserve-unknown-fields")
    ):
        yield required(
            where,
            {
                "root": "must not be empty at the root",
                "item": "must not be empty for specified array items",
                "field": "must not be empty for specified object fields",
            }[level],
        )
    if level == "root" and kind and kind != "object":
        yield invalid(where, kind, "must be object at the root")


def _list_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    kind, items = schema.get("type", ""), schema.get("items")
    for key, wanted, known in (
        ("x-kubernetes-map-type", "object", ("atomic", "granular")),
        ("x-kubernetes-list-type", "array", ("atomic", "set", "map")),
    ):
        if key not in schema:
            continue
        if kind != wanted:
            text = f"must be {wanted} if {key} is specified"
            yield invalid(f"{path}.type", kind, text) if kind else required(f"{path}.type", text)
        if schema[key] not in known:
            yield unsupported(f"{path}.{key}", schema[key], known)
    list_type, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
    if keys and list_type != "map":
        text = "must be map if x-kubernetes-list-map-keys is non-empty"
        where = f"{path}.x-kubernetes-list-type"
        yield invalid(where, list_type, text) if list_type else required(where, text)
    if list_type == "map":
        where = f"{path}.x-kubernetes-list-map-keys"
        if not keys:
            yield required(where, "must not be empty if x-kubernetes-list-type is map")
        if not isinstance(items, dict):
            yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        elif items.get("type") != "object":
            yield invalid(
                f"{path}.items.type",
                items.get("type", ""),
                "must be object if parent array's x-kubernetes-list-type is map",
            )
        else:
            yield from _key_errors(items, keys or [], path)


def _key_errors(items: Schema, keys: list[str], path: str) -> Iterator[FieldError]:
    where = f"{path}.x-kubernetes-list-map-keys"
    properties = items.get("properties", {})
    for key in keys:
        part = properties.get(key)
        if part is None:
            yield invalid(where, keys, "entries must all be names of item properties")
            continue
        place = f"{path}.items.properties[{key}]"
        if part.get("type") in {"array", "object"}:
            yield invalid(
                f"{place}.type",
                part["type"],
                "must be a scalar type if parent array's x-kubernetes-list-type is map",
            )
        if part.get("nullable"):
            yield forbidden(
                f"{place}.nullable",
                "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
            )
        if "default" not in part and key not in items.get("required", ()):
            yield required(
                f"{place}.default",
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a "
                "required property",
            )
    if len(set(keys)) < len(keys):
        yield invalid(where, keys, "must not contain duplicate entries")


def _metadata_errors(schema: Schema, path: str, level: str) -> Iterator[FieldError]:
    properties = schema.get("properties", {})
    if level != "root" and not schema.get("x-kubernetes-embedded-resource"):
        return
    for name in ("kind", "apiVersion"):
        found = properties.get(name, {}).get("type", "string")
        if found != "string":
            yield invalid(f"{path}.properties[{name}].type", found, "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    where = f"{path}.properties[metadata]"
    if metadata.get("type") != "object":
        yield invalid(f"{where}.type", metadata.get("type", ""), "must be object")
    if level == "root":
        allowed = {"type", "default", "properties", "description", "required"}
        named = metadata.get("properties", {}).keys() <= {"name", "generateName"}
        if not named or metadata.keys() - allowed:
            yield forbidden(
                where,
                "must not specify anything other than name and generateName, but metadata is "
                "implicitly specified",
            )


def _default_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """A default must be a value that the schema itself allows."""
    default = schema.get("default")
    if default is not None and schema.get("type", "") in {"", *_TYPES}:
        for error in Check(schema).errors(default, ""):
            inside = "" if error.field in {"", "<nil>"} else f".{error.field}"
            where = f"{path}.default{inside}"
            yield FieldError(error.reason, where, error.message)


def _combined_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    for key in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(key, ())
        exempt = schema.get("x-kubernetes-int-or-string") and parts == _INT_OR_STRING
        for index, part in enumerate(parts):
            where = f"{path}.{key}[{index}]"
            both = part.get("anyOf") == _INT_OR_STRING and schema.get("x-kubernetes-int-or-string")
            if not exempt and not (key == "allOf" and index == 0 and both):
                yield from _value_only(part, where)
    if isinstance(schema.get("not"), dict):
        yield from _value_only(schema["not"], f"{path}.not")


def _value_only(schema: Schema, path: str) -> Iterator[FieldError]:
    """Inside a combination, a schema may restrict values, but not say what a field is."""
    for key, text in _STRUCTURE_ONLY.items():
        if schema.get(key):
            yield forbidden(f"{path}.{key}", text)
    for name, part in schema.get("properties", {}).items():
        if name == "metadata":
            yield forbidden(
                f"{path}.properties[metadata]", "must not be specified in a nested context"
            )
        yield from _value_only(part, f"{path}.properties[{name}]")
    if isinstance(schema.get("items"), dict):
        yield from _value_only(schema["items"], f"{path}.items")
    for key in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(schema.get(key, ())):
            yield from _value_only(part, f"{path}.{key}[{index}]")
    if isinstance(schema.get("not"), dict):
        yield from _value_only(schema["not"], f"{path}.not")


def _completeness(
    restricted: Schema, structure: Schema | None, path: str, place: str
) -> Iterator[FieldError]:
    """Every field that a combination at the root speaks of must be specified outside of it.

    Args:
        restricted: the schema whose combinations are looked at.
        structure: what is specified at the same place; None: nothing.
        path: where the restriction stands.
        place: where the specification stands, or should.
    """
    for key in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(restricted.get(key, ())):
            yield from _specified(part, structure, f"{path}.{key}[{index}]", place)
    if isinstance(restricted.get("not"), dict):
        yield from _specified(restricted["not"], structure, f"{path}.not", place)


def _specified(
    part: Schema, structure: Schema | None, path: str, place: str
) -> Iterator[FieldError]:
    known = structure or {}
    for name, inner in part.get("properties", {}).items():
        found = known.get("properties", {}).get(name)
        where = f"{path}.properties[{name}]"
        if found is None:
            yield required(f"{place}.properties[{name}]", f"because it is defined in {where}")
        else:
            yield from _specified(inner, found, where, f"{place}.properties[{name}]")
    if isinstance(part.get("items"), dict):
        if not isinstance(known.get("items"), dict):
            yield required(f"{place}.items", f"because it is defined in {path}.items")
        else:
            yield from _specified(part["items"], known["items"], f"{path}.items", f"{place}.items")
    yield from _completeness(part, structure, path, place)
