"""Run the benchmarks of the core and of the Python boundary, and report both in one list.

python benches                   everything; benches/report.json and a table
python benches --strict          fail if a bar is missed or a row was not measured
python benches --document        also fill in the table of docs/performance.md
python benches --report-only     show benches/report.json again, without a run
python benches -k plan           other arguments are pytest's
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import bars, criterion, machine, table
from harness.row import Row

BENCHES = Path(__file__).resolve().parent
PROJECT = BENCHES.parent
REPORT = BENCHES / "report.json"
PAGE = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->"
# Where a benchmark sets nothing else: criterion's own defaults would take ten times as long.
QUICK = ("--noplot", "--warm-up-time=0.5", "--measurement-time=1.5", "--sample-size=30")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python benches", description="Run the benchmarks.")
    parser.add_argument("--strict", action="store_true", help="fail if a bar is missed")
    parser.add_argument("--document", action="store_true", help=f"fill in {PAGE.name}")
    parser.add_argument("--report-only", action="store_true", help="show the last report again")
    parser.add_argument("--only", choices=["core", "boundary"], help="run one of the two halves")
    options, for_pytest = parser.parse_known_args(arguments)
    # A mistake in it must show before minutes of measuring, not after.
    core = bars.load(BENCHES / "bars.toml")
    broken = False
    if options.report_only:
        rows = [Row.from_json(fields) for fields in json.loads(REPORT.read_text("utf-8"))]
    else:
        started = time.time()
        ran = options.only in {None, "core"}
        broken |= ran and measure_core() != 0
        medians_ns = criterion.medians_ns(criterion.directory(PROJECT), since=started)
        rows = [row.measured(medians_ns) for row in core]
        if options.only in {None, "boundary"}:
            at_boundary, status = measure_boundary(for_pytest)
            broken |= status != 0
            rows += at_boundary
        REPORT.write_text(
            json.dumps([row.to_json() for row in rows], indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
    print(f"\n{machine.describe()}\n\n{table.text(rows)}\n\n{table.verdict(rows)}")
    if options.document:
        document(rows)
    if broken:
        print("a benchmark failed: see above", file=sys.stderr)
    return int(broken or (options.strict and not table.all_hold(rows)))


def measure_core() -> int:
    """Criterion over the core; its files hold the figures."""
    command = ["cargo", "bench", "-p", "netcore-core", "--locked", "--quiet", "--no-fail-fast"]
    return subprocess.run([*command, "--", *QUICK], cwd=PROJECT, check=False).returncode


def measure_boundary(arguments: list[str]) -> tuple[list[Row], int]:
    """Pytest over benches/, and the rows that its benchmarks took down."""
    paths = [argument for argument in arguments if Path(argument.partition("::")[0]).exists()]
    with tempfile.TemporaryDirectory() as directory:
        written = Path(directory) / "rows.json"
        command = [sys.executable, "-m", "pytest", *([] if paths else [str(BENCHES)])]
        status = subprocess.run(
            [*command, f"--rows={written}", *arguments], cwd=PROJECT, check=False
        ).returncode
        if not written.exists():
            return [Row(name="the Python boundary", value=None, unit="")], status or 1
        return [Row.from_json(row) for row in json.loads(written.read_text("utf-8"))], status


def document(rows: list[Row]) -> None:
    """Put the results between the page's markers."""
    before, begin, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} lacks its markers {BEGIN.strip()} and {END}")
    measured = f"`make bench` on {machine.describe()}, {time.strftime('%Y-%m-%d', time.gmtime())}:"
    results = f"\n{measured}\n\n{table.markdown(rows)}\n\n{table.verdict(rows)}\n\n"
    PAGE.write_text(before + begin + results + end + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
