"""Garbage collection: what only deleted objects own is deleted too.

Three ways, by the finalizers that the delete request left on the owner:

- background: the owner goes at once, and what it owned follows because its owner is gone;
- foreground: what it owns goes first; the owner waits for those that block its deletion;
- orphan: what it owns forgets it, then the owner goes.

An owner counts as gone only if the API server itself says, at the time of the deletion, that no
object has its name and its uid. An owner of a kind that is not served counts as staying.

Source: kubernetes ``pkg/controller/garbagecollector/garbagecollector.go``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import Object
from netcore_cluster.controllers import live
from netcore_cluster.controllers.actions import Action, Delete, Emit, Patch, Propagation, Requeue
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import EVERY_RESOURCE, Controller, Interest
from netcore_cluster.controllers.objects import (
    Key,
    is_deleting,
    key_of,
    owners_of,
    reference_to,
    uid_of,
    version_of,
)
from netcore_cluster.controllers.owner_graph import (
    FOREGROUND,
    ORPHAN,
    Item,
    OwnerGraph,
    finalizers_of,
    is_leaving_orphans,
    is_waiting_for_dependents,
)
from netcore_cluster.controllers.resources import ResourceTable, ServedResource, kind_name

_UNKNOWN_KIND_RETRY_S = 30.0


class OwnerState(Enum):
    """How an owner that an object names stands."""

    STAYING = "staying"
    GONE = "gone"
    WAITING = "waiting for its dependents"
    UNKNOWN = "of a kind that is not served"
    UNREACHABLE = "in a namespace, of an object that is in none"


@dataclass(frozen=True, slots=True)
class ObservedItem:
    """An object, its owners, and what it owns.

    Attributes:
        resource: The object's.
        owners: How each owner stands, by uid.
        dependents: What names the object as owner, with its resource.
    """

    resource: ServedResource
    obj: Object
    owners: Mapping[str, OwnerState]
    dependents: Sequence[tuple[str, Object]]


def reconcile(observed: ObservedItem) -> list[Action]:
    """Delete the object, free it from owners that are gone, or let it go; pure."""
    obj = observed.obj
    if is_leaving_orphans(obj):
        return _leave_orphans(observed)
    if is_waiting_for_dependents(obj):
        return _go_after_dependents(observed)
    if is_deleting(obj) or not observed.owners:
        return []
    states = set(observed.owners.values())
    if states & {OwnerState.STAYING, OwnerState.UNKNOWN, OwnerState.UNREACHABLE}:
        return _keep(observed)
    if OwnerState.WAITING in states and observed.dependents:
        return _delete_in_foreground(observed)
    finalizers = finalizers_of(obj)
    if ORPHAN in finalizers:
        return [_delete(observed, "Orphan")]
    return [_delete(observed, "Foreground" if FOREGROUND in finalizers else "Background")]


def _keep(observed: ObservedItem) -> list[Action]:
    """Some owner stays: forget the others."""
    actions: list[Action] = []
    going = (OwnerState.GONE, OwnerState.WAITING)
    former = {uid for uid, state in observed.owners.items() if state in going}
    if former:
        actions.append(_without_owners(observed.resource.name, observed.obj, former))
    if OwnerState.UNKNOWN in observed.owners.values():
        actions.append(Requeue(_UNKNOWN_KIND_RETRY_S))
    actions += [
        _unreachable_owner(observed, owner)
        for owner in owners_of(observed.obj)
        if observed.owners.get(owner["uid"]) is OwnerState.UNREACHABLE
    ]
    return actions


def _delete_in_foreground(observed: ObservedItem) -> list[Action]:
    """Delete what an owner waits for, and have it wait for its own dependents in turn.

    Where one of those waits already, the two may wait for each other: then it blocks no one.
    """
    actions: list[Action] = []
    if any(is_waiting_for_dependents(obj) for _, obj in observed.dependents):
        owners = [{**owner, "blockOwnerDeletion": False} for owner in owners_of(observed.obj)]
        if owners != list(owners_of(observed.obj)):
            return [_patch(observed.resource.name, observed.obj, {"ownerReferences": owners})]
    actions.append(_delete(observed, "Foreground"))
    return actions


def _go_after_dependents(observed: ObservedItem) -> list[Action]:
    """Let the object go once nothing that blocks it is left.

    Its dependents are looked at on their own, for they saw their owner begin to go.
    """
    uid = uid_of(observed.obj)
    for _, dependent in observed.dependents:
        for owner in owners_of(dependent):
            if owner["uid"] == uid and owner.get("blockOwnerDeletion"):
                return []
    return [_without_finalizer(observed, FOREGROUND)]


def _leave_orphans(observed: ObservedItem) -> list[Action]:
    uid = uid_of(observed.obj)
    freed: list[Action] = [
        _without_owners(resource, dependent, {uid}) for resource, dependent in observed.dependents
    ]
    return [*freed, _without_finalizer(observed, ORPHAN)]


def _delete(observed: ObservedItem, propagation: Propagation) -> Delete:
    # Only this version: whoever gives it an owner meanwhile saves it.
    obj = observed.obj
    return Delete(
        observed.resource.name,
        *key_of(obj),
        uid_of(obj),
        version=version_of(obj),
        propagation=propagation,
    )


def _without_owners(resource: str, obj: Object, uids: set[str]) -> Patch:
    kept = [owner for owner in owners_of(obj) if owner["uid"] not in uids]
    return _patch(resource, obj, {"ownerReferences": kept or None})


def _without_finalizer(observed: ObservedItem, finalizer: str) -> Patch:
    kept = [each for each in finalizers_of(observed.obj) if each != finalizer]
    return _patch(observed.resource.name, observed.obj, {"finalizers": kept or None})


def _patch(resource: str, obj: Object, metadata: Object) -> Patch:
    version = obj["metadata"]["resourceVersion"]
    return Patch(resource, *key_of(obj), {"metadata": {"resourceVersion": version, **metadata}})


def _unreachable_owner(observed: ObservedItem, owner: Object) -> Emit:
    obj, kind = observed.obj, observed.resource.kind
    about = reference_to(obj, api_version=obj.get("apiVersion", kind.group), kind=kind.kind)
    message = (
        f"ownerRef [{owner['apiVersion']}/{owner['kind']}, name: {owner['name']}, "
        f"uid: {owner['uid']}] is in a namespace, its dependent is not"
    )
    return Emit(about, "OwnerRefInvalidNamespace", message, warning=True)


class GarbageCollector(Controller[Item, ObservedItem]):
    """Watches every resource."""

    name: ClassVar = "garbage-collector-controller"
    workers: ClassVar = 8

    def __init__(self, client: Client, served: ResourceTable) -> None:
        self._client = client
        self._served = served
        self._graph = OwnerGraph()

    def interests(self) -> Mapping[str, Interest[Item]]:
        """Everything."""
        return {EVERY_RESOURCE: self._on_change}

    def _on_change(self, change: Change) -> Iterable[Item]:
        return self._graph.apply(change)

    async def observe(self, key: Item) -> ObservedItem | None:
        """The object and its owners as stored now, and what the watches know that it owns."""
        resource = self._served.named(key.resource)
        if resource is None:
            return None
        obj = await live.read(self._client, key.resource, key.key, key.uid)
        if obj is None:
            return None
        owners = {owner["uid"]: await self._state(key.key, owner) for owner in owners_of(obj)}
        dependents = [(item.resource, each) for item, each in self._graph.dependents(key.uid)]
        return ObservedItem(resource, obj, owners, dependents)

    async def _state(self, dependent: Key, owner: Object) -> OwnerState:
        resource = self._served.of_kind(kind_name(owner))
        if resource is None:
            return OwnerState.UNKNOWN
        if resource.namespaced and not dependent.namespace:
            return OwnerState.UNREACHABLE
        key = Key(dependent.namespace if resource.namespaced else "", owner["name"])
        found = await live.read(self._client, resource.name, key, owner["uid"])
        if found is None:
            return OwnerState.GONE
        if is_waiting_for_dependents(found):
            return OwnerState.WAITING
        return OwnerState.STAYING

    def reconcile(self, observed: ObservedItem, now: float) -> list[Action]:  # noqa: ARG002
        """See `reconcile` of this module."""
        return reconcile(observed)
