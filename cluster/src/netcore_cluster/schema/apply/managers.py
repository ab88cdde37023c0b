"""Who owns which fields of an object: `metadata.managedFields`, read and written.

Source: Kubernetes documentation, "Server-Side Apply: field management".
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from netcore_cluster.schema.apply.field_sets import (
    LEAF,
    SELF,
    FieldSet,
    difference,
    node_of,
    union,
)

APPLY = "Apply"
UPDATE = "Update"

# Nobody owns what only the server writes.
_NEVER_OWNED: FieldSet = {
    "f:apiVersion": LEAF,
    "f:kind": LEAF,
    "f:metadata": {
        SELF: LEAF,
        **{
            f"f:{name}": LEAF
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        },
    },
}

_MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"
_EMPTY_ENTRIES: tuple[list[dict[str, Any]], ...] = ([], [{}])


class ManagerId(NamedTuple):
    """What tells managers apart; an applier is the same in every version."""

    manager: str
    operation: str
    api_version: str
    subresource: str


@dataclass(slots=True)
class Owned:
    """What one manager owns, in which version, and since when (empty: unknown)."""

    fields: FieldSet
    api_version: str
    time: str = ""


class Managers:
    """The managers of one object."""

    def __init__(self) -> None:
        self.owned: dict[ManagerId, Owned] = {}

    @classmethod
    def of(cls, entries: list[dict[str, Any]] | None) -> Self:
        """Return the managers that managedFields lists; entries that make no sense are left out."""
        managers = cls()
        for entry in entries or ():
            operation, api_version = entry.get("operation", ""), entry.get("apiVersion", "")
            fields = entry.get("fieldsV1")
            if operation not in {APPLY, UPDATE} or not api_version:
                continue
            if entry.get("fieldsType") != "FieldsV1" or not isinstance(fields, dict):
                continue
            name = manager_id(
                entry.get("manager", ""), operation, api_version, entry.get("subresource", "")
            )
            managers.owned[name] = Owned(fields, api_version, entry.get("time", ""))
        return managers

    def entries(self) -> list[dict[str, Any]]:
        """Return managedFields: appliers first, each kind in the order of their times."""
        listed = sorted(
            self.owned.items(),
            key=lambda item: (
                item[0].operation,
                item[1].time,
                item[0].manager,
                item[1].api_version,
                item[0].subresource,
            ),
        )
        return [_entry(name, owned) for name, owned in listed]

    def disown(self, fields: FieldSet, *, but: ManagerId | None = None) -> None:
        """Take fields from everyone, or from everyone but one; who owns nothing is gone."""
        if not fields:
            return
        for name, owned in list(self.owned.items()):
            if name == but:
                continue
            owned.fields = difference(owned.fields, fields)
            if not owned.fields:
                del self.owned[name]

    def cap_updaters(self) -> None:
        """Join the oldest updaters of a version into one, so that few remain."""
        updaters = [name for name in self.owned if name.operation == UPDATE]
        excess = len(updaters) - _MOST_UPDATERS
        if excess <= 0:
            return
        updaters.sort(key=lambda name: (self.owned[name].time, name))
        first_of: dict[str, ManagerId] = {}
        for name in updaters:
            if excess <= 0:
                return
            version = self.owned[name].api_version
            if version not in first_of:
                first_of[version] = name
                continue
            bucket = manager_id(_ANCIENT, UPDATE, version, "")
            if bucket not in self.owned:
                self.owned[bucket] = self.owned.pop(first_of[version])
            if name == bucket:
                continue
            joined = self.owned.pop(name)
            older = self.owned[bucket]
            self.owned[bucket] = Owned(union(joined.fields, older.fields), version, joined.time)
            excess -= 1


def manager_id(manager: str, operation: str, api_version: str, subresource: str) -> ManagerId:
    """Return the identity of a manager."""
    return ManagerId(
        manager or "unknown", operation, "" if operation == APPLY else api_version, subresource
    )


def ownable(fields: FieldSet) -> FieldSet:
    """Return the fields of a set that a manager may own."""
    metadata = fields.get("f:metadata")
    rest = {
        key: node
        for key, node in fields.items()
        if key not in {"f:apiVersion", "f:kind", "f:metadata"}
    }
    if metadata:
        kept = node_of(difference(metadata, _NEVER_OWNED["f:metadata"]), member=False)
        if kept is not None:
            return {"f:metadata": kept, **rest}
    return rest


def is_reset(entries: Any) -> bool:
    """Whether a client asks to forget all managers, with an empty list or one empty entry."""
    return entries in _EMPTY_ENTRIES


def _entry(name: ManagerId, owned: Owned) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "manager": name.manager,
        "operation": name.operation,
        "apiVersion": owned.api_version,
    }
    if owned.time:
        entry["time"] = owned.time
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = owned.fields
    if name.subresource:
        entry["subresource"] = name.subresource
    return entry
