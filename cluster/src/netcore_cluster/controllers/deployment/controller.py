"""The Deployment controller: what it watches and gathers for `reconcile`."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers import live
from netcore_cluster.controllers.actions import Action, Write
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.deployment.reconcile import (
    KIND,
    REPLICA_SETS,
    RESOURCE,
    ObservedDeployment,
    on_failed_write,
    reconcile,
)
from netcore_cluster.controllers.deployment.replica_sets import is_rolling
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import (
    Key,
    controller_of,
    is_controlled_by,
    key_of,
    labels_of,
    uid_of,
)
from netcore_cluster.kinds.selectors import matches_label_selector


class DeploymentController(Controller[Key, ObservedDeployment]):
    """Watches Deployments, ReplicaSets, and the end of pods."""

    name: ClassVar = "deployment-controller"
    workers: ClassVar = 5

    def __init__(self, hub: Hub, client: Client) -> None:
        self._client = client
        self._deployments = hub.cache(RESOURCE)
        self._replica_sets = hub.cache(REPLICA_SETS)
        self._pods = hub.cache("pods")

    def interests(self) -> Mapping[str, Interest[Key]]:
        """Its own resource, its ReplicaSets, and pods whose end lets a recreation go on."""
        return {
            RESOURCE: lambda change: (key_of(change.newest),),
            REPLICA_SETS: self._on_replica_set,
            "pods": self._on_pod,
        }

    def _on_replica_set(self, change: Change) -> Iterable[Key]:
        keys = set()
        for replica_set in (change.old, change.new):
            if replica_set is not None:
                keys |= set(self._manager_of(replica_set))
        if change.new is not None and controller_of(change.new) is None:
            labels = labels_of(change.new)
            for deployment in self._deployments.find("namespace", key_of(change.new).namespace):
                if matches_label_selector(deployment["spec"]["selector"], labels):
                    keys.add(key_of(deployment))
        return keys

    def _on_pod(self, change: Change) -> Iterable[Key]:
        if change.new is not None or change.old is None:
            return ()
        owner = controller_of(change.old)
        if owner is None:
            return ()
        namespace = key_of(change.old).namespace
        replica_set = self._replica_sets.get(Key(namespace, owner["name"]))
        return () if replica_set is None else self._manager_of(replica_set)

    def _manager_of(self, replica_set: Object) -> Iterable[Key]:
        owner = controller_of(replica_set)
        if owner is None or owner["kind"] != KIND:
            return ()
        return (Key(key_of(replica_set).namespace, owner["name"]),)

    async def observe(self, key: Key) -> ObservedDeployment | None:
        """The Deployment with its ReplicaSets; read anew where it would adopt some."""
        deployment = self._deployments.get(key)
        if deployment is None:
            return None
        selector = deployment["spec"]["selector"]
        orphans = [
            each
            for each in self._replica_sets.find("orphan", key.namespace)
            if matches_label_selector(selector, labels_of(each))
        ]
        if orphans:
            # A deleted one must not adopt what it just orphaned.
            deployment = await live.read(self._client, RESOURCE, key, uid_of(deployment))
            if deployment is None:
                return None
        owned = self._replica_sets.find("controller", uid_of(deployment))
        pods: dict[str, list[Object]] = {}
        if not is_rolling(deployment):
            pods = {uid_of(each): self._pods.find("controller", uid_of(each)) for each in owned}
        taken = {
            each["metadata"]["name"]
            for each in self._replica_sets.find("namespace", key.namespace)
            if not is_controlled_by(each, uid_of(deployment))
        }
        return ObservedDeployment(deployment, [*owned, *orphans], pods, taken)

    def reconcile(self, observed: ObservedDeployment, now: float) -> list[Action]:
        """See `reconcile.reconcile`."""
        return reconcile(observed, now)

    def failed(
        self, observed: ObservedDeployment, action: Write, error: ApiError, now: float
    ) -> list[Action]:
        """See `reconcile.on_failed_write`."""
        return on_failed_write(observed, action, error, now)
