"""Lists: selectors, pages of one snapshot, revisions."""

import base64
import json
from collections.abc import AsyncIterator

import pytest

from integration import manifests
from integration.client import Api, Object
from integration.conftest import Namespace


def names(listed: Object) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]


async def fill(api: Api, namespace: Namespace, count: int) -> list[str]:
    made = [f"item-{index:02}" for index in range(count)]
    for name in made:
        await api.create(namespace.core("configmaps"), manifests.config_map(name))
    return made


async def test_a_list_is_sorted_and_carries_a_revision(api: Api, namespace: Namespace) -> None:
    for name in ("b", "c", "a"):
        await api.create(namespace.core("configmaps"), manifests.config_map(name))
    listed = await api.get(namespace.core("configmaps"))
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert names(listed) == ["a", "b", "c"]
    assert int(listed["metadata"]["resourceVersion"]) > 0
    assert not {"kind", "apiVersion"} & listed["items"][0].keys()


async def test_an_empty_list_is_a_list(api: Api, namespace: Namespace) -> None:
    listed = await api.get(namespace.core("configmaps"))
    assert listed["items"] == []


async def test_all_namespaces_at_once(api: Api, namespace: Namespace) -> None:
    name = f"only-{namespace.name}"
    await api.create(namespace.core("configmaps"), manifests.config_map(name))
    listed = await api.get("/api/v1/configmaps", fieldSelector=f"metadata.name={name}")
    assert [item["metadata"]["namespace"] for item in listed["items"]] == [namespace.name]


@pytest.fixture
async def labelled(api: Api, namespace: Namespace) -> AsyncIterator[str]:
    """The path of five ConfigMaps with and without labels."""
    for name, labels in {
        "a": {"tier": "front", "env": "prod"},
        "b": {"tier": "back", "env": "prod"},
        "c": {"tier": "back", "env": "test"},
        "d": {"tier": "cache"},
        "e": {},
    }.items():
        body = manifests.config_map(name, labels=labels)
        await api.create(namespace.core("configmaps"), body)
    return namespace.core("configmaps")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=back", "bc"),
        ("tier==back", "bc"),
        ("tier!=back", "ade"),
        ("tier", "abcd"),
        ("!tier", "e"),
        ("tier in (front,cache)", "ad"),
        ("tier notin (front, cache)", "bce"),
        ("tier=back,env=prod", "b"),
        ("env,tier!=front", "bc"),
        ("env=", ""),
        ("", "abcde"),
    ],
)
async def test_label_selectors(api: Api, labelled: str, selector: str, expected: str) -> None:
    assert names(await api.get(labelled, labelSelector=selector)) == list(expected)


@pytest.mark.parametrize("selector", ["tier in", "=a", "tier in (a", "a=b=c", "tier=not a value"])
async def test_label_selectors_that_are_none(api: Api, labelled: str, selector: str) -> None:
    status = await api.refused(400, "GET", labelled, labelSelector=selector)
    assert status["reason"] == "BadRequest"
    assert "unable to parse requirement" in status["message"] or "found" in status["message"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=b", "b"),
        ("metadata.name==b", "b"),
        ("metadata.name!=b", "acde"),
        ("metadata.name!=b,metadata.name!=c", "ade"),
        ("metadata.namespace=nowhere", ""),
    ],
)
async def test_field_selectors(api: Api, labelled: str, selector: str, expected: str) -> None:
    assert names(await api.get(labelled, fieldSelector=selector)) == list(expected)


async def test_pods_by_node_and_phase(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods")
    await api.create(path, manifests.pod("waits"))
    await api.create(path, manifests.pod("runs", nodeName=nodes[0]))
    await api.until(f"{path}/runs", lambda pod: pod["status"]["phase"] == "Running")
    for selector, expected in {
        f"spec.nodeName={nodes[0]}": ["runs"],
        "spec.nodeName=": ["waits"],
        "spec.nodeName!=": ["runs"],
        "status.phase=Running": ["runs"],
        "status.phase!=Running": ["waits"],
        "spec.schedulerName=nobody": ["runs", "waits"],
        "spec.restartPolicy=Never": [],
        "status.phase!=Failed,spec.nodeName=": ["waits"],
    }.items():
        assert names(await api.get(path, fieldSelector=selector)) == expected, selector


async def test_other_kinds_by_their_fields(api: Api, namespace: Namespace) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "a/b"}
    await api.create(namespace.core("secrets"), secret)
    assert names(await api.get(namespace.core("secrets"), fieldSelector="type=a/b")) == ["s"]
    assert names(await api.get(namespace.core("secrets"), fieldSelector="type!=a/b")) == []
    active = await api.get("/api/v1/namespaces", fieldSelector="status.phase=Active")
    assert namespace.name in names(active)
    schedulable = await api.get("/api/v1/nodes", fieldSelector="spec.unschedulable=false")
    assert len(schedulable["items"]) >= 3


async def test_an_unknown_field(api: Api, namespace: Namespace) -> None:
    for plural, field in {"configmaps": "data.key", "pods": "spec.containers"}.items():
        status = await api.refused(400, "GET", namespace.core(plural), fieldSelector=f"{field}=x")
        assert status["reason"] == "BadRequest"
        assert f'"{field}"' in status["message"] or field in status["message"]
        assert "field label not supported" in status["message"] or "known" in status["message"]


async def test_pages_are_one_snapshot(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    made = await fill(api, namespace, 7)
    page = await api.get(path, limit=3)
    assert names(page) == made[:3]
    assert page["metadata"]["remainingItemCount"] == 4
    version = page["metadata"]["resourceVersion"]
    # What happens between the pages shows in none of them.
    await api.delete(f"{path}/{made[4]}")
    await api.create(path, manifests.config_map("item-03b"))
    await api.patch(f"{path}/{made[5]}", {"data": {"new": "yes"}}, kind="merge")
    rest = []
    while token := page["metadata"].get("continue"):
        page = await api.get(path, limit=3, **{"continue": token})
        assert page["metadata"]["resourceVersion"] == version
        rest += page["items"]
    assert [item["metadata"]["name"] for item in rest] == made[3:]
    assert all("new" not in item.get("data", {}) for item in rest)
    assert "remainingItemCount" not in page["metadata"]


async def test_pages_of_a_selection_do_not_guess_what_remains(
    api: Api, namespace: Namespace
) -> None:
    path = namespace.core("configmaps")
    await fill(api, namespace, 5)
    page = await api.get(path, limit=2, fieldSelector="metadata.name!=item-00")
    assert names(page) == ["item-01", "item-02"]
    assert "remainingItemCount" not in page["metadata"]
    token = page["metadata"]["continue"]
    page = await api.get(
        path, limit=2, fieldSelector="metadata.name!=item-00", **{"continue": token}
    )
    assert names(page) == ["item-03", "item-04"]


async def test_a_limit_that_takes_all(api: Api, namespace: Namespace) -> None:
    made = await fill(api, namespace, 3)
    page = await api.get(namespace.core("configmaps"), limit=3)
    assert names(page) == made
    assert "continue" not in page["metadata"]


async def test_continue_tokens_that_are_none(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        400, "GET", namespace.core("configmaps"), limit=1, **{"continue": "!!!"}
    )
    assert "continue key is not valid" in status["message"]


async def test_a_token_names_revision_and_key(api: Api, namespace: Namespace) -> None:
    await fill(api, namespace, 2)
    page = await api.get(namespace.core("configmaps"), limit=1)
    token = page["metadata"]["continue"]
    decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert decoded["v"] == "meta.k8s.io/v1"
    assert str(decoded["rv"]) == page["metadata"]["resourceVersion"]
    assert "item-00" in decoded["start"]


async def test_a_revision_of_the_past(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    first = await api.create(path, manifests.config_map("first"))
    await api.create(path, manifests.config_map("second"))
    version = first["metadata"]["resourceVersion"]
    exact = await api.get(path, resourceVersion=version, resourceVersionMatch="Exact")
    assert names(exact) == ["first"]
    assert exact["metadata"]["resourceVersion"] == version
    newer = await api.get(path, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    assert "first" in names(newer)
    assert int(newer["metadata"]["resourceVersion"]) >= int(version)


async def test_a_match_without_a_revision(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        422, "GET", namespace.core("configmaps"), resourceVersionMatch="Exact"
    )
    assert status["reason"] == "Invalid"
    assert (
        "resourceVersionMatch is forbidden unless resourceVersion is provided" in status["message"]
    )


async def test_a_revision_of_the_future(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    now = (await api.get(path))["metadata"]["resourceVersion"]
    status = await api.refused(504, "GET", path, resourceVersion=int(now) + 100_000)
    assert status["reason"] == "Timeout"
    assert status["message"].startswith("Timeout: Too large resource version: ")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert status["details"]["retryAfterSeconds"] == 1


async def test_a_revision_that_is_none(api: Api, namespace: Namespace) -> None:
    status = await api.refused(400, "GET", namespace.core("configmaps"), resourceVersion="yes")
    assert "nvalid" in status["message"]


async def test_get_by_revision(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    version = created["metadata"]["resourceVersion"]
    assert await api.get(path, resourceVersion=version) == created
    assert await api.get(path, resourceVersion="0") == created
