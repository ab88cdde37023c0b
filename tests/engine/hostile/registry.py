"""The table of what is tried, and how often each part of it."""

from collections.abc import Callable

from engine.hostile.case import Case
from engine.hostile.values import Source
from engine.hostile.world import World

Surface = Callable[[Source, World], Case]
SURFACES: list[Surface] = []


def surface(weight: int) -> Callable[[Surface], Surface]:
    """Draw this one `weight` times as often as one of weight 1."""

    def enlist(function: Surface) -> Surface:
        SURFACES.extend([function] * weight)
        return function

    return enlist
