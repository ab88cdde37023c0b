"""The types without parts that built-in kinds use, and what counts as a value of each."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from netcore_cluster.schema.quantity import quantity_of
from netcore_cluster.schema.structure import MismatchError, Scalar, Step, mismatch
from netcore_cluster.schema.times import format_micro_time, format_time, parse_time

_MICROSECONDS = re.compile(r":\d\d\.\d{6}(?:Z|[+-])")


def _string(value: Any, path: Step | None, wanted: str) -> Any:
    if type(value) is str:
        return value
    raise _without_digits(path, value, wanted)


def _boolean(value: Any, path: Step | None, wanted: str) -> Any:
    if type(value) is bool:
        return value
    raise _without_digits(path, value, wanted)


def _without_digits(path: Step | None, value: Any, wanted: str) -> MismatchError:
    """A number in the place of another type is only called a number."""
    error = mismatch(path, value, wanted)
    if type(value) in {int, float}:
        return MismatchError(str(error).replace(f"number {value}", "number", 1))
    return error


def _integer(bits: int) -> Callable[[Any, Step | None, str], Any]:
    limit = 1 << (bits - 1)

    def rule(value: Any, path: Step | None, wanted: str) -> Any:
        if type(value) is int and -limit <= value < limit:
            return value
        raise mismatch(path, value, wanted)

    return rule


def _number(value: Any, path: Step | None, wanted: str) -> Any:
    if type(value) in {int, float}:
        return value
    raise mismatch(path, value, wanted)


def _quantity(value: Any, path: Step | None, wanted: str) -> Any:
    del path, wanted
    return _in_own_words(lambda: quantity_of(value).text)


def _time(value: Any, path: Step | None, wanted: str) -> Any:
    _string(value, path, wanted)
    return _in_own_words(lambda: format_time(parse_time(value)))


def _micro_time(value: Any, path: Step | None, wanted: str) -> Any:
    _string(value, path, wanted)
    if not _MICROSECONDS.search(value):
        text = f'parsing time "{value}" as "2006-01-02T15:04:05.000000Z07:00"'
        raise MismatchError(f"{text}: it must have six digits after the second")
    return _in_own_words(lambda: format_micro_time(parse_time(value)))


def _bytes(value: Any, path: Step | None, wanted: str) -> Any:
    _string(value, path, wanted)
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise MismatchError(f"illegal base64 data at input byte {_first_bad(value)}") from error
    return value


def _first_bad(text: str) -> int:
    """Return where base64 stops being base64."""
    for index, char in enumerate(text):
        if not (char.isascii() and (char.isalnum() or char in "+/=")):
            return index
    return len(text) // 4 * 4


def _in_own_words(parse: Callable[[], str]) -> str:
    """A type that reads itself speaks for itself when it cannot."""
    try:
        return parse()
    except ValueError as error:
        raise MismatchError(str(error)) from error


def _integer_or_string(value: Any, path: Step | None, wanted: str) -> Any:
    if type(value) is str:
        return value
    return INT32.rule(value, path, wanted)


STRING = Scalar("string", "string", _string, plain=str)
BOOLEAN = Scalar("bool", "bool", _boolean, plain=bool)
INT32 = Scalar("integer", "int32", _integer(32))
INT64 = Scalar("integer", "int64", _integer(64))
NUMBER = Scalar("number", "float64", _number)
QUANTITY = Scalar("quantity", "resource.Quantity", _quantity)
TIME = Scalar("time", "string", _time)
MICRO_TIME = Scalar("time", "string", _micro_time)
BYTES = Scalar("bytes", "[]uint8", _bytes)
INT_OR_STRING = Scalar("int-or-string", "int32", _integer_or_string)
