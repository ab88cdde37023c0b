"""Merging an applied configuration into an object, and taking fields out of it again."""

from typing import Any

from netcore_cluster.schema.apply.compare import MISSING
from netcore_cluster.schema.apply.field_sets import SELF, FieldSet, is_member, shown
from netcore_cluster.schema.apply.items import UnidentifiedItemError, item_key
from netcore_cluster.schema.apply.walk import child_shape, is_atomic
from netcore_cluster.schema.structure import Free, List, Map, Scalar, Shape, Struct


def merge(shape: Shape, live: Any, config: Any) -> Any:
    """Return a live value with a configuration merged into it; neither is changed.

    Leaves are the configuration's where it has them; nothing is removed. Items of a shared list
    come in the order of the configuration, with the live list's own items around them.
    """
    if config is MISSING:
        return live
    if config is None and isinstance(live, (dict, list)) and not is_atomic(shape, live):
        return live
    if live is MISSING or live is None or is_atomic(shape, config):
        return config
    if isinstance(config, dict) and isinstance(live, dict):
        merged = dict(live)
        for name, item in config.items():
            merged[name] = merge(child_shape(shape, name), live.get(name, MISSING), item)
        return merged
    if isinstance(config, list) and isinstance(live, list) and isinstance(shape, List):
        return _merge_items(shape, live, config)
    return config


def _merge_items(shape: List, live: list[Any], config: list[Any]) -> list[Any]:
    before = [item_key(shape, item) for item in live]
    after = [item_key(shape, item) for item in config]
    # A live item that is there twice is not merged with, it is replaced.
    known = {
        key: item if before.count(key) == 1 else MISSING
        for key, item in zip(before, live, strict=True)
    }
    wanted = dict(zip(after, config, strict=True))
    shared = [key for key in after if key in known]
    result: list[Any] = []
    done: set[str] = set()
    left = right = 0
    while left < len(before) or right < len(after):
        if left < len(before) and right < len(after):
            key = before[left]
            if key == after[right]:
                result.append(merge(shape.items, known[key], wanted[key]))
                done.add(key)
                left, right = left + 1, right + 1
                shared = shared[1:]
                continue
            if key in wanted and shared and shared[0] != key:
                left += 1  # it comes when the configuration's order has reached it
                continue
        if left < len(before):
            key = before[left]
            if key not in wanted:
                result.append(live[left])
                left += 1
                continue
            if key in done:
                left += 1
        if right < len(after):
            key = after[right]
            result.append(merge(shape.items, known.get(key, MISSING), wanted[key]))
            done.add(key)
            right += 1
            if shared and shared[0] == key:
                shared = shared[1:]
    return result


def without(shape: Shape, value: Any, fields: FieldSet) -> Any:
    """Return a value without the members of a set; it is not changed.

    A container from which something was taken stays, even if nothing is left in it.
    """
    if is_atomic(shape, value) or not fields:
        return value
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            node = fields.get(f"f:{name}")
            if node is None:
                kept[name] = item
            elif not is_member(node):
                kept[name] = _inside(child_shape(shape, name), item, node)
        return kept
    if isinstance(value, list) and isinstance(shape, List):
        items = []
        for item in value:
            node = fields.get(item_key(shape, item))
            if node is None:
                items.append(item)
            elif not is_member(node):
                items.append(_inside(shape.items, item, node))
        return items
    return value


def _inside(shape: Shape, value: Any, node: FieldSet) -> Any:
    if is_atomic(shape, value) and isinstance(value, (dict, list)):
        return {} if isinstance(value, dict) else []
    return without(shape, value, {key: part for key, part in node.items() if key != SELF})


def config_errors(shape: Shape, value: Any, path: str = "") -> list[str]:
    """Return why a configuration does not fit the structure, one line for each place."""
    if value is None:
        return []
    if isinstance(shape, Struct):
        if not isinstance(value, dict):
            return [_told(path, f"expected map, got {_shown(value)}")]
        errors = []
        for name, item in value.items():
            where = f"{path}.{name}"
            if name not in shape.fields and shape.rest is None:
                errors.append(_told(where, "field not declared in schema"))
            else:
                errors += config_errors(child_shape(shape, name), item, where)
        return errors
    if isinstance(shape, Map):
        if not isinstance(value, dict):
            return [_told(path, f"expected map, got {_shown(value)}")]
        return [
            error
            for name, item in value.items()
            for error in config_errors(shape.values, item, f"{path}.{name}")
        ]
    if isinstance(shape, List):
        return _list_errors(shape, value, path)
    if isinstance(shape, Scalar):
        return _scalar_errors(shape, value, path)
    assert isinstance(shape, Free)
    return []


def _list_errors(shape: List, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [_told(path, f"expected list, got {_shown(value)}")]
    errors: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if shape.list_type != "atomic":
            try:
                key = item_key(shape, item)
            except UnidentifiedItemError as error:
                return [*errors, _told(path, f"element {index}: {error}")]
            if key in seen:
                errors.append(_told(path, f"duplicate entries for key {shown(key)}"))
            seen.add(key)
            where = f"{path}{shown(key)}"
        errors += config_errors(shape.items, item, where)
    return errors


_WANTED = {
    "string": (str,),
    "bytes": (str,),
    "time": (str,),
    "bool": (bool,),
    "integer": (int, float),
    "number": (int, float),
}


def _scalar_errors(shape: Scalar, value: Any, path: str) -> list[str]:
    wanted = _WANTED.get(shape.tag, (str, int, float, bool))
    if type(value) in wanted:
        return []
    if wanted == (str,):
        return [_told(path, f"expected string, got &value.valueUnstructured{{Value:{value}}}")]
    if wanted == (bool,):
        return [_told(path, f"expected boolean, got {_shown(value)}")]
    if bool in wanted:
        return [_told(path, f"expected any scalar, got {_shown(value)}")]
    names = {str: "string", bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
    return [_told(path, f"expected numeric (int or float), got {names[type(value)]}")]


def _told(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"&{{map[{' '.join(f'{key}:{_shown(item)}' for key, item in value.items())}]}}"
    return f"&{{{value}}}"
