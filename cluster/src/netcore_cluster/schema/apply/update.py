"""Field management of every write but apply: who changes a field owns it."""

from typing import Any

from netcore_cluster.schema.apply.compare import compare
from netcore_cluster.schema.apply.field_sets import union
from netcore_cluster.schema.apply.managers import (
    UPDATE,
    Managers,
    Owned,
    is_reset,
    manager_id,
    ownable,
)
from netcore_cluster.schema.apply.walk import new_field_set
from netcore_cluster.schema.structure import ObjectSchema

JsonObject = dict[str, Any]


def managed_fields_after_update(
    schema: ObjectSchema,
    new: JsonObject,
    old: JsonObject | None,
    *,
    manager: str,
    time: str,
    subresource: str = "",
) -> None:
    """Write `metadata.managedFields` of an object that was created, replaced or patched, in place.

    Args:
        schema: the structure of the object.
        new: the object after the write, defaults included; its managedFields are what the client
            sent, which counts if it is a list with sense in it.
        old: the object before the write; None: there was none.
        manager: who wrote.
        time: when, as RFC 3339 text.
        subresource: through which subresource; empty: through the object itself.
    """
    metadata = new["metadata"]
    sent = metadata.pop("managedFields", None)
    name = manager_id(manager, UPDATE, schema.api_version, subresource)
    managers = Managers()
    if not is_reset(sent):
        managers = Managers.of(sent if not subresource else None)
        if not managers.owned and old is not None:
            managers = Managers.of(old["metadata"].get("managedFields"))
    if old is None:
        fields = new_field_set(schema.root, new)
    else:
        if not managers.owned:
            return  # what nobody managed so far stays so until somebody applies
        comparison = compare(schema.root, old, new)
        fields = comparison.set_by_new
        managers.disown(fields)
        managers.disown(comparison.removed)
    own(managers, name, Owned(ownable(fields), schema.api_version, time))
    managers.cap_updaters()
    entries = managers.entries()
    if entries:
        metadata["managedFields"] = entries


def own(managers: Managers, name: Any, gained: Owned) -> None:
    """Add fields to what a manager owns, if there are any."""
    if not gained.fields:
        return
    known = managers.owned.get(name)
    if known is not None:
        gained.fields = union(gained.fields, known.fields)
    managers.owned[name] = gained
