"""The storage core: revisions, compare-and-swap, caches, history. Pure.

A write passes two points. *Staged*, it has its revision and is what the next write to the same
object builds upon, and nobody else sees it. *Committed*, after the shell has made it durable, it
is what readers and watchers see. So no reader ever sees a state that a crash could undo, and
writers need not wait for each other's disk writes.

The core does not touch a disk, a clock or a lock. The shell owes it: changes committed in the
order in which they were staged, all of them or (`abort`) none of those that remain.
"""

import heapq
from collections.abc import Iterable, Sequence

import orjson

from netcore_cluster.storage.entry import Change, Entry, Event, Object
from netcore_cluster.storage.history import History


class StaleWriteError(Exception):
    """A write builds on a state that is no longer the latest one."""


class Cache:
    """The committed objects of one resource, by key, and the history of how they came to be."""

    def __init__(self, revision: int) -> None:
        """Starts empty, with a history that begins after `revision`."""
        self.history = History(revision)
        self._entries: dict[str, Entry] = {}
        self._by_namespace: dict[str, dict[str, Entry]] = {}
        self._sorted: dict[str, list[Entry]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Entry | None:
        """Returns the committed object, or None."""
        return self._entries.get(key)

    def put(self, entry: Entry) -> None:
        """Makes `entry` the object of its key."""
        self._entries[entry.key] = entry
        self._by_namespace.setdefault(entry.namespace, {})[entry.key] = entry
        self._forget_order(entry.namespace)

    def remove(self, key: str) -> None:
        """Takes the object of a key away."""
        entry = self._entries.pop(key)
        inhabitants = self._by_namespace[entry.namespace]
        del inhabitants[key]
        if not inhabitants:
            del self._by_namespace[entry.namespace]
        self._forget_order(entry.namespace)

    def entries(self, namespace: str = "") -> Sequence[Entry]:
        """Returns the objects of a namespace (empty: of all) in key order; not to be changed."""
        found = self._sorted.get(namespace)
        if found is None:
            held = self._by_namespace.get(namespace, {}) if namespace else self._entries
            found = self._sorted[namespace] = [held[key] for key in sorted(held)]
        return found

    def entries_at(self, revision: int, namespace: str = "") -> Sequence[Entry]:
        """Returns the objects as they were at an earlier revision, in key order.

        Raises:
            HistoryLostError: the history does not reach back that far.
        """
        later = self.history.since(revision)
        if not later:
            return self.entries(namespace)
        held = dict(self._by_namespace.get(namespace, {}) if namespace else self._entries)
        for event in reversed(later):
            if namespace and event.entry.namespace != namespace:
                continue
            if event.previous is None:
                held.pop(event.entry.key, None)
            else:
                held[event.entry.key] = event.previous
        return [held[key] for key in sorted(held)]

    def _forget_order(self, namespace: str) -> None:
        if self._sorted:
            self._sorted.pop("", None)
            self._sorted.pop(namespace, None)


class StorageCore:
    """All resources under one counter of revisions."""

    def __init__(self, revision: int = 1) -> None:
        """Starts empty; the first write makes `revision` + 1."""
        self.revision = revision
        self._staged_revision = revision
        self._base_revision = revision
        self._caches: dict[str, Cache] = {}
        self._staged: dict[tuple[str, str], Change] = {}
        self._deadlines: list[tuple[float, str, str]] = []

    def load(self, resource: str, entry: Entry) -> None:
        """Takes over an object that is already durable; before the first write only."""
        self.cache(resource).put(entry)
        self._note_deadline(resource, entry)

    def cache(self, resource: str) -> Cache:
        """Returns the committed objects of a resource."""
        found = self._caches.get(resource)
        if found is None:
            # Nothing of a resource that nobody wrote since the start can be missing in its history.
            found = self._caches[resource] = Cache(self._base_revision)
        return found

    def get(self, resource: str, key: str) -> Entry | None:
        """Returns the object as readers see it, or None."""
        return self.cache(resource).get(key)

    def latest(self, resource: str, key: str) -> Entry | None:
        """Returns the object as a write must see it: the staged state before the committed one."""
        staged = self._staged.get((resource, key))
        return staged.entry if staged is not None else self.cache(resource).get(key)

    def stage(
        self,
        resource: str,
        key: str,
        obj: Object | None,
        *,
        previous: Entry | None,
        expires_s: float | None = None,
    ) -> Change:
        """Gives a write its revision.

        Args:
            resource: which resource is written.
            key: the object's key.
            obj: the new state, which the core takes over and stamps with the revision; None
                deletes the object.
            previous: the state on which the write builds, as `latest` told it.
            expires_s: when the object is to be forgotten, in seconds since the epoch.

        Raises:
            StaleWriteError: `previous` is not the latest state.
        """
        if self.latest(resource, key) is not previous:
            raise StaleWriteError(f"{resource} {key}")
        self._staged_revision = revision = self._staged_revision + 1
        entry = None
        if obj is not None:
            obj["metadata"]["resourceVersion"] = str(revision)
            entry = Entry(key, revision, obj, orjson.dumps(obj), expires_s)
        change = Change(resource, key, revision, entry, previous)
        self._staged[resource, key] = change
        return change

    def commit(self, changes: Iterable[Change], now_s: float) -> list[tuple[str, Event]]:
        """Makes durable changes visible and returns what watchers are to be told, in order.

        Args:
            changes: the next changes, in the order in which they were staged.
            now_s: the time, in seconds of any clock that never goes back.
        """
        events = []
        for change in changes:
            cache = self.cache(change.resource)
            if change.entry is None:
                cache.remove(change.key)
            else:
                cache.put(change.entry)
                self._note_deadline(change.resource, change.entry)
            event = Event(change, now_s)
            cache.history.append(event)
            self.revision = change.revision
            if self._staged.get((change.resource, change.key)) is change:
                del self._staged[change.resource, change.key]
            events.append((change.resource, event))
        return events

    def abort(self) -> None:
        """Forgets every staged change: the disk refused one of them, and others build on it."""
        self._staged.clear()

    def expired(self, now_s: float) -> list[tuple[str, Entry]]:
        """Returns the objects whose time is over, each once.

        Args:
            now_s: the time, in seconds since the epoch.
        """
        found = []
        while self._deadlines and self._deadlines[0][0] <= now_s:
            deadline_s, resource, key = heapq.heappop(self._deadlines)
            entry = self.latest(resource, key)
            if entry is not None and entry.expires_s == deadline_s:
                found.append((resource, entry))
        return found

    def compact(self, revision: int) -> None:
        """Forgets all history up to a revision: readers of it get 410 and list again."""
        for cache in self._caches.values():
            cache.history.compact(min(revision, self.revision))

    def _note_deadline(self, resource: str, entry: Entry) -> None:
        if entry.expires_s is not None:
            heapq.heappush(self._deadlines, (entry.expires_s, resource, entry.key))
