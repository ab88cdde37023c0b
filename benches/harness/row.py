"""A measured figure, what it is compared with, and whether its bar holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["ratio_at_most", "ratio_at_least", "at_most", "at_least"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WORDS = {
    "ratio_at_most": "ratio ≤",
    "ratio_at_least": "ratio ≥",
    "at_most": "≤",
    "at_least": "≥",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What a row must reach: a limit of its value, or of its ratio to the reference."""

    kind: Kind
    limit: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"bar `{self.kind}` is none of {', '.join(KINDS)}")
        if isinstance(self.limit, bool) or not isinstance(self.limit, int | float):
            raise TypeError(f"the limit of `{self.kind}` is {self.limit!r}, not a number")
        if not math.isfinite(self.limit):
            raise ValueError(f"the limit of `{self.kind}` is {self.limit}, not a finite number")

    def __str__(self) -> str:
        return f"{WORDS[self.kind]} {self.limit:g}"

    @property
    def compares_ratio(self) -> bool:
        """Whether the limit is one of the ratio."""
        return self.kind.startswith("ratio_")

    def holds(self, figure: float) -> bool:
        """Whether a value or ratio reaches it; the limit itself does."""
        return figure <= self.limit if self.kind.endswith("at_most") else figure >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report.

    Args:
        name: What was measured; one of its kind in a report.
        value: The figure in `unit`, None if its benchmark did not run.
        unit: Of the value and of the reference's.
        reference: What the reference is, in words.
        reference_value: The reference's figure in `unit`, None if its benchmark did not run.
        bar: What must be reached, None for a figure that is only told.
    """

    name: str
    value: float | None
    unit: str
    reference: str | None = None
    reference_value: float | None = None
    bar: Bar | None = None

    def __post_init__(self) -> None:
        for what, figure in (("value", self.value), ("reference_value", self.reference_value)):
            if figure is not None and not math.isfinite(figure):
                raise ValueError(f"{what} of `{self.name}` is {figure}, not a finite number")
        if self.reference_value == 0:
            raise ValueError(f"reference_value of `{self.name}` is 0: there is no ratio to it")

    @property
    def ratio(self) -> float | None:
        """The value in units of the reference's."""
        if self.value is None or self.reference_value is None:
            return None
        return self.value / self.reference_value

    @property
    def is_missing(self) -> bool:
        """Whether what the row tells, or what its bar judges, was not measured."""
        judged_by_ratio = self.bar is not None and self.bar.compares_ratio
        return self.value is None or (judged_by_ratio and self.ratio is None)

    @property
    def holds(self) -> bool | None:
        """Whether the bar is reached; None without a bar or without a figure."""
        if self.bar is None:
            return None
        figure = self.ratio if self.bar.compares_ratio else self.value
        return None if figure is None else self.bar.holds(figure)

    def to_json(self) -> dict[str, Any]:
        """The row as report.json has it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "reference": self.reference,
            "reference_value": self.reference_value,
            "ratio": self.ratio,
            "bar": None if self.bar is None else {self.bar.kind: self.bar.limit},
            "holds": self.holds,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Row:
        """The row that `to_json` wrote."""
        bar = fields["bar"]
        return cls(
            name=fields["name"],
            value=fields["value"],
            unit=fields["unit"],
            reference=fields["reference"],
            reference_value=fields["reference_value"],
            bar=None if bar is None else Bar(*next(iter(bar.items()))),
        )


def one_bar(name: str, limits: dict[Kind, float | None]) -> Bar | None:
    """The only limit that was given, if any.

    Raises:
        ValueError: More than one was given.
    """
    given = [Bar(kind, limit) for kind, limit in limits.items() if limit is not None]
    if len(given) > 1:
        raise ValueError(f"`{name}` has {len(given)} bars: make a row of each")
    return given[0] if given else None
