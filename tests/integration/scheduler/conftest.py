"""A scheduler beside the server at hand, nodes of a test's own, and what became of its pods."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration import manifests
from integration.client import Api, Object
from integration.conftest import Namespace
from integration.process import Program, netcore
from integration.server import Server

SCHEDULER = "netcore"

# Nodes and pods of a test find each other by it, whatever else is in the cluster.
TEST_LABEL = "example.com/test"

GIB = 1 << 30


@pytest.fixture(scope="session")
def scheduler(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`netcore scheduler` at work for the pods that name it."""
    log = tmp_path_factory.mktemp("scheduler") / "scheduler.log"
    with Program(scheduler_command(server.kubeconfig), log=log) as program:
        yield program


def scheduler_command(kubeconfig: Path) -> list[str]:
    return netcore("scheduler", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0")


@dataclass(frozen=True, slots=True)
class Site:
    """The nodes and pods of one test.

    The nodes are data: nothing runs on them, so a bound pod stays Pending.
    """

    api: Api
    namespace: Namespace
    made: list[str] = field(default_factory=list)

    @property
    def pods(self) -> str:
        return self.namespace.core("pods")

    def node_name(self, name: str) -> str:
        return f"{self.namespace.name}-{name}"

    async def node(
        self, name: str, *, cpu: str = "4", labels: dict[str, str] | None = None, **spec: object
    ) -> str:
        """Creates a node and answers with its full name."""
        full = self.node_name(name)
        resources = {"cpu": cpu, "memory": "64Gi", "pods": "250"}
        self.made.append(full)
        await self.api.create(
            "/api/v1/nodes",
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": full,
                    "labels": {TEST_LABEL: self.namespace.name, "name": name, **(labels or {})},
                },
                "spec": spec,
                "status": {
                    "capacity": resources,
                    "allocatable": resources,
                    "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
                },
            },
        )
        return full

    def manifest(
        self,
        name: str,
        *,
        cpu: str = "100m",
        scheduler: str = SCHEDULER,
        labels: dict[str, str] | None = None,
        **spec: object,
    ) -> Object:
        """A pod that only fits on the test's own nodes."""
        spec = {"nodeSelector": {TEST_LABEL: self.namespace.name}} | spec
        body = manifests.pod(name, labels=labels, schedulerName=scheduler, **spec)
        body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
        return body

    async def pod(self, name: str, **options: object) -> Object:
        return await self.api.create(self.pods, self.manifest(name, **options))

    async def bound(self, name: str) -> str:
        """The name of the pod's node, without the test's prefix, once it has one."""
        pod = await self.api.until(f"{self.pods}/{name}", lambda item: item["spec"].get("nodeName"))
        return pod["spec"]["nodeName"].removeprefix(f"{self.namespace.name}-")

    async def unschedulable(self, name: str) -> str:
        """The message with which the pod waits, once it was found to fit nowhere."""

        def verdict(item: Object) -> str | None:
            for condition in item["status"].get("conditions", ()):
                if (condition["type"], condition["status"]) == ("PodScheduled", "False"):
                    assert condition["reason"] == "Unschedulable"
                    return condition["message"]
            return None

        return verdict(await self.api.until(f"{self.pods}/{name}", verdict))

    async def event(self, name: str, reason: str) -> Object:
        """The event of a pod with a reason, once it is there."""
        path = self.namespace.group("events.k8s.io/v1", "events")
        async with self.api.watch(path) as events:
            while True:
                event = (await events.next())["object"]
                if (event["regarding"]["name"], event["reason"]) == (name, reason):
                    return event


@pytest.fixture
async def site(api: Api, namespace: Namespace, scheduler: Program) -> AsyncIterator[Site]:
    place = Site(api, namespace)
    yield place
    for name in place.made:
        await api.request("DELETE", f"/api/v1/nodes/{name}")
    await api.request("DELETE", place.pods, {"gracePeriodSeconds": 0})
