"""Sets of fields, in the very form in which managedFields holds them.

A set is a tree of dicts. A key names a field (`f:spec`), an item of a list by its key fields
(`k:{"name":"web"}`) or by its value (`v:"x"`); what is below it stands in the value. An item is a
member of the set if its value is empty, or has the key `.`; otherwise only something below it is.
Keeping to this form means that nothing is converted on the way in and out.

Sets share their parts freely and are never changed once built.

Source: the FieldsV1 format of structured-merge-diff.
"""

from collections.abc import Iterator
from typing import Any

import orjson

FieldSet = dict[str, Any]

SELF = "."
LEAF: FieldSet = {}
_MEMBER: FieldSet = {SELF: LEAF}


def is_member(node: FieldSet) -> bool:
    """Whether an item with this value is itself in the set."""
    return not node or SELF in node


def node_of(children: FieldSet, *, member: bool) -> FieldSet | None:
    """Return the value of an item, or None if neither it nor anything below it is in the set."""
    if not children:
        return LEAF if member else None
    return {SELF: LEAF, **children} if member else children


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return what is in either set."""
    if not right:
        return left
    if not left:
        return right
    result = dict(left)
    for key, node in right.items():
        known = result.get(key)
        if known is None:
            result[key] = node
        elif known is not node and known != node:
            joined = union(known or _MEMBER, node or _MEMBER)
            result[key] = LEAF if joined == _MEMBER else joined
    return result


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return what is in the first set and not in the second."""
    if not right:
        return left
    result: FieldSet = {}
    for key, node in left.items():
        if key == SELF:
            continue
        other = right.get(key)
        if other is None:
            result[key] = node
            continue
        rest = node_of(
            difference(node, other) if node else LEAF,
            member=is_member(node) and not is_member(other),
        )
        if rest is not None:
            result[key] = rest
    return result


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return what is in both sets."""
    result: FieldSet = {}
    for key, node in left.items():
        other = right.get(key)
        if key == SELF or other is None:
            continue
        both = node_of(intersection(node, other), member=is_member(node) and is_member(other))
        if both is not None:
            result[key] = both
    return result


def paths(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    """Yield the members of a set as messages name them, such as `.spec.replicas`."""
    names = sorted(key for key in fields if key != SELF)
    for key in names:
        if is_member(fields[key]):
            yield prefix + shown(key)
    for key in names:
        if fields[key]:
            yield from paths(fields[key], prefix + shown(key))


def shown(key: str) -> str:
    """Return a key of a set the way messages name it, such as `[name="web"]`."""
    kind, text = key[:2], key[2:]
    if kind == "f:":
        return f".{text}"
    if kind == "i:":
        return f"[{text}]"
    if kind == "v:":
        return f"[={text}]"
    parts = orjson.loads(text)
    listed = ",".join(f"{name}={orjson.dumps(parts[name]).decode()}" for name in sorted(parts))
    return f"[{listed}]"
