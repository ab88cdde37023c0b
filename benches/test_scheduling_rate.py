"""How fast pods are placed, against the fastest that the API server lets any client place them.

1,000 pods on 500 nodes of `netcore up`, from the first create to the last binding: once by a bare
client that creates each pod and binds it, once created by that client and placed by the embedded
scheduler. Both on the same server, in turns, so that the machine's mood strikes both.
"""

import asyncio
import itertools
import re
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from harness.recorder import Report
from integration.process import Program, netcore
from kubernetes.endpoint import Endpoint

PODS = 1000
NODES = 500
ROUNDS = 3
AT_ONCE = 32
PATIENCE_S = 120.0
# The bar: the scheduler writes an event a pod, and reads every change of every pod.
LEAST_SHARE = 0.5

NAMESPACE = "/api/v1/namespaces/default"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A cluster of 500 simulated nodes, ready, with its scheduler at work."""
    directory = tmp_path_factory.mktemp("up")
    kubeconfig = directory / "kubeconfig"
    command = netcore("up", "--kubeconfig", kubeconfig, "--port", 0, "--nodes", NODES)
    with Program(command, log=directory / "up.log") as program:
        assert "netcore is up" in program.first_line()
        endpoint = Endpoint.from_kubeconfig(kubeconfig)
        asyncio.run(warm_up(endpoint))
        yield endpoint


def test_the_scheduler_beside_a_bare_client(endpoint: Endpoint, report: Report) -> None:
    bare: list[float] = []
    placed: list[float] = []
    serial = itertools.count()

    for _ in range(ROUNDS):
        bare.append(asyncio.run(rate(endpoint, f"bare-{next(serial)}", bind_each)))
        placed.append(asyncio.run(rate(endpoint, f"netcore-{next(serial)}", leave_to_netcore)))

    report.row(
        f"{PODS:,} pods through the API server on {NODES} nodes",
        statistics.median(placed),
        "pods/s",
        reference="a bare client that creates and binds them",
        reference_value=statistics.median(bare),
        ratio_at_least=LEAST_SHARE,
    )


class Client:
    """aiohttp and orjson, and nothing else."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def post(self, path: str, body: dict[str, Any]) -> None:
        data = orjson.dumps(body)
        async with self.session.post(path, data=data, headers=JSON) as answer:
            assert answer.status == 201, await answer.text()
            await answer.read()

    async def bind(self, name: str, node: str) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}}
        await self.post(f"{NAMESPACE}/pods/{name}/binding", binding | {"target": target})

    async def pods(self) -> list[dict[str, Any]]:
        async with self.session.get(f"{NAMESPACE}/pods") as answer:
            return orjson.loads(await answer.read())["items"]


@asynccontextmanager
async def connected(endpoint: Endpoint) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(
        endpoint.url,
        headers={"Authorization": f"Bearer {endpoint.token}"},
        # One more for the watch that tells of the bindings.
        connector=aiohttp.TCPConnector(ssl=endpoint.trust or False, limit=AT_ONCE + 1),
        read_bufsize=4 << 20,
    ) as session:
        yield Client(session)


def pod(name: str, scheduler: str) -> dict[str, Any]:
    requests = {"cpu": "100m", "memory": "64Mi"}
    container = {"name": "main", "image": "example/app:1", "resources": {"requests": requests}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"schedulerName": scheduler, "containers": [container]},
    }


async def at_once(work: Callable[[int], Awaitable[None]]) -> None:
    """Do it for each pod's number, 32 at a time."""
    numbers = iter(range(PODS))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())


async def bind_each(client: Client, prefix: str) -> None:
    async def create_and_bind(number: int) -> None:
        name = f"{prefix}-{number}"
        await client.post(f"{NAMESPACE}/pods", pod(name, "nobody"))
        await client.bind(name, f"node-{number % NODES}")

    await at_once(create_and_bind)


async def leave_to_netcore(client: Client, prefix: str) -> None:
    async with asyncio.TaskGroup() as group:
        listening = asyncio.Event()
        group.create_task(all_bound(client, prefix, listening))
        await listening.wait()
        await at_once(
            lambda number: client.post(f"{NAMESPACE}/pods", pod(f"{prefix}-{number}", "netcore"))
        )


async def all_bound(client: Client, prefix: str, listening: asyncio.Event) -> None:
    """Return once the server told of a node for every pod."""
    name = re.compile(rf'"name":"({prefix}-\d+)"'.encode())
    bound: set[bytes] = set()
    async with client.session.get(f"{NAMESPACE}/pods", params={"watch": "true"}) as stream:
        listening.set()
        while len(bound) < PODS:
            line = await stream.content.readline()
            if b'"nodeName"' in line and (found := name.search(line)):
                bound.add(found[1])


async def rate(
    endpoint: Endpoint, prefix: str, place: Callable[[Client, str], Awaitable[None]]
) -> float:
    """Pods a second, from the first create to the last binding."""
    async with connected(endpoint) as client, asyncio.timeout(PATIENCE_S):
        started = time.perf_counter()
        await place(client, prefix)
        took_s = time.perf_counter() - started
        await check_and_clear(client)
    return PODS / took_s


async def check_and_clear(client: Client) -> None:
    pods = await client.pods()
    assert len(pods) == PODS
    assert all(pod["spec"].get("nodeName") for pod in pods)
    async with client.session.delete(
        f"{NAMESPACE}/pods", data=b'{"gracePeriodSeconds":0}', headers=JSON
    ) as answer:
        assert answer.status == 200, await answer.text()
    await until(client, lambda left: not left)
    # What follows a deletion (the nodes', the controllers') must not count in the next turn.
    await asyncio.sleep(1)


async def until(client: Client, holds: Callable[[list[dict[str, Any]]], bool]) -> None:
    """Return once it holds of the pods that there are."""
    while True:
        if holds(await client.pods()):
            return
        await asyncio.sleep(0.1)


async def warm_up(endpoint: Endpoint) -> None:
    """Return once the nodes are there and the scheduler has placed a pod."""
    async with connected(endpoint) as client, asyncio.timeout(PATIENCE_S):
        while True:
            async with client.session.get("/api/v1/nodes") as answer:
                if len(orjson.loads(await answer.read())["items"]) == NODES:
                    break
            await asyncio.sleep(0.2)
        await client.post(f"{NAMESPACE}/pods", pod("first", "netcore"))
        await until(client, lambda pods: bool(pods[0]["spec"].get("nodeName")))
        async with client.session.delete(f"{NAMESPACE}/pods/first") as answer:
            await answer.read()
        await until(client, lambda pods: not pods)
