"""Strategic merge: a patch that looks like the object, merged by what the API says of each list.

A list merges item by item where the structure names a merge key; everything else is replaced.
Directives steer it:

    $patch: replace | delete           replace or remove this object, or the item with this key
    $deleteFromPrimitiveList/FIELD     values to take out of a list of texts or numbers
    $setElementOrder/FIELD             the order of the items of a list
    $retainKeys                        the fields of an object that stay

Source: Kubernetes documentation, "Update API objects in place using kubectl patch", and the
design "Strategic merge patch".
"""

from typing import Any

import orjson

from netcore_cluster.schema.errors import BadRequestError, RefusedError
from netcore_cluster.schema.structure import Field, List, Map, Shape, Struct

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"

JsonObject = dict[str, Any]


def strategic_merge(shape: Struct, current: JsonObject, patch: JsonObject) -> JsonObject:
    """Return `current` with a patch merged into it; neither is changed.

    Raises:
        BadRequestError: a directive has the wrong form.
        RefusedError: a list item has no merge key, or a directive contradicts the patch.
    """
    return _merge_object(shape, current, patch)


def _merge_object(shape: Shape | None, current: JsonObject, patch: JsonObject) -> JsonObject:
    if _PATCH in patch:
        return _replaced(patch)
    merged = _retained(current, patch)
    for key, value in patch.items():
        if key == _RETAIN or key.startswith((_DELETE_FROM, _ORDER)):
            continue
        if value is None:
            merged.pop(key, None)
            continue
        _merge_field(_field(shape, key), merged, key, value)
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            name = key.removeprefix(_DELETE_FROM)
            if not isinstance(value, list):
                raise BadRequestError("invalid patch format of primitive list")
            if isinstance(merged.get(name), list):
                merged[name] = [item for item in merged[name] if item not in value]
    for key, value in patch.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if not isinstance(value, list):
                raise BadRequestError("invalid patch format of setElementOrder list")
            merge_key = (_field(shape, name) or _NO_FIELD).merge_key
            _check_order(patch.get(name), value, key, merge_key)
            if isinstance(merged.get(name), list):
                before = current.get(name)
                merged[name] = _ordered(
                    merged[name], value, before if isinstance(before, list) else [], merge_key
                )
    return merged


def _merge_field(field: Field | None, merged: JsonObject, key: str, value: Any) -> None:
    """Merge one field of a patch into an object, in place."""
    old = merged.get(key)
    strategies = field.patch_strategies if field else ()
    if isinstance(value, dict) and isinstance(old, dict) and "replace" not in strategies:
        merged[key] = _merge_object(field.shape if field else None, old, value)
    elif isinstance(value, list) and isinstance(old, list) and "merge" in strategies:
        assert field is not None
        merged[key] = _merge_list(field, old, value)
    else:
        kept = _plain(value)
        if kept is _GONE:
            merged.pop(key, None)
        else:
            merged[key] = kept


def _field(shape: Shape | None, key: str) -> Field | None:
    if isinstance(shape, Struct):
        return shape.fields.get(key)
    if isinstance(shape, Map):
        return Field(shape.values)
    return None


_NO_FIELD = Field(Map(Struct("")))


def _replaced(patch: JsonObject) -> JsonObject:
    directive = patch[_PATCH]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if directive == "delete":
        return {}
    raise RefusedError(500, "", f"unknown patch type: {directive} in map: {_shown(patch)}")


def _retained(current: JsonObject, patch: JsonObject) -> JsonObject:
    """Return the fields of an object that the patch lets stay."""
    if _RETAIN not in patch:
        return dict(current)
    names = patch[_RETAIN]
    wrong = BadRequestError("invalid patch format of retainKeys")
    if not isinstance(names, list):
        raise wrong
    for key, value in patch.items():
        if not key.startswith("$") and value is not None and key not in names:
            raise wrong
    return {key: value for key, value in current.items() if key in names}


def _merge_list(field: Field, current: list[Any], patch: list[Any]) -> list[Any]:
    """Merge a list item by item, or as a set of values."""
    if not field.merge_key:
        return _ordered(_merge_values(current, patch), patch, current, "")
    shape = field.shape.items if isinstance(field.shape, List) else None
    key = field.merge_key
    merged = list(current)
    replaces = False
    for item in patch:
        if not isinstance(item, dict):
            raise RefusedError(500, "", f"a list with merge key {key} has the item {_shown(item)}")
        directive = item.get(_PATCH)
        if directive == "replace":
            # The whole list is replaced by what the patch has beside the directive.
            replaces = True
        elif directive == "delete":
            name = _key_of(item, key)
            merged = [old for old in merged if _key_of(old, key) != name]
        elif directive is not None:
            raise RefusedError(500, "", f"unknown patch type: {directive} in map: {_shown(item)}")
    if replaces:
        return [_plain(item) for item in patch if _PATCH not in item]
    kept = [item for item in patch if _PATCH not in item]
    for item in kept:
        name = _key_of(item, key)
        for index, old in enumerate(merged):
            if _key_of(old, key) == name:
                merged[index] = _merge_object(shape, old, item)
                break
        else:
            merged.append(_plain(item))
    return _ordered(merged, kept, current, key)


def _merge_values(current: list[Any], patch: list[Any]) -> list[Any]:
    return list({_shown(item): item for item in [*current, *patch]}.values())


def _key_of(item: Any, key: str) -> Any:
    if not isinstance(item, dict) or key not in item:
        raise RefusedError(
            500, "", f"map: {_shown(item)} does not contain declared merge key: {key}"
        )
    return item[key]


_GONE = object()


def _plain(value: Any) -> Any:
    """Return a value of a patch for a place where nothing was: without directives and nulls."""
    if isinstance(value, dict):
        if _PATCH in value and value[_PATCH] != "replace":
            return _GONE
        found = {
            key: _plain(item)
            for key, item in value.items()
            if item is not None and not key.startswith((_PATCH, _RETAIN, _DELETE_FROM, _ORDER))
        }
        return {key: item for key, item in found.items() if item is not _GONE}
    if isinstance(value, list):
        return [item for item in map(_plain, value) if item is not _GONE]
    return value


def _identity(item: Any, merge_key: str) -> Any:
    return _key_of(item, merge_key) if merge_key else item


def _check_order(patch: Any, order: list[Any], directive: str, merge_key: str) -> None:
    """The items of a patch must come in the order that the patch asks for."""
    if not isinstance(patch, list):
        return
    names = [_identity(item, merge_key) for item in order]
    places = []
    for item in patch:
        if isinstance(item, dict) and _PATCH in item:
            continue
        name = _identity(item, merge_key)
        places.append(names.index(name) if name in names else -1)
    if -1 in places or places != sorted(places):
        raise RefusedError(
            500,
            "",
            f"The order in patch list:\n{_shown(patch)}\n doesn't match {directive} list:\n"
            f"{_shown(order)}\n",
        )


def _ordered(merged: list[Any], order: list[Any], before: list[Any], merge_key: str) -> list[Any]:
    """Return a merged list with the items of `order` in their order.

    Items that only the server has keep their places among the others, as far as the order of the
    stored list tells them.
    """
    wanted = [_identity(item, merge_key) for item in order]
    known = [_identity(item, merge_key) for item in before]
    named = [(_identity(item, merge_key), item) for item in merged]
    asked = sorted(
        (pair for pair in named if pair[0] in wanted), key=lambda pair: wanted.index(pair[0])
    )
    others = [pair for pair in named if pair[0] not in wanted]
    result = []
    while asked and others:
        both_known = asked[0][0] in known and others[0][0] in known
        first = both_known and known.index(others[0][0]) < known.index(asked[0][0])
        result.append((others if first else asked).pop(0)[1])
    return result + [item for _, item in asked + others]


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()
