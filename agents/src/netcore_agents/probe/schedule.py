"""When to probe whom: spread evenly, never in step with anybody else.

Probes that leave together queue behind each other at the sender, the link and the reflector, and
then measure nothing but themselves. So each peer has a phase of its own within the interval, and
each probe deviates from its beat a little, at random.
"""

import heapq
import random
from collections.abc import Iterable
from typing import Final

# Share of the interval by which a probe may come early or late.
_JITTER: Final = 0.1


class Schedule:
    """The beats of all peers. Times are seconds of one monotonic clock.

    Args:
        interval_s: Between two probes to the same peer.
        seed: Of the phases and deviations.
    """

    def __init__(self, *, interval_s: float, seed: int) -> None:
        self._interval_s = interval_s
        self._random = random.Random(seed)
        self._beats: dict[str, float] = {}
        self._due: list[tuple[float, str]] = []

    def assign(self, peers: Iterable[str], now_s: float) -> None:
        """Probe these peers from now on: known ones keep their beat, new ones begin within one."""
        wanted = set(peers)
        for peer in set(self._beats) - wanted:
            del self._beats[peer]
        fresh = sorted(wanted - set(self._beats))
        self._random.shuffle(fresh)
        for place, peer in enumerate(fresh):
            phase = (place + self._random.random()) / len(fresh)
            self._beats[peer] = now_s + phase * self._interval_s
        self._due = [(beat, peer) for peer, beat in self._beats.items()]
        heapq.heapify(self._due)

    def next_s(self) -> float | None:
        """When the next probe is due; None without peers."""
        return self._due[0][0] if self._due else None

    def due(self, now_s: float) -> str | None:
        """Take the peer that is due, or None. Beats that were missed are skipped, not made up."""
        if not self._due or self._due[0][0] > now_s:
            return None
        _, peer = self._due[0]
        missed = int((now_s - self._beats[peer]) / self._interval_s)
        beat = self._beats[peer] + (max(missed, 0) + 1) * self._interval_s
        self._beats[peer] = beat
        deviation = self._random.uniform(-_JITTER, _JITTER) * self._interval_s
        heapq.heapreplace(self._due, (beat + deviation, peer))
        return peer
