"""Rows that the benchmarks of the Python boundary take down while pytest runs them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import table
from harness.row import Row, one_bar

if TYPE_CHECKING:
    import pytest


@dataclass(slots=True, eq=False)
class Recorder:
    """A plugin of pytest that holds the rows of a run, by the benchmark that took them down.

    A benchmark that asks for `report` and does not pass with a row of its own, for whatever reason,
    stands in the result with a row that has its name and no figure.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if "report" in getattr(item, "fixturenames", ()):
            self.rows[item.nodeid] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.unreadable.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        rows = self.result()
        if path := config.getoption("--rows"):
            fields = [row.to_json() for row in rows]
            Path(path).write_text(json.dumps(fields), encoding="utf-8")
        elif rows:
            terminalreporter.section("rows")
            terminalreporter.write_line(table.text(rows))
            terminalreporter.write_line(table.verdict(rows))

    def result(self) -> list[Row]:
        """All rows, in the order in which pytest found their benchmarks."""
        result: list[Row] = []
        for benchmark, own in self.rows.items():
            result += own
            if not own or benchmark not in self.passed:
                result.append(_not_measured(benchmark))
        return result + [_not_measured(path) for path in self.unreadable]


def _not_measured(name: str) -> Row:
    return Row(name=name, value=None, unit="")


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark gets as `report`, to take down its rows."""

    recorder: Recorder
    benchmark: str

    def row(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        reference: str | None = None,
        reference_value: float | None = None,
        ratio_at_most: float | None = None,
        ratio_at_least: float | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> Row:
        """Take down a figure; a missed bar is told in the report, and fails nothing here.

        Args:
            name: What was measured; used once in a run.
            value: The figure, in `unit`.
            unit: Of the value and of the reference's.
            reference: What it is compared with, in words.
            reference_value: The reference's figure, in `unit`.
            ratio_at_most: Bar of value / reference_value. At most one of the four bars is given.
            ratio_at_least: Bar of value / reference_value.
            at_most: Bar of the value.
            at_least: Bar of the value.

        Returns:
            The row, which knows its ratio and whether the bar holds.

        Raises:
            ValueError: The name is taken, there are two bars, a figure is not finite, or a bar of
                the ratio has no reference.
        """
        bar = one_bar(
            name,
            {
                "ratio_at_most": ratio_at_most,
                "ratio_at_least": ratio_at_least,
                "at_most": at_most,
                "at_least": at_least,
            },
        )
        if any(row.name == name for own in self.recorder.rows.values() for row in own):
            raise ValueError(f"two rows are named `{name}`")
        if bar is not None and bar.compares_ratio and reference_value is None:
            raise ValueError(f"`{name}` has a bar of its ratio: give reference_value")
        row = Row(
            name=name,
            value=float(value),
            unit=unit,
            reference=reference,
            reference_value=None if reference_value is None else float(reference_value),
            bar=bar,
        )
        self.recorder.rows.setdefault(self.benchmark, []).append(row)
        return row
