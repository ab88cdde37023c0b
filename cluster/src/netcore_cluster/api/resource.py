"""One served resource: a kind, where its objects are stored, and how the two differ."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from netcore_cluster.api.errors import Object, qualified
from netcore_cluster.kinds import Kind
from netcore_cluster.storage.entry import Entry

Convert = Callable[[Object], Object]


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One version of one resource.

    Attributes:
        kind: names, rules and table.
        storage: under which name the store keeps the objects; all versions share it.
        to_served: turns a stored object into this version; None: they are the same.
        to_stored: turns an object of this version into the stored one; None: they are the same.
        ttl_s: after how many seconds an untouched object is forgotten; None: never.
        is_patient: whether writes may wait a moment to share a disk commit.
    """

    kind: Kind
    storage: str
    to_served: Convert | None = None
    to_stored: Convert | None = None
    ttl_s: float | None = None
    is_patient: bool = False

    @property
    def name(self) -> str:
        """How kubectl names it: ``deployments.apps``."""
        return qualified(self.kind.plural, self.kind.group)

    def key(self, namespace: str, name: str) -> str:
        """Returns the key of an object in the store."""
        return f"{namespace}/{name}" if self.kind.namespaced else name

    def served(self, entry: Entry) -> Object:
        """Returns an object in this version; shared, not to be changed."""
        if self.to_served is None:
            return entry.obj
        if entry.served is None:
            entry.served = {}
        found = entry.served.get(self)
        if found is None:
            found = entry.served[self] = self.to_served(entry.obj)
        return found

    def encoded(self, entry: Entry) -> bytes:
        """Returns an object in this version as JSON, encoded once for all who ask."""
        if self.to_served is None:
            return entry.encoded
        if entry.renderings is None:
            entry.renderings = {}
        found = entry.renderings.get(self)
        if found is None:
            found = entry.renderings[self] = orjson.dumps(self.served(entry))
        return found
