"""Request bodies in protobuf, which typed Go clients prefer, as the JSON that they stand for.

The wire format says nothing of names: a table of the messages and their fields is generated from
the published definitions (cluster/tools/protobuf_fields.py). Answers are JSON: clients that send
protobuf read that too.

Source: apimachinery ``pkg/runtime/serializer/protobuf`` (the envelope); the protobuf encoding
guide; ``generated.pb.go`` of k8s.io/api (every field that is not a pointer is on the wire, so
zeros mean nothing: decoding drops them).
"""

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from netcore_cluster.schema.errors import BadRequestError
from netcore_cluster.schema.times import format_micro_time, format_time

MAGIC = b"k8s\x00"

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."

Fields = dict[int, tuple[str, str]]


class UnknownKindError(Exception):
    """The body is of a kind that has no messages in the table, or says no kind."""


def json_of(body: bytes) -> bytes:
    """Return the JSON of a protobuf body.

    Raises:
        UnknownKindError: it does not say that it is of a kind that the table has.
        BadRequestError: it is no such message.
    """
    if not body.startswith(MAGIC):
        raise UnknownKindError
    try:
        api_version = kind = ""
        raw = b""
        for number, _, value in _fields(body[len(MAGIC) :]):
            if number == 1:
                for part, _, text in _fields(_delimited(value)):
                    if part == 1:
                        api_version = _text(text)
                    elif part == 2:
                        kind = _text(text)
            elif number == 2:
                raw = _delimited(value)
        # Every group version has the options of a deletion, and all of them are the same.
        version = "v1" if kind == "DeleteOptions" else api_version
        name = _table()["kinds"].get(f"{version}/{kind}")
        if name is None:
            raise UnknownKindError
        found = {"kind": kind, "apiVersion": api_version} | _message(name, raw)
    except (ValueError, IndexError, struct.error, OverflowError) as error:
        raise BadRequestError(f"the body is no protobuf message: {error}") from error
    return orjson.dumps(found)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = (files("netcore_cluster.schema") / "protobuf_fields.json").read_bytes()
    table: dict[str, Any] = orjson.loads(text)
    return table


@lru_cache(maxsize=512)
def _message_fields(name: str) -> Fields:
    return {
        int(number): (field, kind) for number, (field, kind) in _table()["messages"][name].items()
    }


def _message(name: str, data: bytes) -> Any:
    """Return a message as JSON has it."""
    own = OWN_FORMS.get(name)
    if own is not None:
        return own(data)
    known = _message_fields(name)
    found: dict[str, Any] = {}
    for number, wire, value in _fields(data):
        field = known.get(number)
        if field is None:
            continue  # a field of a later version
        key, kind = field
        if kind[0] == "[":
            found.setdefault(key, []).extend(_items(kind[1:], wire, value))
        elif kind[0] == "{":
            found.setdefault(key, {}).update([_pair(kind[1:], value)])
        elif not key:
            found |= _single(kind, value)
        else:
            found[key] = _single(kind, value)
    # A wrapper around a list is the list in JSON (authorization's ExtraValue is one).
    if list(known.values()) == [("items", "[s")]:
        return found.get("items", [])
    return found


def _items(kind: str, wire: int, value: Any) -> Iterator[Any]:
    if kind in {"i", "b"} and wire == 2:  # packed numbers
        data, at = _delimited(value), 0
        while at < len(data):
            number, at = _varint(data, at)
            yield _single(kind, number)
    else:
        yield _single(kind, value)


def _pair(kind: str, value: Any) -> tuple[str, Any]:
    key, found = "", _single(kind, 0 if kind in {"i", "b"} else b"")
    for number, _, part in _fields(_delimited(value)):
        if number == 1:
            key = _text(part)
        elif number == 2:
            found = _single(kind, part)
    return key, found


def _single(kind: str, value: Any) -> Any:
    match kind[0]:
        case "s":
            return _text(value)
        case "i":
            return _signed(value)
        case "b":
            return bool(_signed(value))
        case "d":
            return struct.unpack("<d", value)[0]
        case "x":
            return base64.b64encode(_delimited(value)).decode()
    return _message(kind.removeprefix("m:"), _delimited(value))


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield number, wire type and value of each field: an integer, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, wire, value
            continue
        size = {1: 8, 5: 4}.get(wire, -1)
        if wire == 2:
            size, at = _varint(data, at)
        if size < 0 or at + size > len(data):
            raise ValueError("a field does not end")
        yield key >> 3, wire, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number has too many digits")


def _delimited(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a field has another type than it must have")  # noqa: TRY004
    return value


def _text(value: Any) -> str:
    return _delimited(value).decode()


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError("a field has another type than it must have")  # noqa: TRY004
    return value - (1 << 64) if value >> 63 else value


def _parts(data: bytes) -> dict[int, Any]:
    return {number: value for number, _, value in _fields(data)}


def _time(data: bytes) -> str | None:
    moment = _moment(data)
    return None if moment is None else format_time(moment)


def _micro_time(data: bytes) -> str | None:
    moment = _moment(data)
    return None if moment is None else format_micro_time(moment)


def _moment(data: bytes) -> datetime | None:
    """Return a time; none on the wire is the zero of Go, which JSON has as null."""
    if not data:
        return None
    parts = _parts(data)
    moment = datetime.fromtimestamp(_signed(parts.get(1, 0)), UTC)
    return moment.replace(microsecond=_signed(parts.get(2, 0)) // 1000)


def _integer_or_text(data: bytes) -> int | str:
    parts = _parts(data)
    return _text(parts.get(3, b"")) if parts.get(1) else _signed(parts.get(2, 0))


def _raw_json(data: bytes) -> Any:
    raw = _delimited(_parts(data).get(1, b""))
    return orjson.loads(raw) if raw else None


def _duration(data: bytes) -> str:
    nanoseconds = _signed(_parts(data).get(1, 0))
    return f"{nanoseconds / 1e9:g}s"


def _only_text(data: bytes) -> str:
    return _text(_parts(data).get(1, b""))


OWN_FORMS: dict[str, Callable[[bytes], Any]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": _only_text,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": _integer_or_text,
    "io.k8s.apimachinery.pkg.runtime.RawExtension": _raw_json,
    f"{_META}Time": _time,
    f"{_META}MicroTime": _micro_time,
    f"{_META}Duration": _duration,
    f"{_META}FieldsV1": _raw_json,
}
"""Messages that JSON writes as something else than an object of their fields."""
