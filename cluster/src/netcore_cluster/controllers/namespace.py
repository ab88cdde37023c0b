"""Namespace: empties one that is being deleted, of every kind, and then lets it go."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import Object
from netcore_cluster.controllers import live
from netcore_cluster.controllers.actions import Action, Delete, Requeue, Update
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import EVERY_RESOURCE, Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, is_deleting, key_of, uid_of
from netcore_cluster.controllers.resources import ResourceTable, ServedResource

_RESOURCE: Final = "namespaces"
_FINALIZER: Final = "kubernetes"

# What remains is looked at again so often, should a change have gone by unnoticed.
_LOOK_AGAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class ObservedNamespace:
    """A namespace and everything in it, as stored now."""

    namespace: Object
    contents: Sequence[tuple[ServedResource, Sequence[Object]]]


def reconcile(observed: ObservedNamespace, now: float) -> list[Action]:
    """Delete what is in it; say what remains; remove the finalizer once nothing does."""
    namespace = observed.namespace
    finalizers = namespace["spec"].get("finalizers") or []
    if not is_deleting(namespace) or _FINALIZER not in finalizers:
        return []
    remaining = [(resource, objects) for resource, objects in observed.contents if objects]
    if not remaining:
        kept = [each for each in finalizers if each != _FINALIZER]
        done = {**namespace, "spec": {**namespace["spec"], "finalizers": kept}}
        return [Update(_RESOURCE, done, "finalize")]
    actions: list[Action] = [
        Delete(resource.name, *key_of(obj), uid_of(obj), propagation="Background")
        for resource, objects in remaining
        for obj in objects
        if not is_deleting(obj)
    ]
    # What goes at once is gone by the next look: only what lingers is worth a word.
    if not actions:
        actions += _say_what_remains(namespace, remaining, now)
    actions.append(Requeue(_LOOK_AGAIN_S))
    return actions


def _say_what_remains(
    namespace: Object,
    remaining: Sequence[tuple[ServedResource, Sequence[Object]]],
    now: float,
) -> list[Action]:
    counts = sorted((_group_resource(resource), len(objects)) for resource, objects in remaining)
    content = ", ".join(f"{name} has {count} resource instances" for name, count in counts)
    waiting = Counter(
        finalizer
        for _, objects in remaining
        for obj in objects
        for finalizer in obj["metadata"].get("finalizers") or ()
    )
    blocked = ", ".join(
        f"{name} in {count} resource instances" for name, count in sorted(waiting.items())
    )
    old = namespace.get("status") or {}
    conditions = old.get("conditions") or []
    for kind, status, reason, message in (
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            f"Some resources are remaining: {content}",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True" if blocked else "False",
            "SomeFinalizersRemain" if blocked else "ContentHasNoFinalizers",
            f"Some content in the namespace has finalizers remaining: {blocked}"
            if blocked
            else "All content-preserving finalizers finished",
        ),
    ):
        conditions = with_condition(conditions, kind, status, reason, message, now=now)
    if conditions == old.get("conditions"):
        return []
    return [Update(_RESOURCE, {**namespace, "status": {**old, "conditions": conditions}}, "status")]


def _group_resource(resource: ServedResource) -> str:
    """`pods.` or `deployments.apps`: upstream writes the dot of the core group too."""
    return f"{resource.plural}.{resource.kind.group}"


class NamespaceController(Controller[str, ObservedNamespace]):
    """Watches namespaces, and what leaves one that is being deleted."""

    name: ClassVar = "namespace-controller"

    def __init__(self, hub: Hub, client: Client, served: ResourceTable) -> None:
        self._client = client
        self._served = served
        self._namespaces = hub.cache(_RESOURCE)

    def interests(self) -> Mapping[str, Interest[str]]:
        """Namespaces; and every resource, for what leaves a namespace."""
        return {_RESOURCE: self._on_namespace, EVERY_RESOURCE: self._on_content}

    def _on_namespace(self, change: Change) -> Iterable[str]:
        if change.new is not None and is_deleting(change.new):
            return (key_of(change.new).name,)
        return ()

    def _on_content(self, change: Change) -> Iterable[str]:
        if change.new is not None or change.old is None:
            return ()
        name = key_of(change.old).namespace
        namespace = self._namespaces.get(Key("", name)) if name else None
        return (name,) if namespace is not None and is_deleting(namespace) else ()

    async def observe(self, key: str) -> ObservedNamespace | None:
        """The namespace and its contents as stored now: nothing may be left behind unseen."""
        known = self._namespaces.get(Key("", key))
        if known is None:
            return None
        namespace = await live.read(self._client, _RESOURCE, Key("", key), uid_of(known))
        if namespace is None or not is_deleting(namespace):
            return None
        contents = [
            (resource, await live.list_all(self._client, resource.name, key))
            for resource in self._served
            if resource.namespaced
        ]
        return ObservedNamespace(namespace, contents)

    def reconcile(self, observed: ObservedNamespace, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)
