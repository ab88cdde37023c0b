"""Resource quantities: exact decimal numbers with a suffix, such as `500m`, `1.5Gi` or `2e3`.

A value is held as a whole number of billionths, which is the finest step that the API keeps;
nothing here is ever a float. The canonical text of a value is the one that the API stores and
shows: no fraction, the largest suffix that loses nothing.

Source: the grammar in the description of `resource.Quantity` in the Kubernetes API reference.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_TEXT = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]*))?|\.(?P<only_part>[0-9]+))"
    r"(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"
)
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_NAMES = ("", *_BINARY)
_DECIMAL_NAMES = {0: "", **{power: suffix for suffix, power in _DECIMAL.items()}}

NANO_DIGITS = 9
NANOS = 10**NANO_DIGITS
LARGEST = (2**63 - 1) * NANOS

MALFORMED = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


class QuantityError(ValueError):
    """A text that is no quantity."""

    def __init__(self) -> None:
        super().__init__(MALFORMED)


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A parsed quantity, ordered by its value.

    Attributes:
        nanos: the value in billionths, rounded away from zero, within ±(2**63 - 1).
        text: the canonical text.
    """

    nanos: int
    text: str


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Quantity:
    """Return the quantity that `text` spells.

    Raises:
        QuantityError: it spells none.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise QuantityError
    suffix = match["suffix"] or ""
    part = match["part"] or match["only_part"] or ""
    digits = int((match["whole"] or "") + part)
    power, factor = NANO_DIGITS - len(part), 1
    if suffix in _BINARY:
        factor = 1024 ** _BINARY[suffix]
    elif suffix in _DECIMAL:
        power += _DECIMAL[suffix]
    elif suffix:
        power += max(-64, min(64, int(suffix[1:])))
    digits *= factor
    nanos = digits * 10**power if power >= 0 else _up(digits, 10**-power)
    nanos = min(nanos, LARGEST)
    if match["sign"] == "-":
        nanos = -nanos
    style = "binary" if suffix in _BINARY else "exponent" if suffix[1:] else "decimal"
    return Quantity(nanos, _canonical(nanos, style))


def quantity_of(value: Any) -> Quantity:
    """Return the quantity of a JSON value, which may be a text or a number.

    Raises:
        QuantityError: the value is no quantity.
    """
    if isinstance(value, str):
        return parse_quantity(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return parse_quantity(repr(value))
    raise QuantityError


def milli_value(value: Any) -> int:
    """Return a quantity in thousandths, rounded up."""
    return _up(quantity_of(value).nanos, NANOS // 1000)


def whole_value(value: Any) -> int:
    """Return a quantity in units, rounded up."""
    return _up(quantity_of(value).nanos, NANOS)


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _canonical(nanos: int, style: str) -> str:
    if nanos == 0:
        return "0"
    sign, size = ("-", -nanos) if nanos < 0 else ("", nanos)
    if style == "binary":
        units, rest = divmod(size, NANOS)
        if rest == 0 and units >= 1024:
            power = 0
            while units % 1024 == 0 and power < len(_BINARY_NAMES) - 1:
                units //= 1024
                power += 1
            return f"{sign}{units}{_BINARY_NAMES[power]}"
    power = -NANO_DIGITS
    while size % 1000 == 0 and power < 18:
        size //= 1000
        power += 3
    if style == "exponent":
        return f"{sign}{size}" if power == 0 else f"{sign}{size}e{power}"
    return f"{sign}{size}{_DECIMAL_NAMES[power]}"
