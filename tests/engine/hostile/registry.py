"""The table of what is tried, and how often each part of it."""

from collections import Counter
from collections.abc import Callable

from engine.hostile.case import Case
from engine.hostile.values import Source
from engine.hostile.world import World

Surface = Callable[[Source, World], Case]
SURFACES: list[Surface] = []
# How often each entry of the package is drawn, by its name in the stubs.
ENTRIES: Counter[str] = Counter()


def surface(entry: str, *, weight: int = 1) -> Callable[[Surface], Surface]:
    """Draw this one, which tries an entry, `weight` times as often as one of weight 1.

    What takes one kind of argument has weight 1; what takes several kinds has one for each.
    """

    def enlist(function: Surface) -> Surface:
        SURFACES.extend([function] * weight)
        ENTRIES[entry] += weight
        return function

    return enlist
