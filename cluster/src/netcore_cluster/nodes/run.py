"""Runs the agents of some nodes in one process."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.cache import by_node
from netcore_cluster.controllers.controller import Controller
from netcore_cluster.controllers.event_poster import EventPoster
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.informer import Informer
from netcore_cluster.controllers.objects import Key
from netcore_cluster.controllers.shell import ControllerShell
from netcore_cluster.nodes.agent import NodeAgent
from netcore_cluster.nodes.heartbeat import Heartbeat
from netcore_cluster.nodes.ledger import Ledger
from netcore_cluster.nodes.node_spec import NodeSpec, default_nodes, node_object
from netcore_cluster.nodes.reporter import NodeReporter
from netcore_cluster.nodes.runtime import FakeRuntime, Runtime

_LOG: Final = logging.getLogger(__name__)

_VERSION: Final = version("netcore-cluster")

# Leases are renewed every 10 s as the kubelet does, but at most so many a second, and then every
# 20 s at the latest: half of the time after which a silent node counts as lost.
_HEARTBEAT_S: Final = 10.0
_LONGEST_HEARTBEAT_S: Final = 20.0
_MOST_HEARTBEATS_PER_S: Final = 10.0

# Registrations under way at a time.
_MOST_REGISTERING: Final = 32


async def run_nodes(
    client: Client,
    nodes: int | Sequence[NodeSpec],
    *,
    runtime: Runtime | None = None,
    heartbeat_s: float | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Register the nodes, then run their pods until cancelled.

    A node that exists already goes on as it was: its pods keep running at their addresses.

    Args:
        client: The API server's in-process client.
        nodes: How many (see `default_nodes`), or which.
        runtime: What runs the containers; the fake one where absent.
        heartbeat_s: How often a node says that it lives; by default every 10 s, less often where
            there are many.
        clock: Unix seconds.
    """
    specs = {
        spec.name: spec for spec in (default_nodes(nodes) if isinstance(nodes, int) else nodes)
    }
    runtime = runtime or FakeRuntime()
    hub = Hub({"pods": {"node": by_node}})
    poster = EventPoster(client, clock=clock)
    known = hub.cache("nodes")

    def node_of(name: str) -> Object | None:
        return known.get(Key("", name))

    def shell(controller: Controller[Any, Any]) -> ControllerShell[Any, Any]:
        return ControllerShell(controller, client, hub, poster, clock=clock)

    async with asyncio.TaskGroup() as group:

        async def watch(resource: str) -> None:
            informer = Informer(client, hub, resource)
            group.create_task(informer.run(), name=f"watch-{resource}")
            await informer.has_synced.wait()

        reporter = shell(NodeReporter(hub, specs, runtime.name, _VERSION))
        await watch("nodes")
        missing = [spec for name, spec in specs.items() if node_of(name) is None]
        await _register(client, hub, missing, runtime.name, clock)
        ledgers = {name: Ledger(_as_known(spec, node_of(name))) for name, spec in specs.items()}
        agent = shell(NodeAgent(hub, ledgers, runtime))
        await watch("pods")
        interval_s = heartbeat_s or _interval_s(len(specs))
        heartbeat = Heartbeat(client, node_of, specs, interval_s=interval_s, clock=clock)
        group.create_task(heartbeat.run(), name="heartbeat")
        group.create_task(poster.run(), name="event-poster")
        for each in (reporter, agent):
            group.create_task(each.run(), name=each.name)


def _as_known(spec: NodeSpec, node: Object | None) -> NodeSpec:
    """With the pod network that the Node was registered with: its pods have addresses there."""
    network = None if node is None else node["spec"].get("podCIDR")
    return replace(spec, pod_network=network) if network else spec


def _interval_s(count: int) -> float:
    return min(max(_HEARTBEAT_S, count / _MOST_HEARTBEATS_PER_S), _LONGEST_HEARTBEAT_S)


async def _register(
    client: Client,
    hub: Hub,
    specs: Sequence[NodeSpec],
    runtime: str,
    clock: Callable[[], float],
) -> None:
    limit = asyncio.Semaphore(_MOST_REGISTERING)

    async def register(spec: NodeSpec) -> None:
        node = node_object(spec, runtime=runtime, version=_VERSION, now=clock())
        async with limit:
            try:
                hub.written("nodes", await client.create("nodes", node))
            except ApiError as error:
                # Somebody else made it: the reporter sets it right.
                if error.reason != "AlreadyExists":
                    raise
                _LOG.info("node %s was there already", spec.name)

    async with asyncio.TaskGroup() as group:
        for spec in specs:
            group.create_task(register(spec), name=f"register-{spec.name}")
