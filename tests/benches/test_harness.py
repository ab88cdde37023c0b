"""The harness of the benchmarks: what it reads, judges and must never hide."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import bars, criterion, table, timing
from harness.row import Bar, Row

BENCHES = Path(__file__).parents[2] / "benches"


def row(value=2.0, reference_value=4.0, bar=None, name="a"):
    return Row(
        name=name,
        value=value,
        unit="µs",
        reference="stream",
        reference_value=reference_value,
        bar=bar,
    )


@pytest.mark.parametrize(
    ("bar", "holds"),
    [
        (Bar("ratio_at_most", 0.5), True),
        (Bar("ratio_at_most", 0.49), False),
        (Bar("ratio_at_least", 0.5), True),
        (Bar("ratio_at_least", 0.51), False),
        (Bar("at_most", 2), True),
        (Bar("at_most", 1.99), False),
        (Bar("at_least", 2), True),
        (Bar("at_least", 2.01), False),
        (None, None),
    ],
)
def test_a_bar_is_of_the_value_or_of_its_ratio(bar, holds) -> None:
    own = row(bar=bar)
    assert own.ratio == 0.5
    assert own.holds is holds
    assert not own.is_missing
    assert Row.from_json(json.loads(json.dumps(own.to_json()))) == own


def test_what_was_not_measured_neither_holds_nor_passes() -> None:
    for missing in (
        row(value=None, bar=Bar("at_most", 9)),
        row(value=None),
        row(reference_value=None, bar=Bar("ratio_at_most", 9)),
    ):
        assert missing.is_missing
        assert missing.holds is None
        assert not table.all_hold([missing])
        assert "not measured" in table.text([missing])
    # The limit of the value needs no reference.
    assert row(reference_value=None, bar=Bar("at_most", 2)).holds


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_is_finite(figure) -> None:
    with pytest.raises(ValueError, match=r"value of `a` is .*, not a finite number"):
        row(value=figure)
    with pytest.raises(ValueError, match="reference_value of `a`"):
        row(reference_value=figure)


def test_the_verdict_names_what_is_missed_and_missing() -> None:
    rows = [
        row(bar=Bar("at_most", 1), name="slow"),
        row(bar=Bar("at_most", 9), name="fast"),
        row(value=None, bar=Bar("at_most", 9), name="gone"),
        row(name="told"),
    ]
    assert table.verdict(rows).splitlines() == [
        "1 of 3 bars missed: slow",
        "1 of 4 rows not measured: gone",
    ]
    assert table.verdict(rows[1:2]) == "all 1 bars hold"
    assert not table.all_hold(rows[:1])
    assert table.all_hold([rows[1], rows[3]])
    lines = table.text(rows).splitlines()
    assert lines[1].split() == ["slow", "2", "µs", "stream:", "4", "µs", "0.5", "≤", "1", "NO"]
    assert lines[3].split()[:2] == ["gone", "missing"]
    assert table.markdown(rows).splitlines()[2].startswith("| slow | 2 µs | stream: 4 µs | 0.5 |")


def test_a_row_of_the_core_reads_its_benchmarks(tmp_path) -> None:
    path = tmp_path / "bars.toml"
    path.write_text(
        """
        [[row]]
        name = "batch"
        value = "all_pairs/batch"
        unit = "µs"
        reference = "all_pairs/stream"
        means = "streaming the bytes"
        bar = { ratio_at_most = 1.3 }

        [[row]]
        name = "bind"
        value = "bind/one"
        unit = "ms"
        """
    )
    batch, bind = bars.load(path)
    measured = batch.measured({"all_pairs/batch": 2600.0, "all_pairs/stream": 2000.0})
    assert (measured.value, measured.reference_value, measured.holds) == (2.6, 2.0, True)
    assert measured.reference == "streaming the bytes"
    assert batch.measured({"all_pairs/batch": 2600.0}).is_missing
    assert bind.measured({"bind/one": 1.5e6}).value == 1.5
    assert bind.measured({}).is_missing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rows]]\nname = 'a'", "unknown key `rows`"),
        ("[[row]]\nname = 'a'\nunit = 's'", r"row 1 \(`a`\) lacks `value`"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nlimit=1", "unknown key `limit`"),
        ("[[row]]\nname='a'\nvalue=1\nunit='s'", "`value` is 1, not a string"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='h'", "`unit` is `h`"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nbar=1", "`bar` is 1"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nbar={at_mots=1}", "bar `at_mots` is none of"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nbar={at_most='1'}", "limit of `at_most` is '1'"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nbar={at_most=nan}", "not a finite number"),
        ("[[row]]\nname='a'\nvalue='b'\nunit='s'\nbar={ratio_at_most=1}", "lacks"),
        (2 * "[[row]]\nname='a'\nvalue='b'\nunit='s'\n", "two rows are named `a`"),
    ],
)
def test_a_mistake_in_the_bars_is_named(tmp_path, text, message) -> None:
    path = tmp_path / "bars.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        bars.load(path)


def test_the_committed_bars_are_well_formed() -> None:
    bars.load(BENCHES / "bars.toml")


def benchmark(results: Path, full_id: str, median_ns: float, at: float) -> None:
    directory = results / full_id.replace("/", "_") / "new"
    directory.mkdir(parents=True)
    (directory / "benchmark.json").write_text(json.dumps({"full_id": full_id}))
    estimates = directory / "estimates.json"
    estimates.write_text(json.dumps({"median": {"point_estimate": median_ns}}))
    os.utime(estimates, (at, at))


def test_criterion_is_read_by_whole_ids_and_old_results_are_not(tmp_path) -> None:
    benchmark(tmp_path, "network/new", 7.5, at=2000.0)
    benchmark(tmp_path, "network/old", 9.5, at=1000.0)
    assert criterion.medians_ns(tmp_path) == {"network/new": 7.5, "network/old": 9.5}
    assert criterion.medians_ns(tmp_path, since=1500.0) == {"network/new": 7.5}
    assert criterion.medians_ns(tmp_path / "absent") == {}


def test_criterion_writes_where_cargo_builds(tmp_path) -> None:
    assert criterion.directory(tmp_path, {}) == tmp_path / "target/criterion"
    elsewhere = {"CARGO_TARGET_DIR": "/elsewhere"}
    assert criterion.directory(tmp_path, elsewhere) == Path("/elsewhere/criterion")


def test_ways_are_timed_in_turns() -> None:
    order = []
    first, second = timing.in_turns(
        lambda: order.append(1), lambda: order.append(2), rounds=5, warmups=2
    )
    assert order == [1, 2] * 7
    assert len(first.rounds_s) == len(second.rounds_s) == 5
    times = timing.Times((3.0, 1.0, 2.0, 10.0))
    assert (times.median_s, times.least_s) == (2.5, 1.0)
    assert [times.percentile_s(percent) for percent in (1, 50, 75, 99)] == [1.0, 2.0, 3.0, 10.0]


def test_a_benchmark_that_fails_or_does_not_run_has_its_row(tmp_path) -> None:
    shutil.copy(BENCHES / "conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(
        """
import pytest

def test_passes(report):
    assert report.row("fast", 1, "s", reference="slow", reference_value=2, ratio_at_most=0.4)
    with pytest.raises(ValueError, match="two rows are named `fast`"):
        report.row("fast", 1, "s")
    with pytest.raises(ValueError, match="give reference_value"):
        report.row("alone", 1, "s", ratio_at_most=1)
    with pytest.raises(ValueError, match="has 2 bars"):
        report.row("twice", 1, "s", at_most=1, at_least=1)

def test_fails(report):
    report.row("half", 1, "s", at_most=1)
    raise RuntimeError

def test_skips(report):
    pytest.skip("no data")

def test_without_rows(report): pass

def test_deselected(report): pass

def test_of_no_report(): pass
"""
    )
    (tmp_path / "test_unreadable.py").write_text("import nothing_of_this_name")
    written = tmp_path / "rows.json"
    arguments = ["-k", "not deselected", "--continue-on-collection-errors", f"--rows={written}"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--import-mode=importlib", tmp_path, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(BENCHES)},
        capture_output=True,
        check=False,
        text=True,
    )
    rows = [Row.from_json(fields) for fields in json.loads(written.read_text())]
    assert [(row.name, row.value, row.holds) for row in rows] == [
        ("fast", 1.0, False),
        ("half", 1.0, True),
        ("test_some.py::test_fails", None, None),
        ("test_some.py::test_skips", None, None),
        ("test_some.py::test_without_rows", None, None),
        ("test_some.py::test_deselected", None, None),
        ("test_unreadable.py", None, None),
    ], ran.stdout
