"""What is wrong with a request's object, in the words of the Kubernetes API.

Two levels: a `FieldError` names one refused field; a `RefusedError` ends the request, and carries
what the Status answer needs (code, reason, message, causes), so that the server turns every
refusal into an answer in one place.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a field is refused: the `reason` of a cause in a Status answer."""

    REQUIRED = "FieldValueRequired"
    DUPLICATE = "FieldValueDuplicate"
    INVALID = "FieldValueInvalid"
    UNSUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    TYPE_INVALID = "FieldValueTypeInvalid"
    NOT_FOUND = "FieldValueNotFound"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field.

    Attributes:
        field: the path of the field, such as `spec.containers[0].image`.
        message: what is wrong, without the path, such as `Required value`.
    """

    reason: Reason
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    def cause(self) -> dict[str, str]:
        """Return the entry of `details.causes` in the Status answer."""
        return {"reason": self.reason.value, "message": self.message, "field": self.field}


class InOrder(dict[str, Any]):
    """An object whose fields messages show in their own order; others show them sorted."""


def shown(value: Any) -> str:
    """Return a refused value the way the API prints it in a message."""
    is_sorted = not isinstance(value, InOrder)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=is_sorted)


def required(field: str, detail: str = "") -> FieldError:
    """The field is missing or empty."""
    return FieldError(Reason.REQUIRED, field, _with(detail, "Required value"))


def duplicate(field: str, value: Any) -> FieldError:
    """The value must be unique in its list and is not."""
    return FieldError(Reason.DUPLICATE, field, f"Duplicate value: {shown(value)}")


def invalid(field: str, value: Any, detail: str = "") -> FieldError:
    """The value is malformed."""
    return FieldError(Reason.INVALID, field, _with(detail, f"Invalid value: {shown(value)}"))


def type_invalid(field: str, value: Any, detail: str = "") -> FieldError:
    """The value has another type than the schema wants."""
    return FieldError(Reason.TYPE_INVALID, field, _with(detail, f"Invalid value: {shown(value)}"))


def unsupported(field: str, value: Any, supported: list[str] | tuple[str, ...]) -> FieldError:
    """The value is not one of a closed set."""
    detail = "supported values: " + ", ".join(map(shown, supported)) if supported else ""
    return FieldError(
        Reason.UNSUPPORTED, field, _with(detail, f"Unsupported value: {shown(value)}")
    )


def forbidden(field: str, detail: str) -> FieldError:
    """The value is well formed, but not permitted here."""
    return FieldError(Reason.FORBIDDEN, field, _with(detail, "Forbidden"))


def not_found(field: str, value: Any) -> FieldError:
    """The value names something that is not there."""
    return FieldError(Reason.NOT_FOUND, field, f"Not found: {shown(value)}")


def too_long(field: str, limit: int) -> FieldError:
    """The value has more than `limit` bytes."""
    unit = "byte" if limit == 1 else "bytes"
    return FieldError(Reason.TOO_LONG, field, f"Too long: may not be more than {limit} {unit}")


def too_many(field: str, count: int, limit: int) -> FieldError:
    """The list has `count` items and may have `limit`."""
    unit = "item" if limit == 1 else "items"
    return FieldError(
        Reason.TOO_MANY, field, f"Too many: {count}: must have at most {limit} {unit}"
    )


def _with(detail: str, message: str) -> str:
    return f"{message}: {detail}" if detail else message


class RefusedError(Exception):
    """A request that cannot be done, with everything its Status answer needs.

    Attributes:
        code: the HTTP status code.
        reason: the machine-readable reason, such as `BadRequest`; may be empty.
        causes: entries of `details.causes`.
    """

    def __init__(
        self, code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes or []


class BadRequestError(RefusedError):
    """The body is not what it says it is: 400."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadRequest", message)


class InvalidFieldsError(Exception):
    """The object breaks the rules of its kind: 422, one cause for each field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(map(str, errors)))
        self.errors = errors


class ApplyConflictError(RefusedError):
    """Applied fields belong to other managers: 409, one cause for each field."""

    def __init__(self, message: str, causes: list[dict[str, str]]) -> None:
        super().__init__(409, "Conflict", message, causes)
