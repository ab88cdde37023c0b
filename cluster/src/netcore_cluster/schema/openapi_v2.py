"""OpenAPI v2 in protobuf, for clients that read nothing newer.

kubectl up to 1.27 asks for it before every create, apply and explain. It is the version 3
documents in other words: the same definitions, and of the operations what those clients look at
(kind, action and query parameters).

Source: the message OpenAPIv2.proto of gnostic-models; the protobuf encoding guide.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from netcore_cluster.schema.openapi import document_digest, whole_document

if TYPE_CHECKING:
    from netcore_cluster.kinds.kind import Kind

ASKED_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""What clients ask for, and what they are told that they get: the former is no media type.

Source: kube-openapi ``pkg/handler``."""

_COMPONENTS = "#/components/schemas/"
_DEFINITIONS = "#/definitions/"
_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}

# Field numbers of the message Schema, by how a field is encoded.
_SCHEMA_TEXTS = {"format": 2, "title": 3, "description": 4, "pattern": 13}


def openapi_v2(kinds: Sequence["Kind"]) -> tuple[bytes, str]:
    """Return the document of all kinds, and what tells it from others."""
    document = whole_document(kinds)
    paths = b"".join(_message(2, _path_item(path, document)) for path in document["paths"])
    schemas = document["components"]["schemas"]
    definitions = b"".join(
        _message(1, _text(1, name) + _message(2, _schema(schemas[name])))
        for name in sorted(schemas)
    )
    info = _text(1, document["info"]["title"]) + _text(2, document["info"]["version"])
    encoded = _text(1, "2.0") + _message(2, info) + _message(8, paths) + _message(9, definitions)
    return encoded, document_digest(kinds)


def _path_item(path: str, document: dict[str, Any]) -> bytes:
    """Return a NamedPathItem."""
    item = b""
    for method, operation in document["paths"][path].items():
        item += _message(_METHODS[method], _operation(operation))
    return _text(1, path) + _message(2, item)


def _operation(operation: dict[str, Any]) -> bytes:
    consumed = operation.get("requestBody", {}).get("content", ())
    parameters = (_query_parameter(parameter) for parameter in operation["parameters"])
    return (
        b"".join(_text(7, media_type) for media_type in consumed)
        + b"".join(_message(8, parameter) for parameter in parameters)
        + _extensions(13, operation)
    )


def _query_parameter(parameter: dict[str, Any]) -> bytes:
    """Return a ParametersItem that holds a Parameter, which holds a NonBodyParameter."""
    query = _text(2, "query") + _text(4, parameter["name"]) + _text(6, parameter["schema"]["type"])
    return _message(1, _message(2, _message(3, query)))


def _schema(schema: dict[str, Any]) -> bytes:
    reference = _reference(schema)
    parts = [_text(1, reference)] if reference else []
    parts += [_text(number, schema.get(name, "")) for name, number in _SCHEMA_TEXTS.items()]
    if "default" in schema:
        parts.append(_message(5, _any(schema["default"])))
    parts += [_text(19, name) for name in schema.get("required", ())]
    parts += [_message(20, _any(value)) for value in schema.get("enum", ())]
    rest = schema.get("additionalProperties")
    if isinstance(rest, dict):
        parts.append(_message(21, _message(1, _schema(rest))))
    elif rest:
        parts.append(_message(21, _varint(2 << 3) + _varint(1)))
    if schema.get("type") and not reference:
        parts.append(_message(22, _text(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(_message(23, _message(1, _schema(schema["items"]))))
    if schema.get("properties"):
        parts.append(_message(25, _named_schemas(schema["properties"].items())))
    parts.append(_extensions(31, schema))
    return b"".join(parts)


def _reference(schema: dict[str, Any]) -> str:
    """Return what a schema refers to; version 3 wraps it where there is something beside it."""
    found = schema.get("$ref", "")
    wrapped = schema.get("allOf", ())
    if not found and len(wrapped) == 1:
        found = wrapped[0].get("$ref", "")
    return str(found).replace(_COMPONENTS, _DEFINITIONS)


def _named_schemas(schemas: Iterable[tuple[str, Any]]) -> bytes:
    return b"".join(
        _message(1, _text(1, name) + _message(2, _schema(part))) for name, part in schemas
    )


def _extensions(number: int, holder: dict[str, Any]) -> bytes:
    """Return the NamedAny fields of what begins with x-."""
    return b"".join(
        _message(number, _text(1, name) + _message(2, _any(value)))
        for name, value in holder.items()
        if name.startswith("x-")
    )


def _any(value: Any) -> bytes:
    """Return an Any: the value as YAML, of which JSON is a part."""
    return _message(2, orjson.dumps(value))


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode()) if value else b""


def _message(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field: a message, a text, or bytes."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
