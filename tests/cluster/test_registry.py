"""The verbs below HTTP, where a suite that speaks HTTP cannot easily look."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from netcore_cluster.api.bootstrap import bootstrap
from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError
from netcore_cluster.api.options import ListOptions
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.representation import WHOLE, representation
from netcore_cluster.storage.store import open_store

Object = dict[str, Any]


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    async with open_store(tmp_path, is_durable=False) as store:
        found = Registry(store)
        await bootstrap(found, port=6443)
        yield found


@pytest.fixture
def client(registry: Registry) -> Client:
    return Client(registry)


def config_map(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def pod(name: str, **spec: Any) -> Object:
    containers = [{"name": "main", "image": "image"}]
    return {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}


async def refusal(work: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await work
    return caught.value


async def test_a_list_that_takes_longer_than_the_history(
    registry: Registry, client: Client
) -> None:
    for index in range(6):
        await client.create("configmaps", config_map(f"m{index}"), "default")
    resource = registry.catalog.named("configmaps")
    first = await registry.reading.list(resource, "default", ListOptions(limit=2))
    assert [entry.key for entry in first.entries] == ["default/m0", "default/m1"]
    await client.delete("configmaps", "m2", "default")
    await client.create("configmaps", config_map("m6"), "default")
    following = ListOptions(limit=10, continue_token=first.continue_token)
    second = await registry.reading.list(resource, "default", following)
    assert [entry.key for entry in second.entries] == [f"default/m{i}" for i in (2, 3, 4, 5)]
    assert second.revision == first.revision

    registry.store.compact()
    lost = await refusal(registry.reading.list(resource, "default", following))
    assert (lost.code, lost.reason) == (410, "Expired")
    inconsistent = lost.status["metadata"]["continue"]
    rest = await registry.reading.list(
        resource, "default", ListOptions(continue_token=inconsistent)
    )
    assert [entry.key for entry in rest.entries] == [f"default/m{i}" for i in (3, 4, 5, 6)]


async def test_a_watch_from_a_forgotten_past(registry: Registry, client: Client) -> None:
    created = await client.create("configmaps", config_map("one"), "default")
    await client.create("configmaps", config_map("two"), "default")
    registry.store.compact()
    since = int(created["metadata"]["resourceVersion"])
    lost = await refusal(anext(client.watch("configmaps", since)))
    assert (lost.code, lost.reason) == (410, "Expired")
    assert lost.message.startswith(f"too old resource version: {since} (")


async def test_a_reader_that_falls_behind_is_sent_to_list_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netcore_cluster.storage.watch.MAX_QUEUED", 3)
    _, revision = await client.list("configmaps")
    events = client.watch("configmaps", revision)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.create("configmaps", config_map("first"), "default"))
        assert (await anext(events))[0] == "ADDED"
    for index in range(5):
        await client.create("configmaps", config_map(f"m{index}"), "default")
    lost = await refusal(anext(events))
    assert lost.reason == "Expired"


async def test_one_pod_is_bound_once(registry: Registry, client: Client) -> None:
    await client.create("pods", pod("p"), "default")

    def bind(node: str) -> Any:
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": node}}
        return registry.subresources.bind("default", "p", binding)

    outcomes = await asyncio.gather(
        *(bind(f"n{index}") for index in range(10)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
    assert len(refused) == 9
    assert all(error.code == 409 for error in refused)
    bound = await client.get("pods", "p", "default")
    assert bound["spec"]["nodeName"] == "n0"
    scheduled = [each for each in bound["status"]["conditions"] if each["type"] == "PodScheduled"]
    assert [each["status"] for each in scheduled] == ["True"]


async def test_writers_of_the_same_state_meet_a_conflict(client: Client) -> None:
    created = await client.create("configmaps", config_map("one", k="0"), "default")
    changed = [created | {"data": {"k": str(index)}} for index in range(1, 6)]
    outcomes = await asyncio.gather(
        *(client.update("configmaps", obj) for obj in changed), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [dict, *[ApiError] * 4]
    assert (await client.get("configmaps", "one", "default"))["data"] == {"k": "1"}


async def test_a_write_that_changes_nothing_makes_no_revision(
    registry: Registry, client: Client
) -> None:
    created = await client.create("configmaps", config_map("one", k="v"), "default")
    before = registry.store.revision
    assert await client.update("configmaps", created) == created
    patched = await client.patch("configmaps", "one", {"data": {"k": "v"}}, namespace="default")
    assert patched == created
    assert registry.store.revision == before


async def test_what_is_handed_in_is_not_changed(client: Client) -> None:
    obj = pod("p")
    before = orjson.dumps(obj)
    await client.create("pods", obj, "default")
    assert orjson.dumps(obj) == before


async def test_services_never_share_an_address(client: Client) -> None:
    spec = {"type": "NodePort", "ports": [{"port": 80}], "selector": {"a": "b"}}
    services = await asyncio.gather(
        *(
            client.create("services", {"metadata": {"name": f"s{i}"}, "spec": spec}, "default")
            for i in range(30)
        )
    )
    assert len({service["spec"]["clusterIP"] for service in services}) == 30
    assert len({service["spec"]["ports"][0]["nodePort"] for service in services}) == 30
    taken = services[0]["spec"]["clusterIP"]
    again = {"metadata": {"name": "again"}, "spec": spec | {"clusterIP": taken}}
    refused = await refusal(client.create("services", again, "default"))
    assert "provided IP is already allocated" in refused.message
    await client.delete("services", "s0", "default")
    assert (await client.create("services", again, "default"))["spec"]["clusterIP"] == taken


async def test_addresses_are_remembered_over_a_restart(tmp_path: Path) -> None:
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    async with open_store(tmp_path, is_durable=False) as store:
        await bootstrap(Registry(store), port=6443)
        made = await Client(Registry(store)).create("services", service, "default")
    async with open_store(tmp_path, is_durable=False) as store:
        again = {"metadata": {"name": "t"}, "spec": {"ports": [{"port": 80}]}}
        again["spec"]["clusterIP"] = made["spec"]["clusterIP"]
        refused = await refusal(Client(Registry(store)).create("services", again, "default"))
        assert refused.code == 422


async def test_priority_comes_from_the_class(client: Client) -> None:
    critical = await client.create(
        "pods", pod("a", priorityClassName="system-node-critical"), "default"
    )
    assert critical["spec"]["priority"] == 2_000_001_000
    ordinary = await client.create("pods", pod("b"), "default")
    assert ordinary["spec"]["priority"] == 0
    refused = await refusal(client.create("pods", pod("c", priorityClassName="none"), "default"))
    assert refused.message == ('pods "c" is forbidden: no PriorityClass with name none was found')


async def test_definitions_serve_from_the_moment_they_are_there(
    registry: Registry, client: Client
) -> None:
    resource = "nodenetworks.netcore.dev"
    assert (await client.list(resource))[0] == []
    definitions = "customresourcedefinitions.apiextensions.k8s.io"
    definition = await client.get(definitions, resource)
    states = {each["type"]: each["status"] for each in definition["status"]["conditions"]}
    assert states == {"NamesAccepted": "True", "Established": "True"}
    generation = registry.catalog.generation
    await client.delete(definitions, resource)
    assert registry.catalog.generation > generation
    body = {"metadata": {"name": "n"}, "spec": {}}
    assert (await refusal(client.create(resource, body))).code in {404, 405, 422}


async def test_bootstrapping_again_changes_nothing(registry: Registry) -> None:
    before = registry.store.revision
    await bootstrap(registry, port=6443)
    assert registry.store.revision == before


async def lines(registry: Registry, options: ListOptions, count: int) -> list[Object]:
    """The first lines of a watch of ConfigMaps in the default namespace."""
    resource = registry.catalog.named("configmaps")
    stream = await registry.watching.watch(resource, "default", options, WHOLE)
    found: list[Object] = []
    async for part in stream:
        found += map(orjson.loads, part.splitlines())
        if len(found) >= count:
            break
    await stream.aclose()
    return found


async def test_a_streaming_list_says_where_it_ends(registry: Registry, client: Client) -> None:
    await client.create("configmaps", config_map("one"), "default")
    options = ListOptions(
        match="NotOlderThan", wants_bookmarks=True, wants_initial_events=True, timeout_s=30
    )
    first, end = await lines(registry, options, 2)
    assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "one")
    assert end["type"] == "BOOKMARK"
    meta = end["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert meta["resourceVersion"] == str(registry.store.revision)


async def test_bookmarks_never_run_ahead_of_events(
    registry: Registry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netcore_cluster.api.watching.BOOKMARK_INTERVAL_S", 0.0)
    since = registry.store.revision
    for index in range(3):
        await client.create("configmaps", config_map(f"m{index}"), "default")
    options = ListOptions(revision=since, wants_bookmarks=True, timeout_s=30)
    found = await lines(registry, options, 5)
    seen = [int(line["object"]["metadata"]["resourceVersion"]) for line in found]
    assert seen == sorted(seen)
    assert {line["type"] for line in found} == {"ADDED", "BOOKMARK"}


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.kubernetes.protobuf",
        "text/html",
        "application/json;as=Table;g=other.io;v=v1",
    ],
)
def test_forms_that_are_not_served(accept: str) -> None:
    with pytest.raises(ApiError) as caught:
        representation(accept, {})
    assert caught.value.code == 406
