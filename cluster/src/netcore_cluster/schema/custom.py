"""The structure of custom kinds, as their CustomResourceDefinition gives it.

What a client sends is settled in three steps, all told by the schema: nulls that mean nothing are
removed, fields that the schema does not know are pruned, and defaults are filled in. Whether the
values are right is asked later (`custom_validation`), since defaults count as values.

Source: Kubernetes documentation, "Custom resources: field pruning" and "defaulting".
"""

import copy
from typing import Any

from netcore_cluster.schema import scalars
from netcore_cluster.schema.builtin import metadata_shape
from netcore_cluster.schema.structure import (
    Field,
    Free,
    List,
    Map,
    ObjectSchema,
    Shape,
    Step,
    Struct,
    spell,
)

_OWN_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


class Node:
    """What settling needs to know of one value of a schema.

    Attributes:
        fields: the named properties.
        rest: the schema of all other properties, where there is one.
        items: the schema of the items of a list.
        preserves: whether unknown fields stay.
        embedded: whether the value is a whole object with apiVersion, kind and metadata.
        is_trivial: whether nothing below can be pruned, defaulted or null: most lists of numbers.
    """

    __slots__ = (
        "default",
        "embedded",
        "fields",
        "has_default",
        "is_trivial",
        "items",
        "nullable",
        "preserves",
        "rest",
    )

    def __init__(self, schema: dict[str, Any]) -> None:
        rest = schema.get("additionalProperties")
        items = schema.get("items")
        self.fields = {name: Node(part) for name, part in schema.get("properties", {}).items()}
        self.rest = Node(rest) if isinstance(rest, dict) else _ANYTHING if rest else None
        self.items = Node(items) if isinstance(items, dict) else None
        self.preserves = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        self.embedded = bool(schema.get("x-kubernetes-embedded-resource"))
        self.nullable = bool(schema.get("nullable"))
        self.default = schema.get("default")
        self.has_default = self.default is not None
        self.is_trivial = (
            schema.get("type") in {"string", "integer", "number", "boolean"} and not self.nullable
        )


_ANYTHING = Node({"x-kubernetes-preserve-unknown-fields": True})


def custom_schema(group: str, version: str, kind: str, source: dict[str, Any]) -> ObjectSchema:
    """Return the structure of a custom kind.

    Args:
        group: its API group.
        version: its version.
        kind: its kind.
        source: the `openAPIV3Schema` of the version; empty where everything is preserved.
    """
    schema = source or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    root = _shape(schema | {"x-kubernetes-embedded-resource": True, "type": "object"})
    assert isinstance(root, Struct)
    return ObjectSchema(
        group, version, kind, root, is_custom=True, source=source, node=Node(schema)
    )


def settle_custom(schema: ObjectSchema, obj: dict[str, Any], unknown: list[str]) -> None:
    """Prune and default an object of a custom kind, in place.

    Args:
        schema: its structure.
        obj: the object.
        unknown: receives the paths of the fields that were pruned, sorted.

    Raises:
        MismatchError: the metadata has a value of the wrong type.
    """
    node = schema.node
    assert isinstance(node, Node)
    metadata = obj.get("metadata")
    found: list[str] = []
    obj["metadata"] = metadata_shape().convert(
        {} if metadata is None else metadata, Step(None, "metadata", schema.kind), unknown
    )
    _drop_nulls(node, obj)
    _prune(node, obj, None, found, embedded=True)
    _fill(node, obj)
    unknown += sorted(found)


def _drop_nulls(node: Node | None, value: Any) -> None:
    """Remove nulls that are neither allowed nor stand for a default."""
    if type(value) is dict:
        gone = []
        for key, item in value.items():
            part = (node.fields.get(key) or node.rest) if node else None
            if item is None:
                if part is not None and not part.nullable and not part.has_default:
                    gone.append(key)
            elif type(item) in {dict, list}:
                _drop_nulls(part, item)
        for key in gone:
            del value[key]
    elif type(value) is list and not (node and node.items and node.items.is_trivial):
        for item in value:
            _drop_nulls(node.items if node else None, item)


def _prune(
    node: Node | None, value: Any, path: Step | None, found: list[str], *, embedded: bool = False
) -> None:
    """Remove fields that the schema does not know, and list their paths."""
    if type(value) is dict:
        embedded = embedded or bool(node and node.embedded)
        gone = []
        for key, item in value.items():
            if embedded and key in _OWN_FIELDS:
                continue
            part = (node.fields.get(key) or node.rest) if node else None
            if part is not None:
                if type(item) in {dict, list}:
                    _prune(part, item, Step(path, key, ""), found)
            elif not (node and node.preserves):
                found.append(spell(path, key))
                gone.append(key)
        for key in gone:
            del value[key]
    elif type(value) is list:
        items = node.items if node else None
        if items is not None and items.is_trivial:
            return
        if items is None and node is not None and node.preserves:
            return
        for index, item in enumerate(value):
            _prune(items, item, Step(path, index, ""), found)


def _fill(node: Node, value: Any) -> None:
    """Give every missing field that has a default a copy of it."""
    if type(value) is dict:
        for key, part in node.fields.items():
            if part.has_default and (
                key not in value or (value[key] is None and not part.nullable)
            ):
                value[key] = copy.deepcopy(part.default)
        for key, item in value.items():
            found = node.fields.get(key) or node.rest
            if found is None or found.is_trivial:
                continue
            if item is None and not found.nullable:
                value[key] = copy.deepcopy(found.default)
            _fill(found, value[key])
    elif type(value) is list and node.items is not None and not node.items.is_trivial:
        for index, item in enumerate(value):
            if item is None and not node.items.nullable:
                value[index] = copy.deepcopy(node.items.default)
            _fill(node.items, value[index])


_SCALARS = {
    "string": scalars.STRING,
    "integer": scalars.INT64,
    "number": scalars.NUMBER,
    "boolean": scalars.BOOLEAN,
}


def _shape(schema: dict[str, Any]) -> Shape:
    """Return how a value of the schema merges."""
    if schema.get("x-kubernetes-int-or-string"):
        return scalars.INT_OR_STRING
    kind = schema.get("type", "")
    if kind in _SCALARS:
        return _SCALARS[kind]
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    if kind == "array":
        return List(
            _shape(schema.get("items", {})),
            schema.get("x-kubernetes-list-type", "atomic"),
            tuple(schema.get("x-kubernetes-list-map-keys", ())),
        )
    if kind != "object":
        return Free()
    rest = schema.get("additionalProperties")
    if rest and "properties" not in schema:
        return Map(_shape(rest) if isinstance(rest, dict) else Free(), atomic=atomic)
    preserves = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    struct = Struct("", atomic=atomic, rest=Free() if preserves else None)
    for name, part in schema.get("properties", {}).items():
        struct.fields[name] = Field(_shape(part), default=part.get("default"))
    if schema.get("x-kubernetes-embedded-resource"):
        struct.fields["apiVersion"] = struct.fields["kind"] = Field(scalars.STRING)
        struct.fields["metadata"] = Field(metadata_shape())
    return struct
