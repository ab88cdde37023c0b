"""What criterion measured, from the files that it leaves in the target directory."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def directory(project: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where criterion writes: beside what cargo builds."""
    return project / environment.get("CARGO_TARGET_DIR", "target") / "criterion"


def medians_ns(results: Path, *, since: float = 0.0) -> dict[str, float]:
    """The median time in nanoseconds of each benchmark, by its whole id.

    Args:
        results: Criterion's directory.
        since: Unix time; what was measured before is left out, so that an old result never stands
            for a benchmark that did not run.
    """
    medians = {}
    for described in sorted(results.glob("**/new/benchmark.json")):
        estimates = described.with_name("estimates.json")
        if not estimates.exists() or estimates.stat().st_mtime < since:
            continue
        benchmark = json.loads(described.read_text())["full_id"]
        medians[benchmark] = json.loads(estimates.read_text())["median"]["point_estimate"]
    return medians
