"""What was refused: counted by reason, told once a minute with its origin."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

_TELL_EVERY_S: Final = 60.0
# Origins told apart in one minute; whoever invents names must not fill our memory.
_MAX_ORIGINS: Final = 256


@dataclass(frozen=True, slots=True)
class Rejected:
    """A minute's refusals of one kind.

    Attributes:
        reason: Short name, as in the metrics.
        origin: Node or address that it came from.
        count: How many.
        example: What was wrong with the last one.
    """

    reason: str
    origin: str
    count: int
    example: str


class Rejections:
    """Counts by reason, and what has not been told yet.

    Attributes:
        totals: Since the start, by reason.
    """

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self._untold: dict[tuple[str, str], tuple[int, str]] = {}
        self._told_s = float("-inf")

    def add(self, reason: str, *, origin: str, example: str) -> None:
        """Count one."""
        self.totals[reason] += 1
        key = (reason, origin)
        if key not in self._untold and len(self._untold) >= _MAX_ORIGINS:
            key = (reason, "others")
        count, _ = self._untold.get(key, (0, ""))
        self._untold[key] = (count + 1, example)

    def tell(self, now_s: float) -> list[Rejected]:
        """Return what gathered since the last telling, if that was a minute ago."""
        if not self._untold or now_s - self._told_s < _TELL_EVERY_S:
            return []
        self._told_s = now_s
        told = [
            Rejected(reason, origin, *self._untold[reason, origin])
            for reason, origin in sorted(self._untold)
        ]
        self._untold.clear()
        return told
