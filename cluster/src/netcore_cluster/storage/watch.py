"""A watcher: the bounded queue between the store and one reader of its events."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from netcore_cluster.storage.entry import Entry, Event, EventType

MAX_QUEUED = 8192
"""Events that a reader may lag behind before its stream ends. A lost stream costs the reader one
list; an unbounded queue costs the server its memory."""

Match = Callable[[Entry], bool]
Sighting = tuple[EventType, Event]


class WatcherLaggedError(Exception):
    """The reader was too slow: its events are dropped, and it has to list again."""


class Watcher:
    """What one reader sees of a resource: the events of one namespace that pass one selector."""

    def __init__(self, namespace: str = "", match: Match | None = None) -> None:
        """Starts with nothing queued.

        Args:
            namespace: whose events are seen; empty for all.
            match: which objects are seen; None for all.
        """
        self._namespace = namespace
        self._match = match
        self._queue: deque[Sighting] = deque()
        self._arrived = asyncio.Event()
        self._has_lagged = False

    @property
    def is_caught_up(self) -> bool:
        """Whether the reader has taken everything that the store has published."""
        return not self._queue

    def sees(self, event: Event) -> EventType | None:
        """Returns what the event is to this watcher: objects enter and leave its selector."""
        if self._namespace and event.entry.namespace != self._namespace:
            return None
        match = self._match
        if match is None:
            return event.type
        is_seen = event.type is not EventType.DELETED and match(event.entry)
        was_seen = event.previous is not None and match(event.previous)
        if is_seen:
            return EventType.MODIFIED if was_seen else EventType.ADDED
        return EventType.DELETED if was_seen else None

    def offer(self, events: Iterable[Event]) -> None:
        """Queues those of the events that the watcher sees."""
        if self._has_lagged:
            return
        queue = self._queue
        before = len(queue)
        for event in events:
            seen = self.sees(event)
            if seen is not None:
                queue.append((seen, event))
        if len(queue) > MAX_QUEUED:
            self._has_lagged = True
            queue.clear()
            self._arrived.set()
        elif len(queue) > before:
            self._arrived.set()

    async def take(self) -> list[Sighting]:
        """Waits for events and returns all that are queued.

        Raises:
            WatcherLaggedError: the reader fell too far behind.
        """
        await self._arrived.wait()
        self._arrived.clear()
        if self._has_lagged:
            raise WatcherLaggedError
        taken = list(self._queue)
        self._queue.clear()
        return taken
