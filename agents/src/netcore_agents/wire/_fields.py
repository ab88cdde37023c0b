"""The strict reader under every decoder: one map of fields, each taken exactly once."""

import json
import re
import struct
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import msgpack

from netcore_agents.wire._errors import WireError

SCHEMA_VERSION: Final = 1
# Columns of unsigned little-endian integers: struct's letter by width in bytes.
_LETTER: Final = {2: "H", 4: "I", 8: "Q"}
# Names of Kubernetes nodes: a DNS subdomain (RFC 1123), which is also one level of an MQTT topic.
_NODE: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_MAX_TIME_US: Final = 253_402_300_799_000_000  # the end of the year 9999


def is_node_name(text: str) -> bool:
    """Whether Kubernetes lets a node be called so."""
    return _NODE.fullmatch(text) is not None


class Fields:
    """The fields of one payload; what nobody took is an error at the end."""

    def __init__(self, fields: dict[str, Any], *, packed: bool) -> None:
        self._fields = fields
        self._packed = packed

    def integer(self, name: str, *, low: int = 0, high: int = 2**63 - 1) -> int:
        """Take an integer within limits, both included."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise WireError(name, f"an integer is wanted, not {_kind(value)}")
        if not low <= value <= high:
            raise WireError(name, f"{low} to {high} is wanted")
        return value

    def time_us(self, name: str) -> int:
        """Take a time: microseconds since 1970, UTC."""
        return self.integer(name, high=_MAX_TIME_US)

    def flag(self, name: str) -> bool:
        """Take a boolean."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise WireError(name, f"a boolean is wanted, not {_kind(value)}")
        return value

    def text(self, name: str, *, limit: int) -> str:
        """Take a printable text of 1 to `limit` characters."""
        return _text(name, self._take(name), limit=limit)

    def node(self, name: str) -> str:
        """Take the name of a node."""
        return _node(name, self._take(name))

    def nodes(self, name: str, *, limit: int) -> tuple[str, ...]:
        """Take a list of at most `limit` different node names."""
        names = tuple(_node(name, value) for value in self._list(name, limit))
        if len(set(names)) != len(names):
            raise WireError(name, "a node is named twice")
        return names

    def texts(self, name: str, *, limit: int, length: int) -> tuple[str, ...]:
        """Take a list of at most `limit` texts of at most `length` characters."""
        return tuple(_text(name, value, limit=length) for value in self._list(name, limit))

    def column(self, name: str, *, width: int, length: int) -> tuple[int, ...]:
        """Take a column of `length` unsigned integers of `width` bytes each.

        MessagePack brings it as packed little-endian bytes, JSON as a list of numbers.
        """
        value = self._take(name)
        if not self._packed:
            return _listed_column(name, value, width=width, length=length)
        if not isinstance(value, bytes):
            raise WireError(name, f"packed bytes are wanted, not {_kind(value)}")
        if len(value) != width * length:
            raise WireError(name, f"{width * length} bytes are wanted, not {len(value)}")
        return struct.unpack(f"<{length}{_LETTER[width]}", value)

    def is_empty(self, name: str) -> bool:
        """Take a column that may be left empty: true where it is, else it waits for `column`."""
        if self._fields.get(name) == (b"" if self._packed else []):
            del self._fields[name]
            return True
        return False

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in sorted(self._fields):
            raise WireError(name[:64], "unknown field")

    def _take(self, name: str) -> Any:
        try:
            return self._fields.pop(name)
        except KeyError:
            raise WireError(name, "missing") from None

    def _list(self, name: str, limit: int) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise WireError(name, f"a list is wanted, not {_kind(value)}")
        if len(value) > limit:
            raise WireError(name, f"at most {limit} entries are wanted, not {len(value)}")
        return value


def open_fields(payload: bytes, *, limit: int) -> Fields:
    """Decode a MessagePack map of this schema version.

    Args:
        payload: As it arrived.
        limit: Longest payload in bytes.

    Raises:
        WireError: It is longer, no MessagePack map, or of another schema version.
    """
    _check_size(payload, limit)
    try:
        value = msgpack.unpackb(
            payload, raw=False, strict_map_key=True, object_pairs_hook=_unique, max_ext_len=0
        )
    except WireError:
        raise
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise WireError("payload", f"no valid MessagePack ({type(error).__name__})") from None
    return _versioned(value, packed=True)


def open_json_fields(payload: bytes, *, limit: int) -> Fields:
    """Decode a JSON object of this schema version; limits and errors as `open_fields`."""
    _check_size(payload, limit)
    try:
        value = json.loads(payload, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        raise WireError("payload", f"no valid JSON ({type(error).__name__})") from None
    return _versioned(value, packed=False)


def pack(fields: dict[str, Any]) -> bytes:
    """Encode a map, the schema version first."""
    packed: bytes = msgpack.packb({"v": SCHEMA_VERSION} | fields)
    return packed


def pack_column(values: Sequence[int], *, width: int) -> bytes:
    """Pack unsigned integers, little-endian."""
    return struct.pack(f"<{len(values)}{_LETTER[width]}", *values)


def _versioned(value: Any, *, packed: bool) -> Fields:
    if not isinstance(value, dict):
        raise WireError("payload", f"a map is wanted, not {_kind(value)}")
    fields = Fields(value, packed=packed)
    fields.integer("v", low=SCHEMA_VERSION, high=SCHEMA_VERSION)
    return fields


def _check_size(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        raise WireError("payload", f"at most {limit} bytes are wanted, not {len(payload)}")


def _unique(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str):
            raise WireError("payload", "a field's name is not text")
        if name in fields:
            raise WireError(name[:64], "given twice")
        fields[name] = value
    return fields


def _refuse_constant(text: str) -> NoReturn:
    raise WireError("payload", f"{text} is not JSON")


def _listed_column(name: str, value: Any, *, width: int, length: int) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise WireError(name, f"a list is wanted, not {_kind(value)}")
    if len(value) != length:
        raise WireError(name, f"{length} entries are wanted, not {len(value)}")
    high = 256**width - 1
    for entry in value:
        if not isinstance(entry, int) or isinstance(entry, bool) or not 0 <= entry <= high:
            raise WireError(name, f"integers of 0 to {high} are wanted")
    return tuple(value)


def _text(name: str, value: Any, *, limit: int) -> str:
    if not isinstance(value, str):
        raise WireError(name, f"a text is wanted, not {_kind(value)}")
    if not 1 <= len(value) <= limit or not value.isprintable():
        raise WireError(name, f"1 to {limit} printable characters are wanted")
    return value


def _node(name: str, value: Any) -> str:
    text = _text(name, value, limit=253)
    if not is_node_name(text):
        raise WireError(name, f"{text[:64]!r} is no node name (DNS subdomain, lower case)")
    return text


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
