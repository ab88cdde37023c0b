"""A client of the server at hand, a namespace a test, and nodes that run pods."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from integration.client import Api
from integration.server import NODE_COUNT, Server


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of the test's own, and the paths in it."""

    name: str

    def core(self, rest: str) -> str:
        return f"/api/v1/namespaces/{self.name}/{rest}"

    def apps(self, rest: str) -> str:
        return self.group("apps/v1", rest)

    def group(self, group_version: str, rest: str) -> str:
        return f"/apis/{group_version}/namespaces/{self.name}/{rest}"


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    async with Api(server) as client:
        yield client


@pytest.fixture
async def namespace(api: Api) -> AsyncIterator[Namespace]:
    body = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"generateName": "test-"}}
    created = await api.create("/api/v1/namespaces", body)
    name = created["metadata"]["name"]
    yield Namespace(name)
    await api.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
async def nodes(api: Api) -> list[str]:
    """Names of the Ready nodes that run what is bound to them."""
    async with api.watch("/api/v1/nodes") as events:
        ready = set()
        async for event in events:
            node = event["object"]
            for condition in node.get("status", {}).get("conditions", ()):
                if condition["type"] == "Ready" and condition["status"] == "True":
                    ready.add(node["metadata"]["name"])
            if len(ready) == NODE_COUNT:
                break
    return sorted(ready)
