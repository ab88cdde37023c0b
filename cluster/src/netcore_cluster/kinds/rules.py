"""Small checks that many kinds share, in the words of the real server."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from netcore_cluster.kinds.names import NameRule, pattern_text
from netcore_cluster.schema.errors import FieldError, InOrder, invalid, unsupported

JsonObject = dict[str, Any]

NOT_NEGATIVE = "must be greater than or equal to 0"
POSITIVE = "must be greater than zero"

_PERCENT = "[0-9]+%"


def at(path: str, key: str) -> str:
    """Return the path of a field below another; the root has an empty path."""
    return f"{path}.{key}" if path else key


def choice_errors(
    holder: JsonObject, key: str, known: tuple[str, ...], path: str
) -> list[FieldError]:
    """A field, where it is given, has one of the known values."""
    value = holder.get(key)
    return [] if value is None or value in known else [unsupported(at(path, key), value, known)]


def negative_errors(holder: JsonObject, path: str, *keys: str) -> list[FieldError]:
    """Numbers, where they are given, are not negative."""
    return [
        invalid(at(path, key), holder[key], NOT_NEGATIVE)
        for key in keys
        if holder.get(key) is not None and holder[key] < 0
    ]


def name_errors(name: str | None, rule: NameRule, path: str) -> list[FieldError]:
    """A name, where it is given, follows its rule."""
    return [invalid(path, name, text) for text in rule(name)] if name else []


def count_or_percent_errors(value: Any, path: str) -> list[FieldError]:
    """A number of pods is a number or a share of them."""
    if isinstance(value, str):
        if not re.fullmatch(_PERCENT, value):
            rule = "a valid percent string must be a numeric string followed by an ending '%'"
            return [invalid(path, value, pattern_text(rule, _PERCENT, "1%", "93%"))]
        return []
    return [] if value is None or value >= 0 else [invalid(path, value, NOT_NEGATIVE)]


def above_all_errors(value: Any, path: str) -> list[FieldError]:
    """A share is at most everything."""
    if isinstance(value, str) and re.fullmatch(_PERCENT, value) and int(value[:-1]) > 100:
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def address_errors(text: str, path: str) -> list[FieldError]:
    """An IP address is one."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [invalid(path, text, why)]
    return []


def network_errors(text: str, path: str) -> list[FieldError]:
    """A range of IP addresses is one."""
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        valid = False
    else:
        valid = "/" in text
    if valid:
        return []
    why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    return [invalid(path, text, why)]


def changed_errors(new: JsonObject, old: JsonObject, path: str, *keys: str) -> list[FieldError]:
    """Fields do not change once the object exists."""
    return [
        invalid(at(path, key), new.get(key), "field is immutable")
        for key in keys
        if new.get(key) != old.get(key)
    ]


def capitalised(holder: JsonObject, keys: Iterable[str]) -> JsonObject:
    """Return an object the way the real server prints one of its own: every field, capitalised."""
    return InOrder((key[0].upper() + key[1:], holder.get(key)) for key in keys)
