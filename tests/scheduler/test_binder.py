"""A binding ends in the truth, whatever becomes of its request and its answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest

from integration import manifests
from integration.server import Server
from netcore.kube import KubeClient, load_credentials
from netcore.resources import DECISION_ANNOTATION, NAMESPACE, POD
from netcore_scheduler.core import Bind, BindDone, BindOvertaken, BindRefused
from netcore_scheduler.shell.binder import Binder
from scheduler.lossy import Loss, LossyRelay, lossy

RECORD = b'{"node":"n1"}'


@dataclass(slots=True)
class Site:
    """A namespace of the test's own, and a binder behind a relay that may lose things."""

    kube: KubeClient
    relay: LossyRelay
    binder: Binder
    namespace: str

    async def pod(self, **spec: object) -> Bind:
        """Create a pod and return the order to bind it to `n1`."""
        created = await self.kube.create(POD, manifests.pod("p", **spec), namespace=self.namespace)
        return Bind(f"{self.namespace}/p", created["metadata"]["uid"], "n1", RECORD)

    async def node_of_pod(self) -> str | None:
        pod = await self.kube.get(POD, "p", namespace=self.namespace)
        return pod["spec"].get("nodeName")


@pytest.fixture
async def site(server: Server) -> AsyncIterator[Site]:
    credentials = await load_credentials(server.kubeconfig)
    behind = await load_credentials(server.kubeconfig)
    async with (
        lossy(credentials.server) as (relay, url),
        KubeClient(credentials) as kube,
    ):
        behind.server = url
        created = await kube.create(NAMESPACE, {"metadata": {"generateName": "bind-"}})
        async with KubeClient(behind) as remote:
            # The connection stands before anything is lost.
            await remote.list_all(NAMESPACE)
            yield Site(kube, relay, Binder(remote), created["metadata"]["name"])
        await kube.delete(NAMESPACE, created["metadata"]["name"])


async def test_a_bound_pod_carries_the_decision(site: Site) -> None:
    order = await site.pod()
    assert await site.binder.bind(order) == BindDone(order.pod, order.uid)
    pod = await site.kube.get(POD, "p", namespace=site.namespace)
    assert pod["spec"]["nodeName"] == "n1"
    assert orjson.loads(pod["metadata"]["annotations"][DECISION_ANNOTATION]) == {"node": "n1"}


async def test_a_binding_whose_answer_is_lost_is_found_to_be_done(site: Site) -> None:
    order = await site.pod()
    site.relay.loss = Loss.ANSWERS
    binding = asyncio.create_task(site.binder.bind(order))
    await site.relay.lost.wait()
    assert await site.node_of_pod() == "n1"
    site.relay.loss = Loss.NOTHING
    assert await binding == BindDone(order.pod, order.uid)


async def test_a_binding_that_never_arrived_is_sent_again_to_the_same_node(site: Site) -> None:
    order = await site.pod()
    site.relay.loss = Loss.REQUESTS
    binding = asyncio.create_task(site.binder.bind(order))
    while site.relay.losses < 3:
        site.relay.lost.clear()
        await site.relay.lost.wait()
    assert await site.node_of_pod() is None
    assert not binding.done()
    site.relay.loss = Loss.NOTHING
    assert await binding == BindDone(order.pod, order.uid)
    assert await site.node_of_pod() == "n1"


async def test_a_pod_that_another_bound_is_left_to_it(site: Site) -> None:
    order = await site.pod()
    await site.kube.bind(site.namespace, "p", "n2")
    assert await site.binder.bind(order) == BindOvertaken(order.pod, order.uid)
    assert await site.node_of_pod() == "n2"


async def test_a_pod_that_is_gone_is_no_failure(site: Site) -> None:
    order = await site.pod()
    await site.kube.delete(POD, "p", namespace=site.namespace)
    assert await site.binder.bind(order) == BindOvertaken(order.pod, order.uid)


async def test_a_pod_of_the_same_name_is_not_bound_in_its_place(site: Site) -> None:
    order = await site.pod()
    await site.kube.delete(POD, "p", namespace=site.namespace)
    await site.pod()
    assert await site.binder.bind(order) == BindOvertaken(order.pod, order.uid)
    assert await site.node_of_pod() is None


async def test_a_refusal_is_told_with_the_servers_words(site: Site) -> None:
    order = await site.pod(schedulingGates=[{"name": "example.com/wait"}])
    outcome = await site.binder.bind(order)
    assert isinstance(outcome, BindRefused)
    assert "schedulingGates" in outcome.message
    assert await site.node_of_pod() is None
