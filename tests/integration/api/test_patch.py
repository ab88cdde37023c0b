"""JSON patches, merge patches and strategic merge patches."""

import asyncio

import pytest

from integration import manifests
from integration.api.conftest import Widgets
from integration.client import PATCH_TYPES, Api, Object
from integration.conftest import Namespace


def typed(kind: str) -> dict[str, str]:
    return {"Content-Type": PATCH_TYPES[kind]}


def deployment_with_sidecar() -> Object:
    body = manifests.deployment("web", replicas=0)
    body["spec"]["template"]["spec"]["containers"] = [
        {
            "name": "main",
            "image": "registry.example/app:1",
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
        },
        {"name": "side", "image": "registry.example/side:1"},
    ]
    return body


@pytest.fixture
async def web(api: Api, namespace: Namespace) -> str:
    await api.create(namespace.apps("deployments"), deployment_with_sidecar())
    return namespace.apps("deployments/web")


def containers(item: Object) -> list[Object]:
    return item["spec"]["template"]["spec"]["containers"]


async def test_json_patch_operations(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one", {"a": "1", "b": "2"}, labels={"c/d": "3"})
    await api.create(namespace.core("configmaps"), body)
    patch = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/data/new", "value": "x"},
        {"op": "replace", "path": "/data/a", "value": "one"},
        {"op": "remove", "path": "/data/b"},
        {"op": "copy", "from": "/data/new", "path": "/data/copy"},
        {"op": "move", "from": "/metadata/labels/c~1d", "path": "/data/moved"},
    ]
    patched = await api.patch(namespace.core("configmaps/one"), patch, kind="json")
    assert patched["data"] == {"a": "one", "new": "x", "copy": "x", "moved": "3"}


async def test_a_json_patch_whose_test_fails_changes_nothing(
    api: Api, namespace: Namespace
) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(
        namespace.core("configmaps"), manifests.config_map("one", {"a": "1"})
    )
    patch = [
        {"op": "replace", "path": "/data/a", "value": "2"},
        {"op": "test", "path": "/data/a", "value": "1"},
    ]
    status = await api.refused(422, "PATCH", path, patch, headers=typed("json"))
    assert status["reason"] == "Invalid"
    assert await api.get(path) == created


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("json", b"{}"),
        ("json", b"["),
        ("json", b'[{"op": "dance", "path": "/data"}]'),
        ("merge", b"{"),
        ("strategic", b"{"),
    ],
)
async def test_patches_that_are_none(
    api: Api, namespace: Namespace, kind: str, patch: bytes
) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    answer = await api.request("PATCH", path, patch, headers=typed(kind))
    assert answer.status in {400, 422}
    assert answer.body["reason"] in {"BadRequest", "Invalid"}


async def test_merge_patch_replaces_lists_and_removes_by_null(api: Api, web: str) -> None:
    patch = {
        "metadata": {"labels": {"app": None, "new": "yes"}},
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "only", "image": "registry.example/only:1"}]}
            }
        },
    }
    patched = await api.patch(web, patch, kind="merge")
    assert patched["metadata"]["labels"] == {"new": "yes"}
    assert [container["name"] for container in containers(patched)] == ["only"]


async def test_strategic_patch_merges_lists_by_their_key(api: Api, web: str) -> None:
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": "registry.example/app:2",
                            "env": [{"name": "B", "value": "two"}, {"name": "C", "value": "3"}],
                        }
                    ]
                }
            }
        }
    }
    patched = await api.patch(web, patch, kind="strategic")
    found = {container["name"]: container for container in containers(patched)}
    assert found.keys() == {"main", "side"}
    assert found["main"]["image"] == "registry.example/app:2"
    env = {entry["name"]: entry["value"] for entry in found["main"]["env"]}
    assert env == {"A": "1", "B": "two", "C": "3"}
    assert found["main"]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


async def test_strategic_patch_deletes_list_entries(api: Api, web: str) -> None:
    delete = {"name": "side", "$patch": "delete"}
    patch = {"spec": {"template": {"spec": {"containers": [delete]}}}}
    patched = await api.patch(web, patch, kind="strategic")
    assert [container["name"] for container in containers(patched)] == ["main"]


async def test_strategic_patch_replaces_on_request(api: Api, web: str) -> None:
    new = {"name": "new", "image": "registry.example/new:1"}
    patch = {"spec": {"template": {"spec": {"containers": [{"$patch": "replace"}, new]}}}}
    patched = await api.patch(web, patch, kind="strategic")
    assert [container["name"] for container in containers(patched)] == ["new"]
    strategy = {"$patch": "replace", "type": "Recreate"}
    patched = await api.patch(web, {"spec": {"strategy": strategy}}, kind="strategic")
    assert patched["spec"]["strategy"] == {"type": "Recreate"}


async def test_strategic_patch_retains_keys(api: Api, web: str) -> None:
    """`$retainKeys` is how kubectl apply switches a strategy."""
    strategy = {"$retainKeys": ["type"], "type": "Recreate"}
    patched = await api.patch(web, {"spec": {"strategy": strategy}}, kind="strategic")
    assert patched["spec"]["strategy"] == {"type": "Recreate"}


async def test_strategic_patch_orders_and_deletes_primitives(
    api: Api, namespace: Namespace
) -> None:
    path = namespace.core("configmaps/one")
    body = manifests.config_map("one", finalizers=["example.com/a", "example.com/b"])
    await api.create(namespace.core("configmaps"), body)
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    patched = await api.patch(path, patch, kind="strategic")
    assert patched["metadata"]["finalizers"] == ["example.com/b"]
    patched = await api.patch(
        path, {"metadata": {"finalizers": ["example.com/c"]}}, kind="strategic"
    )
    assert set(patched["metadata"]["finalizers"]) == {"example.com/b", "example.com/c"}
    await api.patch(path, {"metadata": {"finalizers": None}}, kind="merge")


async def test_strategic_patch_of_conditions(api: Api, namespace: Namespace) -> None:
    """What schedulers and kubelets do: one condition of many, by its type."""
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    first = {"type": "example.com/first", "status": "True"}
    second = {"type": "example.com/second", "status": "False"}
    for condition in (first, second, first | {"status": "False"}):
        patch = {"status": {"conditions": [condition]}}
        patched = await api.patch(f"{path}/status", patch, kind="strategic")
    found = {c["type"]: c["status"] for c in patched["status"]["conditions"]}
    assert found == {"example.com/first": "False", "example.com/second": "False"}


async def test_custom_resources_know_no_strategy(api: Api, widgets: Widgets) -> None:
    await api.create(widgets.path, widgets.widget("one"))
    path = f"{widgets.path}/one"
    status = await api.refused(
        415, "PATCH", path, {"spec": {"size": 2}}, headers=typed("strategic")
    )
    assert status["reason"] == "UnsupportedMediaType"
    patched = await api.patch(path, {"spec": {"size": 2}}, kind="merge")
    assert patched["spec"]["size"] == 2
    patch = [{"op": "replace", "path": "/spec/size", "value": 3}]
    assert (await api.patch(path, patch, kind="json"))["spec"]["size"] == 3


async def test_a_patch_with_a_stale_revision_conflicts(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    stale = created["metadata"]["resourceVersion"]
    await api.patch(path, {"data": {"a": "1"}}, kind="merge")
    patch = {"metadata": {"resourceVersion": stale}, "data": {"a": "2"}}
    for kind in ("merge", "strategic"):
        status = await api.refused(409, "PATCH", path, patch, headers=typed(kind))
        assert status["reason"] == "Conflict"


async def test_a_patch_of_nothing(api: Api, namespace: Namespace) -> None:
    for kind in ("merge", "strategic"):
        await api.refused(
            404, "PATCH", namespace.core("configmaps/none"), {"data": {}}, headers=typed(kind)
        )


async def test_a_patch_that_changes_nothing(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(
        namespace.core("configmaps"), manifests.config_map("one", {"a": "1"})
    )
    patched = await api.patch(path, {"data": {"a": "1"}}, kind="merge")
    assert patched["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_a_patch_does_not_rename(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    patch = {"metadata": {"name": "two"}}
    await api.refused(400, "PATCH", path, patch, headers=typed("merge"))


async def test_concurrent_patches_are_all_kept(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    expected = {f"key-{index}": "yes" for index in range(20)}
    async with asyncio.TaskGroup() as group:
        for key in expected:
            group.create_task(api.patch(path, {"data": {key: "yes"}}, kind="merge"))
    assert (await api.get(path))["data"] == expected


async def test_unknown_patch_types(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    status = await api.refused(415, "PATCH", path, {"data": {}})
    assert status["reason"] == "UnsupportedMediaType"
