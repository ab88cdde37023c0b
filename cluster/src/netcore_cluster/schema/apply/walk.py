"""From a value to the set of its fields."""

from typing import Any

from netcore_cluster.schema.apply.field_sets import (
    LEAF,
    SELF,
    FieldSet,
    node_of,
)
from netcore_cluster.schema.apply.items import item_key
from netcore_cluster.schema.structure import Field, Free, List, Map, Shape, Struct

DEDUCED = Free()


def is_atomic(shape: Shape, value: Any) -> bool:
    """Whether appliers own a value as a whole: a scalar, or what is declared to be atomic."""
    if isinstance(shape, (Struct, Map)):
        return shape.atomic
    if isinstance(shape, List):
        return shape.list_type == "atomic"
    # Without a schema a list is one value, and an object is shared field by field.
    return not (isinstance(shape, Free) and not shape.atomic and isinstance(value, dict))


def child_shape(shape: Shape, name: str) -> Shape:
    """Return the structure of a field; unknown fields are taken as they come."""
    if isinstance(shape, Struct):
        field = shape.fields.get(name)
        if field is not None:
            return granted(field)
        return shape.rest or DEDUCED
    return shape.values if isinstance(shape, Map) else DEDUCED


def granted(field: Field) -> Shape:
    """Return the structure of a field's value, as atomic as the field itself declares it."""
    shape = field.shape
    if field.atomic is None or not isinstance(shape, Struct) or shape.atomic == field.atomic:
        return shape
    twin = Struct(shape.type_name, atomic=field.atomic, rest=shape.rest)
    twin.fields, twin.always = shape.fields, shape.always
    return twin


def field_set(shape: Shape, value: Any) -> FieldSet:
    """Return the fields that a configuration mentions: its leaves, and the items of its lists.

    The value itself is not in the set, since only the caller knows its name.
    """
    if isinstance(value, dict):
        result: FieldSet = {}
        named = shape.fields if isinstance(shape, Struct) else LEAF
        for name, item in value.items():
            inner = child_shape(shape, name)
            if is_atomic(inner, item) or item is None or item == {}:
                result[f"f:{name}"] = LEAF
                continue
            node = node_of(field_set(inner, item), member=name not in named)
            if node is not None:
                result[f"f:{name}"] = node
        return result
    if isinstance(value, list) and isinstance(shape, List):
        items: FieldSet = {}
        for item in value:
            key = item_key(shape, item)
            if key in items or is_atomic(shape.items, item) or not item:
                items[key] = LEAF
            else:
                items[key] = {SELF: LEAF, **field_set(shape.items, item)}
        return items
    return LEAF


def new_field_set(shape: Shape, value: Any, *, is_there: bool = True) -> FieldSet:
    """Return the fields that creating an object sets, the value's own membership included.

    This is the difference between an object and an empty one of its kind, found in one walk,
    since every create asks for it. An empty object has its metadata, spec and the like.

    Args:
        shape: the structure of the value.
        value: the value, which must not be atomic.
        is_there: whether an empty object has this value as well.
    """
    result: FieldSet = {} if is_there else {SELF: LEAF}
    if isinstance(shape, Struct):
        fields = shape.fields
        for name, item in value.items():
            field = fields.get(name)
            if field is None:
                inner: Shape = shape.rest or DEDUCED
                known = False
            else:
                if field.plain is not None:
                    if item or not (is_there and field.starts_empty):
                        result[f"f:{name}"] = LEAF
                    continue
                inner = field.shape if field.atomic is None else granted(field)
                known = is_there and field.starts_empty
            if not item or is_atomic(inner, item):
                if item or not known:
                    result[f"f:{name}"] = LEAF
            else:
                node = new_field_set(inner, item, is_there=known)
                if node:
                    result[f"f:{name}"] = LEAF if len(node) == 1 and SELF in node else node
    elif isinstance(shape, List):
        for item in value:
            key = item_key(shape, item)
            if not item or is_atomic(shape.items, item) or key in result:
                result[key] = LEAF
            else:
                result[key] = new_field_set(shape.items, item, is_there=False)
    else:
        inner = shape.values if isinstance(shape, Map) else DEDUCED
        for name, item in value.items():
            if not item or is_atomic(inner, item):
                result[f"f:{name}"] = LEAF
            else:
                result[f"f:{name}"] = new_field_set(inner, item, is_there=False)
    return result


def with_named_fields(shape: Shape, fields: FieldSet) -> FieldSet:
    """Return a set together with every declared field on the way to its members."""
    result: FieldSet = {}
    for key, node in fields.items():
        if key == SELF or not node:
            result[key] = node
            continue
        if key.startswith("f:"):
            name = key[2:]
            inner = with_named_fields(child_shape(shape, name), node)
            declared = isinstance(shape, Struct) and name in shape.fields
            result[key] = {SELF: LEAF, **inner} if declared else inner
        else:
            result[key] = with_named_fields(_items(shape), node)
    return result


def reconciled(shape: Shape, fields: FieldSet) -> FieldSet:
    """Return a set in terms of the present structure, where parts of it became atomic since."""
    result: FieldSet = {}
    for key, node in fields.items():
        if key == SELF or not node:
            result[key] = node
            continue
        inner = child_shape(shape, key[2:]) if key.startswith("f:") else _items(shape)
        whole = is_atomic(inner, {} if isinstance(inner, Free) else None)
        result[key] = LEAF if whole else reconciled(inner, node)
    return result


def _items(shape: Shape) -> Shape:
    return shape.items if isinstance(shape, List) else DEDUCED
