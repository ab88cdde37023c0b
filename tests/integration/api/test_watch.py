"""Watches: what is there first, what comes later, and how a watch that is too old ends."""

import asyncio

import pytest

from integration import manifests
from integration.api.conftest import Widgets
from integration.client import Api
from integration.conftest import Namespace


async def test_present_state_comes_first(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    for name in ("a", "b"):
        await api.create(path, manifests.config_map(name))
    for start in ({}, {"resourceVersion": "0"}):
        async with api.watch(path, **start) as events:
            assert await events.take(2) == [("ADDED", "a"), ("ADDED", "b")]
            await api.create(path, manifests.config_map("c"))
            assert await events.take(1) == [("ADDED", "c")]
        await api.delete(f"{path}/c")


async def test_a_revision_starts_after_itself(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("a"))
    await api.patch(f"{path}/a", {"data": {"k": "1"}}, kind="merge")
    await api.delete(f"{path}/a")
    version = created["metadata"]["resourceVersion"]
    async with api.watch(path, resourceVersion=version) as events:
        changed, deleted = await events.next(), await events.next()
    assert (changed["type"], changed["object"]["data"]) == ("MODIFIED", {"k": "1"})
    assert (deleted["type"], deleted["object"]["data"]) == ("DELETED", {"k": "1"})
    revisions = [
        int(item["metadata"]["resourceVersion"])
        for item in (created, changed["object"], deleted["object"])
    ]
    assert revisions == sorted(set(revisions))


async def test_objects_in_events_name_their_kind(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("a"))
    async with api.watch(path) as events:
        assert (await events.next())["object"] == created


async def test_a_list_and_its_watch_meet(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("before"))
    version = (await api.get(path))["metadata"]["resourceVersion"]
    await api.create(path, manifests.config_map("after"))
    async with api.watch(path, resourceVersion=version) as events:
        assert await events.take(1) == [("ADDED", "after")]


async def test_selector_transitions(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("a", labels={"in": "no"}))
    async with api.watch(path, labelSelector="in=yes") as events:
        joined = await api.patch(f"{path}/a", {"metadata": {"labels": {"in": "yes"}}}, kind="merge")
        added = await events.next()
        assert (added["type"], added["object"]) == ("ADDED", joined)
        await api.patch(f"{path}/a", {"data": {"k": "1"}}, kind="merge")
        assert (await events.next())["type"] == "MODIFIED"
        left = await api.patch(
            f"{path}/a", {"metadata": {"labels": {"in": "no"}}, "data": {"k": "2"}}, kind="merge"
        )
        gone = await events.next()
        # The object as it last matched, at the revision at which it stopped to.
        assert gone["type"] == "DELETED"
        assert gone["object"]["metadata"]["labels"] == {"in": "yes"}
        assert gone["object"]["data"] == {"k": "1"}
        version = gone["object"]["metadata"]["resourceVersion"]
        assert version == left["metadata"]["resourceVersion"]
        # What happens outside of the selection is silent.
        await api.patch(f"{path}/a", {"data": {"k": "3"}}, kind="merge")
        await api.create(path, manifests.config_map("b", labels={"in": "yes"}))
        assert await events.take(1) == [("ADDED", "b")]


async def test_field_selector_transitions(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods")
    await api.create(path, manifests.pod("p"))
    async with api.watch(path, fieldSelector="spec.nodeName=") as events:
        assert await events.take(1) == [("ADDED", "p")]
        await api.create(f"{path}/p/binding", manifests.binding("p", nodes[0]))
        gone = await events.next()
        assert gone["type"] == "DELETED"
        assert "nodeName" not in gone["object"]["spec"]


async def test_all_namespaces(api: Api, namespace: Namespace) -> None:
    name = f"only-{namespace.name}"
    selector = f"metadata.name={name}"
    async with api.watch("/api/v1/configmaps", fieldSelector=selector) as events:
        await api.create(namespace.core("configmaps"), manifests.config_map(name))
        assert await events.take(1) == [("ADDED", name)]


async def test_one_object_by_its_name(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    for name in ("a", "b"):
        await api.create(path, manifests.config_map(name))
    async with api.watch(path, fieldSelector="metadata.name=b") as events:
        assert await events.take(1) == [("ADDED", "b")]
        await api.delete(f"{path}/a")
        await api.delete(f"{path}/b")
        assert await events.take(1) == [("DELETED", "b")]


async def test_content_type_and_end(api: Api, namespace: Namespace) -> None:
    answer = await api.request("GET", namespace.core("configmaps"), watch=1, timeoutSeconds=1)
    assert (answer.status, answer.raw) == (200, b"")
    assert answer.headers["Content-Type"] == "application/json"


async def test_bookmark_before_the_end(api: Api, namespace: Namespace) -> None:
    """A watch of some seconds gets a bookmark in its last ones."""
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("a"))
    version = created["metadata"]["resourceVersion"]
    async with api.watch(
        path, resourceVersion=version, allowWatchBookmarks=True, timeoutSeconds=6
    ) as events:
        bookmark = await events.next()
    assert bookmark["type"] == "BOOKMARK"
    assert (bookmark["object"]["kind"], bookmark["object"]["apiVersion"]) == ("ConfigMap", "v1")
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) >= int(version)
    assert "name" not in bookmark["object"]["metadata"]


async def test_a_revision_too_old_is_told_as_an_event(api: Api, widgets: Widgets) -> None:
    """A kind that came later than the revision has no history that reaches back to it."""
    await api.create(widgets.path, widgets.widget("one"))
    async with api.watch(widgets.path, resourceVersion="1") as events:
        event = await events.next()
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", 410)
    assert status["reason"] == "Expired"
    assert status["message"].startswith("too old resource version: 1 (")


async def test_streaming_lists_are_right_or_refused(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("a"))
    query = {
        "watch": 1,
        "sendInitialEvents": True,
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": True,
    }
    answer = await api.request("GET", path, timeoutSeconds=1, **query)
    if answer.status == 422:
        assert answer.body["reason"] == "Invalid"
        assert "sendInitialEvents" in answer.body["message"]
        return
    async with api.watch(path, **query) as events:
        assert await events.take(1) == [("ADDED", "a")]
        bookmark = await events.next()
    assert bookmark["type"] == "BOOKMARK"
    annotations = bookmark["object"]["metadata"]["annotations"]
    assert annotations["k8s.io/initial-events-end"] == "true"


async def test_streaming_lists_need_a_match(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        422, "GET", namespace.core("configmaps"), watch=1, sendInitialEvents=True
    )
    assert status["reason"] == "Invalid"


async def test_events_come_in_the_order_of_revisions(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    async with api.watch(path) as events:
        async with asyncio.TaskGroup() as group:
            for index in range(50):
                group.create_task(api.create(path, manifests.config_map(f"c-{index}")))
        seen = [await events.next() for _ in range(50)]
    revisions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert revisions == sorted(revisions)
    assert len({event["object"]["metadata"]["name"] for event in seen}) == 50


@pytest.mark.parametrize("watchers", [20])
async def test_every_watcher_sees_every_event(
    api: Api, namespace: Namespace, watchers: int
) -> None:
    path = namespace.core("configmaps")
    version = (await api.get(path))["metadata"]["resourceVersion"]

    async def first_three() -> list[tuple[str, str]]:
        async with api.watch(path, resourceVersion=version) as events:
            return await events.take(3)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(first_three()) for _ in range(watchers)]
        for name in ("a", "b", "c"):
            await api.create(path, manifests.config_map(name))
    expected = [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
    assert [task.result() for task in tasks] == [expected] * watchers
