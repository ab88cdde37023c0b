"""The recent events of one resource: what a watch resumes from and a paged list reads back to."""

from collections import deque

from netcore_cluster.storage.entry import Event

MIN_EVENTS = 100
MAX_EVENTS = 102_400
MAX_BYTES = 64 << 20
HOT_EVENTS = 512
"""Events whose objects stay parsed: those that watchers are being told of."""

FRESH_S = 75.0
"""How long events are kept at least, within the other limits.

Source: kubernetes apiserver ``storage/cacher/watch_cache.go`` (eventFreshDuration, capacities).
"""


class HistoryLostError(Exception):
    """The history does not reach back to the revision that was asked for.

    Attributes:
        oldest: the oldest revision that can be asked for.
    """

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")
        self.oldest = oldest


class History:
    """A ring of events, complete after `compacted`.

    It always holds the last `MIN_EVENTS`; beyond that, events of the last `FRESH_S` seconds, up
    to `MAX_EVENTS` and `MAX_BYTES`.
    """

    def __init__(self, revision: int) -> None:
        """Starts empty; everything after `revision` will be in it."""
        self.compacted = revision
        self._events: deque[Event] = deque()
        self._bytes = 0

    def append(self, event: Event) -> None:
        """Adds the newest event and drops what is too old to keep."""
        self._events.append(event)
        self._bytes += _size(event)
        if len(self._events) > HOT_EVENTS:
            self._events[-HOT_EVENTS - 1].cool()
        while len(self._events) > MIN_EVENTS and (
            self._events[0].observed_s < event.observed_s - FRESH_S
            or len(self._events) > MAX_EVENTS
            or self._bytes > MAX_BYTES
        ):
            self._drop_oldest()

    def since(self, revision: int) -> list[Event]:
        """Returns the events after a revision, oldest first.

        Raises:
            HistoryLostError: some of them are gone.

        Complexity: linear in the events returned.
        """
        if revision < self.compacted:
            raise HistoryLostError(revision, self.compacted)
        found = []
        for event in reversed(self._events):
            if event.revision <= revision:
                break
            found.append(event)
        found.reverse()
        return found

    def compact(self, revision: int) -> None:
        """Drops the events up to and including a revision."""
        while self._events and self._events[0].revision <= revision:
            self._drop_oldest()
        self.compacted = max(self.compacted, revision)

    def _drop_oldest(self) -> None:
        event = self._events.popleft()
        self._bytes -= _size(event)
        self.compacted = event.revision


def _size(event: Event) -> int:
    return len(event.previous.encoded) if event.previous is not None else 0
