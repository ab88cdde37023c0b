"""Who owns whom, over the objects of every resource; pure.

The graph holds what the watches delivered so far, so it may lack an owner that exists. It says
whom to look at; whether an owner is gone is asked of the API server before anything is deleted.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.objects import Key, is_deleting, key_of, owners_of, uid_of

FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"


class Item(NamedTuple):
    """One object of any resource."""

    resource: str
    key: Key
    uid: str


def is_waiting_for_dependents(obj: Object) -> bool:
    """Whether it is being deleted in the foreground: gone once nothing blocks it."""
    return is_deleting(obj) and FOREGROUND in finalizers_of(obj)


def is_leaving_orphans(obj: Object) -> bool:
    """Whether it is being deleted and what it owns is to stay."""
    return is_deleting(obj) and ORPHAN in finalizers_of(obj)


def finalizers_of(obj: Object) -> list[str]:
    """What must still be done before the object goes."""
    return obj["metadata"].get("finalizers") or []


class OwnerGraph:
    """Objects by uid, and by the uids of their owners."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[Item, Object]] = {}
        # Owner's uid → the uids of what it owns, in the order in which they came.
        self._dependents: dict[str, dict[str, None]] = {}

    def apply(self, change: Change) -> list[Item]:
        """Take in a change; which objects to look at because of it."""
        old, new = change.old, change.new
        if old is not None and new is not None and uid_of(old) != uid_of(new):
            return [
                *self._remove(old),
                *self._put(change.resource, None, new),
            ]
        if new is None:
            return self._remove(change.newest)
        return self._put(change.resource, old, new)

    def dependents(self, uid: str) -> list[tuple[Item, Object]]:
        """The objects that name this one as an owner, and where they are."""
        return [self._objects[each] for each in self._dependents.get(uid, ())]

    def _put(self, resource: str, old: Object | None, new: Object) -> list[Item]:
        item = Item(resource, key_of(new), uid_of(new))
        self._objects[item.uid] = (item, new)
        before = {owner["uid"] for owner in owners_of(old)} if old is not None else set()
        after = {owner["uid"] for owner in owners_of(new)}
        for uid in before - after:
            self._unlink(uid, item.uid)
        for uid in after - before:
            self._dependents.setdefault(uid, {})[item.uid] = None
        found: list[Item] = []
        if after and (old is None or owners_of(old) != owners_of(new)):
            if not all(map(self._is_staying, after)):
                found.append(item)
            found += self._waiting(before)
        if is_waiting_for_dependents(new) or is_leaving_orphans(new):
            found.append(item)
        if is_deleting(new) and (old is None or not is_deleting(old)):
            if is_waiting_for_dependents(new):
                found += self._items_of_dependents(item.uid)
            found += self._waiting(after)
        return found

    def _remove(self, obj: Object) -> list[Item]:
        uid = uid_of(obj)
        self._objects.pop(uid, None)
        owners = {owner["uid"] for owner in owners_of(obj)}
        for owner in owners:
            self._unlink(owner, uid)
        return [*self._items_of_dependents(uid), *self._waiting(owners)]

    def _items_of_dependents(self, uid: str) -> list[Item]:
        return [item for item, _ in self.dependents(uid)]

    def _is_staying(self, uid: str) -> bool:
        """Whether an owner exists and is not being deleted in the foreground."""
        return uid in self._objects and not is_waiting_for_dependents(self._objects[uid][1])

    def _waiting(self, owners: Iterable[str]) -> list[Item]:
        """Those of the owners that may now be free to go."""
        known = (self._objects[uid] for uid in owners if uid in self._objects)
        return [item for item, obj in known if is_waiting_for_dependents(obj)]

    def _unlink(self, owner: str, dependent: str) -> None:
        found = self._dependents.get(owner, {})
        found.pop(dependent, None)
        if not found:
            self._dependents.pop(owner, None)
