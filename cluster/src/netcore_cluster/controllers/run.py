"""Runs every controller over one set of caches."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from netcore_cluster.api.client import Client
from netcore_cluster.controllers.app_group import AppGroupController
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller
from netcore_cluster.controllers.deployment import DeploymentController
from netcore_cluster.controllers.disruption import DisruptionController
from netcore_cluster.controllers.endpoints import EndpointsController
from netcore_cluster.controllers.event_poster import EventPoster
from netcore_cluster.controllers.garbage import GarbageCollector
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.informer import Informer
from netcore_cluster.controllers.namespace import NamespaceController
from netcore_cluster.controllers.namespace_defaults import NamespaceDefaultsController
from netcore_cluster.controllers.node_health import NodeHealthController
from netcore_cluster.controllers.pod_garbage import PodGarbageCollector
from netcore_cluster.controllers.replica_set import ReplicaSetController
from netcore_cluster.controllers.resources import DEFINITIONS, ResourceTable
from netcore_cluster.controllers.settings import ControllerSettings
from netcore_cluster.controllers.shell import ControllerShell
from netcore_cluster.controllers.taint_eviction import TaintEvictionController


async def run_controllers(
    client: Client,
    *,
    settings: ControllerSettings | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Run until cancelled.

    Nothing is decided before every cache holds what the API server had at the start, so a restart
    at any moment goes on where the last process was stopped.

    Args:
        client: The API server's in-process client.
        settings: Times of the controllers; the defaults where absent.
        clock: Unix seconds.
    """
    hub, table = Hub(), ResourceTable()
    poster = EventPoster(client, clock=clock)
    shells = [
        ControllerShell(controller, client, hub, poster, clock=clock)
        for controller in _controllers(client, hub, table, settings or ControllerSettings())
    ]
    async with asyncio.TaskGroup() as group:
        watches = _Watches(client, hub, table, group)
        await watches.start()
        group.create_task(poster.run(), name="event-poster")
        for shell in shells:
            group.create_task(shell.run(), name=shell.name)


def _controllers(
    client: Client, hub: Hub, table: ResourceTable, settings: ControllerSettings
) -> Sequence[Controller[Any, Any]]:
    return [
        NamespaceDefaultsController(hub, root_certificate=settings.root_certificate),
        NamespaceController(hub, client, table),
        GarbageCollector(client, table),
        DeploymentController(hub, client),
        ReplicaSetController(hub, client),
        DisruptionController(hub),
        EndpointsController(hub),
        NodeHealthController(
            hub, grace_s=settings.node_grace_s, startup_grace_s=settings.node_startup_grace_s
        ),
        TaintEvictionController(hub),
        PodGarbageCollector(hub, client, quarantine_s=settings.missing_node_quarantine_s),
        AppGroupController(hub),
    ]


class _Watches:
    """One informer for every resource that is served, custom resources as they come and go."""

    def __init__(
        self, client: Client, hub: Hub, table: ResourceTable, group: asyncio.TaskGroup
    ) -> None:
        self._client: Final = client
        self._hub: Final = hub
        self._table: Final = table
        self._group: Final = group
        self._running: dict[str, tuple[Informer, asyncio.Task[None]]] = {}
        hub.listen(self._on_change)

    async def start(self) -> None:
        """Watch everything; returns once every cache is filled."""
        await self._watch(DEFINITIONS).has_synced.wait()
        self._follow_definitions()
        for informer, _ in list(self._running.values()):
            await informer.has_synced.wait()

    def _watch(self, resource: str) -> Informer:
        informer = Informer(self._client, self._hub, resource)
        task = self._group.create_task(informer.run(), name=f"watch-{resource}")
        self._running[resource] = (informer, task)
        return informer

    def _on_change(self, change: Change) -> None:
        if change.resource == DEFINITIONS:
            self._follow_definitions()

    def _follow_definitions(self) -> None:
        self._table.define(self._hub.cache(DEFINITIONS))
        served = {each.name for each in self._table if each.is_watched}
        for resource in sorted(served - self._running.keys()):
            self._watch(resource)
        for resource in sorted(self._running.keys() - served):
            _, task = self._running.pop(resource)
            task.cancel()
            self._hub.forget(resource)
