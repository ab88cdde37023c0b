"""Which keys to look at, and when; pure.

A key is worked on by one worker at a time, stands in the queue once however often it was added, and
comes again if it was added while a worker had it. A key that failed waits twice as long after each
failure. One that was worked on rests for as long as its worker says, whatever happens meanwhile: so
a key which changes a thousand times a second (the ReplicaSet of a thousand starting pods) takes a
bounded share of the processor.
"""

from collections.abc import Hashable
from heapq import heappop, heappush
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

# Rests that are over are forgotten when so many are known.
_MOST_RESTS: Final = 10_000


class KeyedQueue(Generic[K]):
    """Keys to work on; every time is in seconds of one clock, handed in."""

    def __init__(
        self,
        *,
        first_backoff_s: float = 0.005,
        longest_backoff_s: float = 30.0,
    ) -> None:
        """Starts empty.

        Args:
            first_backoff_s: How long a key waits after its first failure; doubles with each one.
            longest_backoff_s: How long it waits at most.
        """
        self._first_backoff_s: Final = first_backoff_s
        self._longest_backoff_s: Final = longest_backoff_s
        self._ready: dict[K, None] = {}
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._pushes = 0
        self._running: set[K] = set()
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._rest_until: dict[K, float] = {}

    def __len__(self) -> int:
        """Keys that wait for a worker or for their time."""
        return len(self._ready) + len(self._due) + len(self._again)

    def add(self, key: K, now: float) -> None:
        """Have a key looked at as soon as it has rested."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._ready:
            rest_until = self._rest_until.get(key, 0.0)
            if rest_until > now:
                self._put_off(key, rest_until)
            else:
                self._rest_until.pop(key, None)
                self._due.pop(key, None)
                self._ready[key] = None

    def add_at(self, key: K, due: float) -> None:
        """Have a key looked at no later than `due`; an earlier time stands."""
        if key not in self._ready:
            self._put_off(key, due)

    def take(self, now: float) -> K | None:
        """The next key to work on, which is the caller's until `finish`; None where none is due."""
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key, now)
        if not self._ready:
            return None
        key = next(iter(self._ready))
        del self._ready[key]
        self._running.add(key)
        return key

    def finish(self, key: K, now: float, *, rest_s: float = 0.0, failed: bool = False) -> None:
        """Give a key back; it is not taken again before it has rested."""
        self._running.discard(key)
        if failed:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            wait_s = self._first_backoff_s * 2 ** min(failures - 1, 30)
            self._put_off(key, now + min(wait_s, self._longest_backoff_s))
        else:
            self._failures.pop(key, None)
        if rest_s > 0:
            if len(self._rest_until) >= _MOST_RESTS:
                self._rest_until = {k: due for k, due in self._rest_until.items() if due > now}
            self._rest_until[key] = now + rest_s
        if key in self._again:
            self._again.discard(key)
            self.add(key, now)

    def failures(self, key: K) -> int:
        """How often in a row a key has failed."""
        return self._failures.get(key, 0)

    def next_due(self) -> float | None:
        """When the next waiting key comes due; None where none waits. Ready keys do not count."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _put_off(self, key: K, due: float) -> None:
        known = self._due.get(key)
        if known is None or due < known:
            self._due[key] = due
            self._pushes += 1
            heappush(self._heap, (due, self._pushes, key))
