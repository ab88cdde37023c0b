"""The store: the storage core with its clock, its disk and its watchers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from netcore_cluster.storage.core import StorageCore
from netcore_cluster.storage.entry import Change, Entry, Event, Object
from netcore_cluster.storage.sqlite import Database, StorageError, Writer
from netcore_cluster.storage.watch import Match, Watcher

logger = logging.getLogger(__name__)

FILE_NAME = "netcore.sqlite"
EXPIRY_INTERVAL_S = 10.0
PATIENCE_S = 0.02
"""How long patient writes (leases, events) wait for others to share a disk commit with."""


class Store:
    """All objects in memory, each write durable before anyone sees it.

    Used from one event loop; made by `open_store`.
    """

    def __init__(self, core: StorageCore, database: Database) -> None:
        """Takes over a loaded core and the file that it was loaded from."""
        self._core = core
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(database, self._written)
        self._unsent: list[Change] = []
        self._is_sending = False
        self._patience: asyncio.TimerHandle | None = None
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._watchers: dict[str, set[Watcher]] = {}
        self._listeners: dict[str, Callable[[Event], None]] = {}
        self._advanced = asyncio.Event()
        self._failure: Exception | None = None

    @property
    def revision(self) -> int:
        """The revision that readers see."""
        return self._core.revision

    @property
    def failure(self) -> Exception | None:
        """Why nothing can be written any more; None while it can."""
        return self._failure

    def get(self, resource: str, key: str) -> Entry | None:
        """Returns the object as readers see it, or None."""
        return self._core.get(resource, key)

    def latest(self, resource: str, key: str) -> Entry | None:
        """Returns the object as a write has to see it, writes under way included."""
        return self._core.latest(resource, key)

    def entries(self, resource: str, namespace: str = "") -> Sequence[Entry]:
        """Returns the objects of a namespace (empty: of all) in key order; not to be changed."""
        return self._core.cache(resource).entries(namespace)

    def entries_at(self, resource: str, revision: int, namespace: str = "") -> Sequence[Entry]:
        """Returns the objects as they were at a revision, in key order.

        Raises:
            HistoryLostError: that is too long ago.
        """
        return self._core.cache(resource).entries_at(revision, namespace)

    def count(self, resource: str) -> int:
        """Returns how many objects a resource has."""
        return len(self._core.cache(resource))

    def stage(
        self,
        resource: str,
        key: str,
        obj: Object | None,
        *,
        previous: Entry | None,
        ttl_s: float | None = None,
        is_patient: bool = False,
    ) -> Change:
        """Starts a write that builds on `previous`; `durable` waits for its end.

        Args:
            resource: which resource is written.
            key: the object's key.
            obj: the new state, taken over and stamped with its revision; None deletes.
            previous: what `latest` returned.
            ttl_s: after how many seconds the object is to be forgotten.
            is_patient: whether the write may wait a moment to share a commit with others.

        Raises:
            StaleWriteError: `previous` is no longer the latest state.
            StorageError: the disk failed earlier.
        """
        if self._failure is not None:
            raise StorageError(f"the storage is read-only: {self._failure}")
        expires_s = None if ttl_s is None else time.time() + ttl_s
        change = self._core.stage(resource, key, obj, previous=previous, expires_s=expires_s)
        self._waiting[change.revision] = self._loop.create_future()
        self._submit(change, is_patient=is_patient)
        return change

    async def durable(self, change: Change) -> None:
        """Waits until a write of this moment is on disk and readers see it.

        Raises:
            StorageError: the disk refused it; nothing has changed.
        """
        future = self._waiting.get(change.revision)
        if future is not None:
            # Shielded: the write goes on, and others may wait for it, when its client hangs up.
            await asyncio.shield(future)

    async def reach(self, revision: int, timeout_s: float) -> bool:
        """Waits until readers see a revision; returns whether they do in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._core.revision < revision:
                    self._advanced.clear()
                    await self._advanced.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def watching(
        self, resource: str, since: int | None, namespace: str = "", match: Match | None = None
    ) -> Iterator[Watcher]:
        """Lends a watcher of the events after a revision; None: of those to come.

        Raises:
            HistoryLostError: some of them are forgotten.
        """
        watcher = Watcher(namespace, match)
        if since is not None:
            watcher.offer(self._core.cache(resource).history.since(since))
        watchers = self._watchers.setdefault(resource, set())
        watchers.add(watcher)
        try:
            yield watcher
        finally:
            watchers.discard(watcher)

    def listen(self, resource: str, listener: Callable[[Event], None]) -> None:
        """Calls `listener` with every event of a resource before anyone else learns of it."""
        self._listeners[resource] = listener

    def watcher_count(self) -> int:
        """Returns how many watchers there are."""
        return sum(map(len, self._watchers.values()))

    def begin_history(self, resource: str, revision: int) -> None:
        """Says that a resource exists since a revision: nobody can watch it from before."""
        self._core.cache(resource).history.compact(revision)

    def compact(self) -> None:
        """Forgets all history: watches from the past get 410 and list again."""
        self._core.compact(self._core.revision)

    async def expire_forever(self) -> None:
        """Deletes the objects whose time is over, until cancelled."""
        while True:
            for resource, entry in self._core.expired(time.time()):
                self.stage(resource, entry.key, None, previous=entry, is_patient=True)
            await asyncio.sleep(EXPIRY_INTERVAL_S)

    def close(self) -> None:
        """Waits for the writes under way and closes the file."""
        self._send()
        self._writer.close()

    def _submit(self, change: Change, *, is_patient: bool) -> None:
        """Hands a change to the writer, together with what else this turn of the loop writes."""
        self._unsent.append(change)
        if not is_patient and not self._is_sending:
            self._is_sending = True
            if self._patience is not None:
                self._patience.cancel()
            self._loop.call_soon(self._send)
        elif len(self._unsent) == 1 and not self._is_sending:
            self._patience = self._loop.call_later(PATIENCE_S, self._send)

    def _send(self) -> None:
        self._is_sending = False
        self._patience = None
        self._writer.submit(self._unsent)
        self._unsent = []

    def _written(self, batch: list[Change], error: Exception | None) -> None:
        """Runs in the writer's thread."""
        self._loop.call_soon_threadsafe(self._settle, batch, error)

    def _settle(self, batch: list[Change], error: Exception | None) -> None:
        if error is not None:
            self._failure = error
            self._core.abort()
            for change in batch:
                future = self._waiting.pop(change.revision)
                future.set_exception(StorageError(f"the write failed: {error}"))
                future.exception()  # a writer that hung up does not ask for it
            return
        by_resource: dict[str, list[Event]] = {}
        for resource, event in self._core.commit(batch, time.monotonic()):
            by_resource.setdefault(resource, []).append(event)
        for resource, events in by_resource.items():
            if resource in self._listeners:
                for event in events:
                    self._listeners[resource](event)
            for watcher in self._watchers.get(resource, ()):
                watcher.offer(events)
        for change in batch:
            self._waiting.pop(change.revision).set_result(None)
        self._advanced.set()


@asynccontextmanager
async def open_store(folder: Path, *, is_durable: bool = True) -> AsyncIterator[Store]:
    """Opens the store of a data directory for the running event loop.

    Args:
        folder: where its file is or is to be.
        is_durable: whether writes survive a power failure, and not only the process.

    Raises:
        StorageError: another process uses it, or its file is not ours.
    """
    database = Database(folder / FILE_NAME, is_durable=is_durable)
    core = StorageCore(database.revision())
    for resource, entry in database.load():
        core.load(resource, entry)
    store = Store(core, database)
    try:
        yield store
    finally:
        store.close()
