"""SIGKILL at a random moment while 200 pods are placed: nothing is lost, doubled or overfull."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
import pytest

from integration import manifests
from integration.client import Api, Object
from integration.process import Program, free_port, netcore
from integration.scheduler.conftest import SCHEDULER, TEST_LABEL, scheduler_command
from integration.server import Server, real_server

NODES = 20
PODS_PER_NODE = 11
PODS = 200
CREATORS = 8

PATIENCE_S = 60.0


class Stand(NamedTuple):
    """A server that keeps its data over a crash, a scheduler, and which of them may crash."""

    server: Server
    victims: list[Program]


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("kubernetes", marks=pytest.mark.kubernetes)],
)
def stand(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """Programs of the test's own: no other test may meet their crashes."""
    directory = tmp_path_factory.mktemp("crashes")
    with ExitStack() as stack:
        victims = []
        if request.param == "kubernetes":
            server = stack.enter_context(real_server(directory))
        else:
            kubeconfig = directory / "kubeconfig"
            command = netcore(
                "up",
                *("--data", directory / "data", "--kubeconfig", kubeconfig),
                *("--port", free_port(), "--no-scheduler"),
            )
            program = stack.enter_context(Program(command, log=directory / "up.log"))
            program.first_line()
            victims.append(program)
            server = Server.from_kubeconfig("embedded", kubeconfig)
        command = scheduler_command(server.kubeconfig)
        victims.append(stack.enter_context(Program(command, log=directory / "scheduler.log")))
        yield Stand(server, victims)


@pytest.mark.parametrize("seed", range(20))
async def test_a_crash_while_placing(stand: Stand, seed: int) -> None:
    # The moment is told by progress, not by time: on any machine it falls into the placing.
    placed_before = random.Random(seed).randrange(1, PODS)
    victim = stand.victims[seed % len(stand.victims)]
    async with Api(stand.server) as api, asyncio.timeout(PATIENCE_S):
        burst = Burst(api, f"crash-{seed}")
        await burst.prepare()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(burst.watch())
            creating = group.create_task(burst.create())
            await burst.until_placed(placed_before)
            victim.kill()
            victim.start()
            await creating
            await burst.until_placed(PODS)
            watching.cancel()
        await burst.check()
        await burst.clean_up()


@dataclass
class Burst:
    """Pods for nodes that barely hold them, and every node that each pod was ever seen on."""

    api: Api
    name: str
    nodes_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    progress: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pods(self) -> str:
        return f"/api/v1/namespaces/{self.name}/pods"

    async def prepare(self) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        await self.api.create("/api/v1/namespaces", body)
        resources = {"cpu": str(PODS_PER_NODE), "memory": "64Gi", "pods": "250"}
        for index in range(NODES):
            metadata = {"name": f"{self.name}-{index}", "labels": {TEST_LABEL: self.name}}
            status = {"capacity": resources, "allocatable": resources}
            node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}
            await self.api.create("/api/v1/nodes", node)

    async def create(self) -> None:
        """Creates the pods, again and again where the server is away."""
        names = iter(range(PODS))

        async def creator() -> None:
            for index in names:
                answer = await persistently(
                    lambda index=index: self.api.request("POST", self.pods, self.pod(index))
                )
                # It may have been created by a request whose answer was lost.
                assert answer.status in {201, 409}, answer.raw

        async with asyncio.TaskGroup() as group:
            for _ in range(CREATORS):
                group.create_task(creator())

    def pod(self, index: int) -> Object:
        spec = {"schedulerName": SCHEDULER, "nodeSelector": {TEST_LABEL: self.name}}
        body = manifests.pod(f"p-{index}", **spec)
        body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
        return body

    async def watch(self) -> None:
        """Notes every binding that the server ever tells of."""
        while True:
            await persistently(self._watch_once)

    async def _watch_once(self) -> None:
        async with self.api.watch(self.pods) as events:
            async for event in events:
                pod = event["object"]
                if node := pod["spec"].get("nodeName"):
                    self.nodes_of[pod["metadata"]["uid"]].add(node)
                    self.progress.set()

    async def until_placed(self, count: int) -> None:
        while len(self.nodes_of) < count:
            self.progress.clear()
            await self.progress.wait()

    async def check(self) -> None:
        pods = (await self.api.get(self.pods))["items"]
        assert len(pods) == PODS
        # Each was seen on one node ever, and is there now.
        assert self.nodes_of == {pod["metadata"]["uid"]: {pod["spec"]["nodeName"]} for pod in pods}
        held = Counter(pod["spec"]["nodeName"] for pod in pods)
        assert max(held.values()) <= PODS_PER_NODE

    async def clean_up(self) -> None:
        await self.api.delete(self.pods, {"gracePeriodSeconds": 0})
        await self.api.delete("/api/v1/nodes", labelSelector=f"{TEST_LABEL}={self.name}")
        await self.api.delete(f"/api/v1/namespaces/{self.name}")


async def persistently(attempt: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """The outcome of an attempt that is made again while the server is away."""
    while True:
        try:
            return await attempt()
        except (aiohttp.ClientError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.02)
