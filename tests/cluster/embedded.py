"""Store, registry, controllers and nodes in this process, without HTTP; stopped and started."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netcore_cluster.api.bootstrap import bootstrap
from netcore_cluster.api.client import Client
from netcore_cluster.api.registry import Registry
from netcore_cluster.controllers import ControllerSettings, run_controllers
from netcore_cluster.nodes import run_nodes
from netcore_cluster.storage.store import open_store

Object = dict[str, Any]


@dataclass
class Cluster:
    """A client of the cluster, and its working parts as tasks that can be ended."""

    client: Client
    group: asyncio.TaskGroup
    tasks: dict[str, asyncio.Task] = field(default_factory=dict)

    def start_controllers(self, **settings: Any) -> None:
        work = run_controllers(self.client, settings=ControllerSettings(**settings))
        self.tasks["controllers"] = self.group.create_task(work)

    def start_nodes(self, nodes: Any, **options: Any) -> None:
        self.tasks["nodes"] = self.group.create_task(run_nodes(self.client, nodes, **options))

    async def stop(self, name: str) -> None:
        task = self.tasks.pop(name)
        task.cancel()
        await asyncio.wait([task])

    async def until(
        self,
        resource: str,
        holds: Callable[[list[Object]], Any],
        *,
        namespace: str = "",
        timeout_s: float = 20,
    ) -> list[Object]:
        """The objects of a resource once they are as wanted; looks after every change."""
        objects, revision = await self.client.list(resource, namespace)
        known = {(o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in objects}
        try:
            async with asyncio.timeout(timeout_s):
                if holds(list(known.values())):
                    return list(known.values())
                async for event, obj in self.client.watch(resource, revision, namespace):
                    key = (obj["metadata"].get("namespace"), obj["metadata"]["name"])
                    if event == "DELETED":
                        known.pop(key, None)
                    else:
                        known[key] = obj
                    if holds(list(known.values())):
                        return list(known.values())
        except TimeoutError:
            raise AssertionError(f"{resource} did not come to be as wanted: {known}") from None
        raise AssertionError("the watch ended")


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Cluster]:
    """A cluster with nothing at work in it yet."""
    async with open_store(folder, is_durable=False) as store, asyncio.TaskGroup() as group:
        registry = Registry(store)
        await bootstrap(registry, port=6443)
        cluster = Cluster(Client(registry), group)
        yield cluster
        for task in cluster.tasks.values():
            task.cancel()


def deployment(
    replicas: int, *, name: str = "web", image: str = "web:1", nodes: Iterable[str] = ("node-0",)
) -> Object:
    """A Deployment whose pods need no scheduler: they name their node."""
    (node,) = nodes
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"nodeName": node, "containers": [{"name": "main", "image": image}]},
            },
        },
    }


def is_running(pod: Object) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Running" and pod["status"].get("podIP"))
