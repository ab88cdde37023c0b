"""What the store keeps and what it tells its watchers: values that never change once made."""

from enum import StrEnum
from typing import Any

import orjson

Object = dict[str, Any]


class EventType(StrEnum):
    """What happened to an object, in the words of the watch protocol."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Entry:
    """One object at one revision: parsed, and encoded once for every reader.

    Attributes:
        key: ``namespace/name``, or the name alone of a cluster-scoped object.
        namespace: empty for a cluster-scoped object.
        revision: the store's revision at which the object took this form.
        expires_s: when the store forgets the object, in seconds since the epoch; None: never.
        fields: the values of its field selectors, kept here by the first reader who needs them.
        served: forms in other versions, kept by the first reader who needs them.
        renderings: the same, encoded.
    """

    __slots__ = (
        "_encoded",
        "_obj",
        "expires_s",
        "fields",
        "key",
        "namespace",
        "renderings",
        "revision",
        "served",
    )

    def __init__(
        self,
        key: str,
        revision: int,
        obj: Object,
        encoded: bytes | None = None,
        expires_s: float | None = None,
    ) -> None:
        self.key = key
        self.namespace = key.partition("/")[0] if "/" in key else ""
        self.revision = revision
        self._obj: Object | None = obj
        self._encoded = encoded
        self.expires_s = expires_s
        self.fields: dict[str, str] | None = None
        self.served: dict[Any, Object] | None = None
        self.renderings: dict[Any, bytes] | None = None

    @property
    def obj(self) -> Object:
        """The parsed object; shared by all readers, never changed."""
        if self._obj is None:
            assert self._encoded is not None
            self._obj = orjson.loads(self._encoded)
        return self._obj

    @property
    def encoded(self) -> bytes:
        """The object as JSON."""
        if self._encoded is None:
            self._encoded = orjson.dumps(self._obj)
        return self._encoded

    def cool(self) -> None:
        """Keeps the object as JSON alone, a fifth of its size parsed, until somebody asks."""
        _ = self.encoded
        self._obj = self.fields = self.served = self.renderings = None

    @property
    def labels(self) -> dict[str, str]:
        """The object's labels; empty where it has none."""
        return self.obj["metadata"].get("labels") or {}

    def at(self, revision: int) -> "Entry":
        """Returns the same object told at a later revision, as the news of a deletion is."""
        metadata = self.obj["metadata"] | {"resourceVersion": str(revision)}
        return Entry(self.key, revision, self.obj | {"metadata": metadata})


class Change:
    """One write: staged at once, visible to readers when it is durable.

    Attributes:
        resource: which resource's object is written, such as ``deployments.apps``.
        key: the object's key within the resource.
        revision: the store's revision that the write makes.
        entry: the new state; None deletes the object.
        previous: the state that it replaces; None creates the object.
    """

    __slots__ = ("entry", "key", "previous", "resource", "revision")

    def __init__(
        self, resource: str, key: str, revision: int, entry: Entry | None, previous: Entry | None
    ) -> None:
        self.resource = resource
        self.key = key
        self.revision = revision
        self.entry = entry
        self.previous = previous


class Event:
    """A durable change as watchers learn of it.

    Attributes:
        type: what happened to the object itself; a selector may turn it into something else.
        entry: the object after the change; for a deletion, its last state at the deletion's
            revision.
        previous: the object before the change; None for a new one.
        observed_s: when the store published it, in seconds of its own clock.
        renderings: encoded watch lines, kept by the first watcher that needs them.
    """

    __slots__ = ("_tombstone", "entry", "observed_s", "previous", "renderings", "type")

    def __init__(self, change: Change, observed_s: float) -> None:
        self.previous = change.previous
        self.observed_s = observed_s
        self.renderings: dict[Any, bytes] = {}
        self._tombstone: Entry | None = None
        if change.entry is not None:
            self.type = EventType.ADDED if change.previous is None else EventType.MODIFIED
            self.entry = change.entry
        else:
            assert change.previous is not None
            self.type = EventType.DELETED
            self.entry = self._tombstone = change.previous.at(change.revision)

    @property
    def revision(self) -> int:
        """The revision of the change."""
        return self.entry.revision

    def cool(self) -> None:
        """Keeps what was, as JSON alone: hardly anybody goes back this far."""
        self.renderings.clear()
        if self.previous is not None:
            self.previous.cool()
        if self._tombstone is not None:
            self._tombstone.cool()

    @property
    def tombstone(self) -> Entry:
        """The old object at the change's revision: told to watchers who lose sight of it."""
        if self._tombstone is None:
            assert self.previous is not None
            self._tombstone = self.previous.at(self.revision)
        return self._tombstone
