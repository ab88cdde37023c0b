"""The newest known version of every object of one resource, with indexes; pure.

Two sources feed a cache, in any order: the watch, and the answers to a controller's own writes. A
cache takes from either only what is newer, so a controller always reads its own writes: the pod
that it created stands in the cache before the key is looked at again, whatever the watch has
delivered by then. That is why no controller here counts expectations, and none creates twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import (
    Key,
    controller_of,
    key_of,
    owners_of,
    uid_of,
    version_of,
)

Index = Callable[[Object], Iterable[str]]


def by_namespace(obj: Object) -> Iterable[str]:
    """Index of the objects of a namespace."""
    return (obj["metadata"].get("namespace", ""),)


def by_owner(obj: Object) -> Iterable[str]:
    """Index of what an object owns, controller or not, by the owner's uid."""
    return [owner["uid"] for owner in owners_of(obj)]


def by_controller(obj: Object) -> Iterable[str]:
    """Index of what an object manages, by the manager's uid."""
    controller = controller_of(obj)
    return () if controller is None else (controller["uid"],)


def by_lack_of_controller(obj: Object) -> Iterable[str]:
    """Index of what nothing manages and something may adopt, by namespace."""
    return by_namespace(obj) if controller_of(obj) is None else ()


def by_node(obj: Object) -> Iterable[str]:
    """Index of the pods of a node."""
    name = obj["spec"].get("nodeName")
    return (name,) if name else ()


@dataclass(frozen=True, slots=True)
class Change:
    """What one object was and is; either is None where it was created or deleted."""

    resource: str
    old: Object | None
    new: Object | None

    @property
    def newest(self) -> Object:
        """The object as last seen."""
        found = self.new if self.new is not None else self.old
        assert found is not None
        return found


class ObjectCache:
    """The objects of one resource as last seen."""

    def __init__(self, resource: str, indexes: Mapping[str, Index]) -> None:
        """Starts empty; `indexes` are kept current with every change."""
        self.resource: Final = resource
        self._indexes: Final = dict(indexes)
        self._objects: dict[Key, Object] = {}
        self._found: dict[str, dict[str, dict[Key, Object]]] = {name: {} for name in indexes}
        # How far the watch has come.
        self._revision = 0
        # Deleted by a write of our own, until the watch says so too.
        self._buried: set[str] = set()

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Object]:
        return iter(self._objects.values())

    def get(self, key: Key) -> Object | None:
        """The object at that place."""
        return self._objects.get(key)

    def find(self, index: str, value: str) -> list[Object]:
        """The objects that an index lists under a value, in the order in which they came."""
        return list(self._found[index].get(value, {}).values())

    def see(self, event: str, obj: Object) -> Change | None:
        """Take in an event of the watch; None where it tells nothing new.

        Args:
            event: `ADDED`, `MODIFIED` or `DELETED`.
            obj: The object as of the event; what was deleted carries the deletion's revision.
        """
        self._revision = max(self._revision, version_of(obj))
        if event == "DELETED":
            self._buried.discard(uid_of(obj))
            return self._drop(key_of(obj), uid_of(obj))
        return self._apply(obj)

    def learn(self, obj: Object) -> Change | None:
        """Take in the answer to a write, ahead of the watch; None where it tells nothing new.

        What the watch has passed already is not taken in: the object may be gone by now.
        """
        return None if version_of(obj) <= self._revision else self._apply(obj)

    def bury(self, key: Key, uid: str) -> Change | None:
        """Take in a deletion that the answer to a write told, ahead of the watch."""
        change = self._drop(key, uid)
        if change is not None:
            self._buried.add(uid)
        return change

    def replace(self, objects: Iterable[Object], revision: int) -> list[Change]:
        """Take in the whole list as of `revision`.

        What is known and not in the list is gone, unless it was written after that revision.
        """
        changes = []
        listed = set()
        self._buried = set()
        self._revision = revision
        for obj in objects:
            listed.add(key_of(obj))
            change = self._apply(obj)
            if change is not None:
                changes.append(change)
        for key, old in list(self._objects.items()):
            if key not in listed and version_of(old) <= revision:
                self._take_out(key, old)
                changes.append(Change(self.resource, old, None))
        return changes

    def clear(self) -> list[Change]:
        """Take in that everything is gone."""
        changes = [Change(self.resource, old, None) for old in self]
        for change in changes:
            self._take_out(key_of(change.newest), change.newest)
        return changes

    def _apply(self, obj: Object) -> Change | None:
        key = key_of(obj)
        old = self._objects.get(key)
        if old is not None and version_of(obj) <= version_of(old):
            return None
        if uid_of(obj) in self._buried:
            return None
        self._put(key, old, obj)
        return Change(self.resource, old, obj)

    def _drop(self, key: Key, uid: str) -> Change | None:
        old = self._objects.get(key)
        if old is None or uid_of(old) != uid:
            return None
        self._take_out(key, old)
        return Change(self.resource, old, None)

    def _put(self, key: Key, old: Object | None, new: Object) -> None:
        self._objects[key] = new
        for name, index in self._indexes.items():
            entries = self._found[name]
            values = index(new)
            if old is not None:
                for value in index(old):
                    if value not in values:
                        _take_from(entries, value, key)
            for value in values:
                entries.setdefault(value, {})[key] = new

    def _take_out(self, key: Key, old: Object) -> None:
        del self._objects[key]
        for name, index in self._indexes.items():
            for value in index(old):
                _take_from(self._found[name], value, key)


def _take_from(entries: dict[str, dict[Key, Object]], value: str, key: Key) -> None:
    found = entries[value]
    del found[key]
    if not found:
        del entries[value]
