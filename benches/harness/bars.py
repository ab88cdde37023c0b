"""bars.toml: which of the core's benchmarks make which rows, and their bars."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.row import Bar, Row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REQUIRED = ("name", "value", "unit")
OPTIONAL = ("reference", "means", "bar")
# Nanoseconds, which criterion tells, in each unit that a row may have.
NANOSECONDS = {"ns": 1.0, "µs": 1e3, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreRow:
    """A row of bars.toml: benchmarks by their criterion ids."""

    name: str
    value: str
    unit: str
    reference: str | None = None
    means: str | None = None
    bar: Bar | None = None

    def measured(self, medians_ns: Mapping[str, float]) -> Row:
        """The row with its figures, missing where the benchmark is."""
        return Row(
            name=self.name,
            value=self._figure(self.value, medians_ns),
            unit=self.unit,
            reference=self.means or self.reference,
            reference_value=self._figure(self.reference, medians_ns),
            bar=self.bar,
        )

    def _figure(self, benchmark: str | None, medians_ns: Mapping[str, float]) -> float | None:
        if benchmark is None or benchmark not in medians_ns:
            return None
        return medians_ns[benchmark] / NANOSECONDS[self.unit]


def load(path: Path) -> list[CoreRow]:
    """The rows in the file's order.

    Raises:
        ValueError: The file is not what it must be; the message names the row and the key.
    """
    document = tomllib.loads(path.read_text())
    for key in document:
        if key != "row":
            raise ValueError(f"{path.name}: unknown key `{key}`: only [[row]] is known")
    rows = [_row(f"{path.name}: row {n}", row) for n, row in enumerate(document.get("row", []), 1)]
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{path.name}: two rows are named `{name}`")
    return rows


def _row(where: str, fields: dict[str, Any]) -> CoreRow:
    where = f"{where} (`{fields['name']}`)" if "name" in fields else where
    for key in REQUIRED:
        if key not in fields:
            raise ValueError(f"{where} lacks `{key}`")
    for key, value in fields.items():
        if key not in REQUIRED + OPTIONAL:
            known = ", ".join(REQUIRED + OPTIONAL)
            raise ValueError(f"{where} has an unknown key `{key}`: known are {known}")
        if key != "bar" and not isinstance(value, str):
            raise ValueError(f"{where}: `{key}` is {value!r}, not a string")
    if fields["unit"] not in NANOSECONDS:
        units = ", ".join(NANOSECONDS)
        raise ValueError(f"{where}: `unit` is `{fields['unit']}`, not one of {units}")
    bar = _bar(where, fields["bar"]) if "bar" in fields else None
    if bar is not None and bar.compares_ratio and "reference" not in fields:
        raise ValueError(f"{where}: `bar` compares with a `reference`, which it lacks")
    return CoreRow(**{**fields, "bar": bar})


def _bar(where: str, bar: Any) -> Bar:
    if not isinstance(bar, dict) or len(bar) != 1:
        raise ValueError(f"{where}: `bar` is {bar!r}, not a table with one limit")
    try:
        return Bar(*next(iter(bar.items())))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None
