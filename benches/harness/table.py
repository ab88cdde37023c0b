"""The rows for a reader: aligned text, Markdown, and a closing line that hides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.row import Row

HEADER = ("name", "value", "reference", "ratio", "bar", "holds")
NUMBERS = (1, 3)


def text(rows: Sequence[Row]) -> str:
    """A table for a terminal."""
    cells = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def markdown(rows: Sequence[Row]) -> str:
    """A table for a page."""
    rule = ["--:" if column in NUMBERS else "---" for column in range(len(HEADER))]
    lines = [HEADER, rule, *(_cells(row) for row in rows)]
    escaped = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def verdict(rows: Sequence[Row]) -> str:
    """How many bars are missed and which; how many figures were not measured and which."""
    barred = [row for row in rows if row.bar is not None]
    missed = [row.name for row in barred if row.holds is False]
    missing = [row.name for row in rows if row.is_missing]
    parts = []
    if missed:
        parts.append(f"{len(missed)} of {len(barred)} bars missed: {'; '.join(missed)}")
    if missing:
        parts.append(f"{len(missing)} of {len(rows)} rows not measured: {'; '.join(missing)}")
    return "\n".join(parts) or f"all {len(barred)} bars hold"


def all_hold(rows: Sequence[Row]) -> bool:
    """Whether each row was measured and each bar is reached."""
    return all(row.holds is not False and not row.is_missing for row in rows)


def _cells(row: Row) -> tuple[str, ...]:
    value = "missing" if row.value is None else f"{_number(row.value)} {row.unit}".rstrip()
    return (
        row.name,
        value,
        _reference(row),
        "" if row.ratio is None else f"{row.ratio:.3g}",
        "" if row.bar is None else str(row.bar),
        _holds(row),
    )


def _reference(row: Row) -> str:
    what = row.reference or ""
    if row.reference_value is not None:
        return f"{what}: {_number(row.reference_value)} {row.unit}".removeprefix(": ").rstrip()
    return f"{what}: missing" if what and row.is_missing and row.value is not None else what


def _holds(row: Row) -> str:
    if row.is_missing:
        return "not measured"
    return {True: "yes", False: "NO", None: ""}[row.holds]


def _number(figure: float) -> str:
    if abs(figure) >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"
