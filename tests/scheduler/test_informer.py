"""The gateway's informer against a real server, over connections that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson

from integration.server import Server
from netcore.kube import Informer, KubeClient, ResourceEvent, load_credentials
from netcore.resources import CONFIG_MAP, NAMESPACE, Resource
from scheduler.lossy import Loss, lossy

ABSENT = Resource("nowhere.example.com", "v1", "Nothing", "nothings", namespaced=True)
# A real cluster puts a ConfigMap of its own into every namespace.
OWN = "metadata.name!=kube-root-ca.crt"
PATIENCE_S = 30.0


class Mirror:
    """What a handler that does as it is told knows of a collection."""

    def __init__(self) -> None:
        self.objects: dict[str, dict] = {}
        self._changed = asyncio.Event()

    def handle(self, event: ResourceEvent) -> None:
        if event.type == "delete":
            self.objects.pop(event.name, None)
        else:
            # The raw form is the whole object.
            assert orjson.loads(event.raw) == event.obj
            self.objects[event.name] = event.obj
        self._changed.set()

    async def until(self, data: dict[str, str]) -> None:
        """Return once the ConfigMaps that are known are these, by name and `data.value`."""
        async with asyncio.timeout(PATIENCE_S):
            while {name: obj["data"]["value"] for name, obj in self.objects.items()} != data:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def running(informer: Informer) -> AsyncIterator[None]:
    task = asyncio.create_task(informer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def write(kube: KubeClient, namespace: str, name: str, value: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    body["data"] = {"value": value}
    await kube.apply(CONFIG_MAP, body, namespace=namespace, field_manager="test")


async def test_a_broken_watch_goes_on_where_it_broke(server: Server) -> None:
    credentials = await load_credentials(server.kubeconfig)
    behind = await load_credentials(server.kubeconfig)
    mirror = Mirror()
    async with (
        lossy(credentials.server) as (relay, behind.server),
        KubeClient(credentials) as kube,
        KubeClient(behind) as remote,
    ):
        created = await kube.create(NAMESPACE, {"metadata": {"generateName": "informer-"}})
        namespace = created["metadata"]["name"]
        informer = Informer(remote, CONFIG_MAP, mirror.handle, namespace=namespace, fields=OWN)
        await write(kube, namespace, "kept", "1")
        await write(kube, namespace, "gone", "1")
        async with running(informer), asyncio.timeout(2 * PATIENCE_S):
            await informer.synced.wait()
            await mirror.until({"kept": "1", "gone": "1"})
            for round_number in ("2", "3"):
                relay.lost.clear()
                relay.loss = Loss.ANSWERS
                await write(kube, namespace, "kept", round_number)
                await relay.lost.wait()
                await write(kube, namespace, "new", round_number)
                if "gone" in mirror.objects:
                    await kube.delete(CONFIG_MAP, "gone", namespace=namespace)
                relay.loss = Loss.NOTHING
                await mirror.until({"kept": round_number, "new": round_number})
        # What was missed came through the watch: nothing was listed again.
        assert informer.relists == 1
        await kube.delete(NAMESPACE, namespace)


async def test_a_collection_that_does_not_exist_counts_as_empty(server: Server) -> None:
    mirror = Mirror()
    async with KubeClient(await load_credentials(server.kubeconfig)) as kube:
        informer = Informer(kube, ABSENT, mirror.handle, optional=True)
        async with running(informer), asyncio.timeout(PATIENCE_S):
            await informer.synced.wait()
    assert mirror.objects == {}


async def test_what_went_missing_in_a_gap_is_reported_as_deleted(server: Server) -> None:
    """A list after a gap is all that is known of what happened in it."""
    mirror = Mirror()
    async with KubeClient(await load_credentials(server.kubeconfig)) as kube:
        created = await kube.create(NAMESPACE, {"metadata": {"generateName": "informer-"}})
        namespace = created["metadata"]["name"]
        informer = Informer(kube, CONFIG_MAP, mirror.handle, namespace=namespace, fields=OWN)
        await write(kube, namespace, "gone", "1")
        async with running(informer), asyncio.timeout(PATIENCE_S):
            await mirror.until({"gone": "1"})
        await kube.delete(CONFIG_MAP, "gone", namespace=namespace)
        await write(kube, namespace, "new", "1")
        # What a 410 Expired does.
        informer._version = ""
        async with running(informer):
            await mirror.until({"new": "1"})
        assert informer.relists == 2
        await kube.delete(NAMESPACE, namespace)
