"""How the items of a shared list are told apart."""

from typing import Any

import orjson

from netcore_cluster.schema.structure import List, Struct


class UnidentifiedItemError(ValueError):
    """An item of a shared list that has nothing to tell it apart by."""


def item_key(shape: List, item: Any) -> str:
    """Return the key of a list item in a field set.

    Raises:
        UnidentifiedItemError: the item has no key fields, or is not a value that a set may hold.
    """
    if shape.list_type == "set":
        if isinstance(item, dict):
            raise UnidentifiedItemError(
                "associative list without keys has an element that's a map type"
            )
        if isinstance(item, list):
            raise UnidentifiedItemError("not supported: associative list with lists as elements")
        if item is None:
            raise UnidentifiedItemError(
                "associative list without keys has an element that's an explicit null"
            )
        return f"v:{orjson.dumps(item).decode()}"
    if item is None:
        raise UnidentifiedItemError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise UnidentifiedItemError("associative list with keys may not have non-map elements")
    found = {}
    for key in sorted(shape.keys):
        if key in item:
            found[key] = item[key]
        else:
            default = _default(shape, key)
            if default is not None:
                found[key] = default
    if not found:
        listed = orjson.dumps(list(shape.keys)).decode().replace(",", " ")
        raise UnidentifiedItemError(
            f"associative list with keys has an element that omits all key fields {listed} (and "
            "doesn't have default values for any key fields)"
        )
    return f"k:{orjson.dumps(found).decode()}"


def _default(shape: List, key: str) -> Any:
    if isinstance(shape.items, Struct) and key in shape.items.fields:
        return shape.items.fields[key].default
    return None
