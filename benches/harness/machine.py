"""The machine that measured, in a line."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> str:
    """Processor, cores that this process may use, memory, system and Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = _field("/proc/meminfo", r"MemTotal:\s+(\d+) kB")
    parts = [
        _field("/proc/cpuinfo", r"model name\s*: (.*)") or platform.machine(),
        f"{cores} core{'' if cores == 1 else 's'}",
        f"{round(int(memory) / 2**20)} GiB" if memory else "",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
    ]
    return ", ".join(part for part in parts if part)


def _field(path: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    except OSError:
        return None
    return found[1].strip() if found else None
