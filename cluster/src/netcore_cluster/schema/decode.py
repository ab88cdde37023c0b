"""From the bytes of a request to an object that has the structure of its kind.

Clients ask what to do about fields that the structure does not have, and about fields that are
there twice: `Strict` refuses, `Warn` (the default) drops them and says so, `Ignore` drops them.

Source: Kubernetes API concepts, "Server-side field validation"; the texts are the real server's.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from netcore_cluster.schema.custom import settle_custom
from netcore_cluster.schema.errors import BadRequestError
from netcore_cluster.schema.structure import MismatchError, ObjectSchema, Step, spell

FieldValidation = Literal["Strict", "Warn", "Ignore"]

_MOST_COMPLAINTS = 100


@dataclass(slots=True)
class Decoded:
    """An object, and what the client should be warned of."""

    obj: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def decode(
    schema: ObjectSchema,
    body: bytes,
    *,
    content_type: str = "application/json",
    field_validation: FieldValidation = "Warn",
) -> Decoded:
    """Return the object of a request body, without defaults.

    Args:
        schema: the structure that the object must have.
        body: JSON, or YAML if the content type says so.
        content_type: the media type of the body, without parameters.
        field_validation: what to do about unknown and duplicate fields.

    Raises:
        BadRequestError: the body is no such object, or has unknown fields under `Strict`.
    """
    obj, twice = load(
        body, content_type=content_type, look_for_duplicates=field_validation != "Ignore"
    )
    if type(obj) is not dict:
        raise BadRequestError(
            f"the object provided is unrecognized (must be of type {schema.kind}): couldn't get "
            f"version/kind; json parse error: it is {_KINDS[type(obj)]}, not an object"
        )
    identify(schema, obj)
    return settle(schema, obj, complaints=twice, field_validation=field_validation)


def settle(
    schema: ObjectSchema,
    obj: dict[str, Any],
    *,
    complaints: list[str],
    field_validation: FieldValidation,
) -> Decoded:
    """Bring a JSON object into the structure of its kind, in place.

    Args:
        schema: the structure that the object must have.
        obj: the object.
        complaints: what strictness already has against the text of the object.
        field_validation: what to do about unknown fields and complaints.

    Raises:
        BadRequestError: a field of a built-in kind has the wrong type, or there is something to
            complain of under `Strict`.
    """
    unknown: list[str] = []
    try:
        if schema.is_custom:
            settle_custom(schema, obj, unknown)
        else:
            schema.root.convert(obj, None, unknown)
    except MismatchError as error:
        raise cannot_be_handled(schema, str(error)) from error
    if field_validation == "Ignore":
        return Decoded(obj)
    complaints += [f'unknown field "{path}"' for path in unknown]
    complaints = complaints[:_MOST_COMPLAINTS]
    if complaints and field_validation == "Strict":
        raise cannot_be_handled(schema, f"strict decoding error: {', '.join(complaints)}")
    return Decoded(obj, complaints)


def cannot_be_handled(schema: ObjectSchema, why: str) -> BadRequestError:
    """Return the error for a body that does not decode into its kind."""
    return BadRequestError(
        f'{schema.kind} in version "{schema.version}" cannot be handled as a {schema.kind}: {why}'
    )


def identify(schema: ObjectSchema, obj: dict[str, Any]) -> None:
    """Check that the object says it is of the kind that the path is for, or let it be that.

    Raises:
        BadRequestError: it says that it is something else; a custom object must say what it is.
    """
    kind, api_version = obj.get("kind"), obj.get("apiVersion")
    if schema.is_custom and not (kind and api_version):
        missing = "Kind" if not kind else "apiVersion"
        text = orjson.dumps(obj).decode()
        raise BadRequestError(f"Object '{missing}' is missing in '{text}'")
    for name, value in (("kind", kind), ("apiVersion", api_version)):
        if value is not None and type(value) is not str:
            raise BadRequestError(f"{name} must be a string, not {json.dumps(value)}")
    if api_version and api_version != schema.api_version:
        raise schema.unserved(api_version)
    if kind and kind != schema.kind:
        raise cannot_be_handled(
            schema,
            f"no kind {json.dumps(kind)} is registered for version {json.dumps(api_version)}",
        )
    obj["kind"] = schema.kind
    obj["apiVersion"] = schema.api_version


_KINDS = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "bool",
    type(None): "null",
}


def load(body: bytes, *, content_type: str, look_for_duplicates: bool) -> tuple[Any, list[str]]:
    """Return the JSON value of a body, and a complaint for each field that it has twice.

    Raises:
        BadRequestError: the body is not of its content type.
    """
    if content_type.endswith("yaml"):
        # An agent or a controller never sends YAML, so only a client that does pays for its import.
        from netcore_cluster.schema.yaml_text import load_yaml

        return load_yaml(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"couldn't get version/kind; json parse error: {error}") from error
    if look_for_duplicates and _may_repeat(body, value):
        return value, _repeated_fields(body)
    return value, []


def _may_repeat(body: bytes, value: Any) -> bool:
    """Whether a body may have a field twice.

    What a field of the text adds to the count of quotation marks, a lost duplicate does not add
    to that of the value; escapes blur the count, so they are looked at the slow way.
    """
    if b"\\" in body:
        return True
    return body.count(b'"') != orjson.dumps(value).count(b'"')


def _repeated_fields(body: bytes) -> list[str]:
    """Return a complaint for each field that an object of the body has twice."""
    root: Any = json.loads(body, object_pairs_hook=_Pairs)
    found: dict[str, None] = {}

    def walk(value: Any, path: Step | None) -> None:
        if isinstance(value, _Pairs):
            seen: set[str] = set()
            for key, item in value.pairs:
                if key in seen:
                    found[f'duplicate field "{spell(path, key)}"'] = None
                seen.add(key)
                walk(item, Step(path, key, ""))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, Step(path, index, ""))

    walk(root, None)
    return list(found)


class _Pairs:
    """An object as its text has it: every field, the repeated ones too."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs
