"""What differs between two states of an object, as sets of fields."""

from typing import Any, NamedTuple

from netcore_cluster.schema.apply.field_sets import LEAF, SELF, FieldSet, union
from netcore_cluster.schema.apply.items import item_key
from netcore_cluster.schema.apply.walk import child_shape, is_atomic
from netcore_cluster.schema.structure import List, Shape

MISSING = object()


class Comparison(NamedTuple):
    """The fields that only the old state has, that differ, and that only the new state has."""

    removed: FieldSet
    modified: FieldSet
    added: FieldSet

    @property
    def set_by_new(self) -> FieldSet:
        """The fields to which the new state gave a value."""
        return union(self.modified, self.added)

    def without(self, fields: FieldSet) -> "Comparison":
        """Return the comparison of all other fields."""
        return Comparison(*(_without_below(part, fields) for part in self))


def _without_below(fields: FieldSet, excluded: FieldSet) -> FieldSet:
    return {key: node for key, node in fields.items() if key not in excluded}


def compare(shape: Shape, old: Any, new: Any) -> Comparison:
    """Return how two states of an object differ.

    Args:
        shape: the structure of the object.
        old: one state, without apiVersion and kind being looked at.
        new: the other state.
    """
    removed: FieldSet = {}
    modified: FieldSet = {}
    added: FieldSet = {}
    _compare_children(shape, old, new, removed, modified, added)
    return Comparison(removed, modified, added)


def _compare_children(
    shape: Shape, old: Any, new: Any, removed: FieldSet, modified: FieldSet, added: FieldSet
) -> None:
    """Compare what is inside two containers that are not atomic; either may be missing."""
    if isinstance(old, list) or isinstance(new, list):
        assert isinstance(shape, List)
        before, after = _keyed(shape, old), _keyed(shape, new)
        for key in {**before, **after}:
            was, now = before.get(key, []), after.get(key, [])
            if len(was) > 1 or len(now) > 1:
                _compare_repeated(shape, key, was, now, removed, modified, added)
            else:
                _compare_item(
                    shape.items,
                    key,
                    was[0] if was else MISSING,
                    now[0] if now else MISSING,
                    removed,
                    modified,
                    added,
                )
        return
    left = old if isinstance(old, dict) else {}
    right = new if isinstance(new, dict) else {}
    for name in {**left, **right}:
        was, now = left.get(name, MISSING), right.get(name, MISSING)
        if was is now or (was == now and type(was) is type(now)):
            continue
        _compare_item(child_shape(shape, name), f"f:{name}", was, now, removed, modified, added)


def _compare_item(
    shape: Shape,
    key: str,
    old: Any,
    new: Any,
    removed: FieldSet,
    modified: FieldSet,
    added: FieldSet,
) -> None:
    if old is not MISSING and new is not MISSING and old == new and type(old) is type(new):
        return
    empty = old is MISSING or not old, new is MISSING or not new
    present = new if new is not MISSING else old
    is_leaf = (
        is_atomic(shape, present)
        or all(empty)
        or (old is not MISSING and new is not MISSING and _kinds_differ(old, new))
        or not isinstance(present, (dict, list))
    )
    if is_leaf:
        target = added if old is MISSING else removed if new is MISSING else modified
        target[key] = LEAF
        return
    inner: tuple[FieldSet, FieldSet, FieldSet] = ({}, {}, {})
    _compare_children(shape, old, new, *inner)
    if old is MISSING:
        inner[2][SELF] = LEAF
    elif new is MISSING:
        inner[0][SELF] = LEAF
    for target, node in zip((removed, modified, added), inner, strict=True):
        if node:
            target[key] = LEAF if len(node) == 1 and SELF in node else node


def _kinds_differ(old: Any, new: Any) -> bool:
    """Whether one value is an object or a list where the other is something else."""
    for kind in (dict, list):
        if isinstance(old, kind) != isinstance(new, kind):
            return old is not None and new is not None
    return False


def _keyed(shape: List, items: Any) -> dict[str, list[Any]]:
    result: dict[str, list[Any]] = {}
    for item in items if isinstance(items, list) else ():
        result.setdefault(item_key(shape, item), []).append(item)
    return result


def _compare_repeated(
    shape: List,
    key: str,
    old: list[Any],
    new: list[Any],
    removed: FieldSet,
    modified: FieldSet,
    added: FieldSet,
) -> None:
    """Compare items that have the same key more than once: such a key is one unit."""
    if len(old) > 1 and len(new) > 1:
        if old != new:
            modified[key] = LEAF
    elif len(old) > 1:
        if new:
            _compare_item(shape.items, key, MISSING, new[0], removed, modified, added)
        removed[key] = LEAF
    else:
        if old:
            _compare_item(shape.items, key, old[0], MISSING, removed, modified, added)
        added[key] = LEAF
