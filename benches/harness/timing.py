"""Times of two or more ways to do one thing, measured in turns.

In turns, because the machine's mood (other processes, clock rates) then strikes each alike: the
ratio of their medians is worth far more than either time.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that each round took."""

    rounds_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """Half of the rounds took no longer."""
        return statistics.median(self.rounds_s)

    @property
    def least_s(self) -> float:
        """The quickest round."""
        return min(self.rounds_s)

    def percentile_s(self, percent: float) -> float:
        """The least time that `percent` of the rounds did not exceed."""
        rank = max(1, -(-len(self.rounds_s) * percent // 100))
        return sorted(self.rounds_s)[int(rank) - 1]


def in_turns(*ways: Callable[[], object], rounds: int, warmups: int = 1) -> list[Times]:
    """Time each way once a round, one after the other.

    Args:
        ways: What to time.
        rounds: How often each is timed, at least 1.
        warmups: Rounds before, which do not count.

    Returns:
        The times of each way, in the order given.
    """
    taken: list[list[float]] = [[] for _ in ways]
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(warmups + rounds):
            for way, times in zip(ways, taken, strict=True):
                started = time.perf_counter()
                way()
                took_s = time.perf_counter() - started
                if turn >= warmups:
                    times.append(took_s)
    finally:
        if collecting:
            gc.enable()
    return [Times(tuple(times)) for times in taken]
