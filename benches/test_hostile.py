"""1,000,000 hostile inputs at the boundary: an error or a right answer each, and no panic.

The seed is new in each run and shown with every failure; `python -m engine.hostile` in tests/ tries
the chunk of a failure again. An input that ends its process (an abort, a stack that overflows) is
found by trying its chunk again with a trace.
"""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.hostile.run import CHUNK
from harness.recorder import Report

INPUTS = 1_000_000
PROCESSES = 2
TESTS = Path(__file__).parents[1] / "tests"
LOG = Path(__file__).parents[1] / "target" / "hostile.log"


@pytest.mark.timeout(3600)
def test_hostile_inputs(report: Report, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    each = INPUTS // CHUNK // PROCESSES
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = [
            pool.submit(failures_of, seed, part * each, each, tmp_path / f"reached-{part}")
            for part in range(PROCESSES)
        ]
    failures = [failure for part in parts for failure in part.result()]
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("\n".join(failures), encoding="utf-8")
    for failure in failures[:10]:
        print(failure)
    report.row(
        f"{INPUTS:,} hostile inputs at the boundary: panics and wrong answers",
        len(failures),
        "",
        at_most=0,
    )


def failures_of(seed: int, first: int, chunks: int, reached: Path) -> list[str]:
    """What went wrong in these chunks, the end of the process included."""
    failures = []
    end = first + chunks
    while first < end:
        ran = hostile(seed, first, end - first, f"--reached={reached}")
        if ran.returncode in {0, 1}:
            failed = ran.stdout.strip().split("\nseed ")
            return failures + [f"seed {each}".removeprefix("seed seed") for each in failed if each]
        first = int(reached.read_text("utf-8"))
        last = hostile(seed, first, 1, "--trace").stderr.strip().splitlines()
        failures.append(f"seed {seed}, chunk {first} ended its process: {last[-30:]}")
        first += 1
    return failures


def hostile(seed: int, first: int, chunks: int, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine.hostile", f"--seed={seed}", f"--first={first}"]
    return subprocess.run(
        [*command, f"--chunks={chunks}", *options],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        check=False,
        text=True,
    )
