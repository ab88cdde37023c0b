"""`dryRun=All`: the answer of the real thing, and nothing stored."""

import pytest

from integration import manifests
from integration.client import Api
from integration.conftest import Namespace

DRY = {"dryRun": "All"}


async def test_create(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"), **DRY)
    assert created["metadata"]["uid"]
    assert "resourceVersion" not in created["metadata"]
    await api.refused(404, "GET", namespace.core("configmaps/one"))


async def test_create_of_what_exists_or_is_wrong(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("one"))
    await api.refused(409, "POST", path, manifests.config_map("one"), **DRY)
    await api.refused(422, "POST", path, manifests.config_map("Not_A_Name"), **DRY)


@pytest.mark.parametrize("kind", ["merge", "strategic"])
async def test_patch(api: Api, namespace: Namespace, kind: str) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    patched = await api.patch(path, {"data": {"a": "1"}}, kind=kind, **DRY)
    assert patched["data"] == {"a": "1"}
    assert await api.get(path) == created


async def test_replace(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    replaced = await api.replace(path, created | {"data": {"a": "1"}}, **DRY)
    assert replaced["data"] == {"a": "1"}
    assert await api.get(path) == created


async def test_apply(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    body = manifests.config_map("one", {"a": "1"})
    assert (await api.apply(path, body, manager="me", **DRY))["data"] == {"a": "1"}
    await api.refused(404, "GET", path)


async def test_delete(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    await api.delete(path, **DRY)
    await api.delete(path, {"dryRun": ["All"]})
    assert await api.get(path) == created


async def test_delete_of_a_collection(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    await api.delete(namespace.core("configmaps"), **DRY)
    assert await api.get(namespace.core("configmaps/one")) == created


async def test_binding_and_scale(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    await api.create(namespace.core("pods"), manifests.pod("p"))
    path = namespace.core("pods/p/binding")
    await api.create(path, manifests.binding("p", nodes[0]), **DRY)
    assert "nodeName" not in (await api.get(namespace.core("pods/p")))["spec"]
    await api.create(namespace.apps("deployments"), manifests.deployment("web", replicas=0))
    scale = namespace.apps("deployments/web/scale")
    await api.patch(scale, {"spec": {"replicas": 5}}, kind="merge", **DRY)
    assert (await api.get(namespace.apps("deployments/web")))["spec"]["replicas"] == 0


async def test_no_watcher_hears_of_it(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    async with api.watch(path) as events:
        await api.create(path, manifests.config_map("dry"), **DRY)
        await api.create(path, manifests.config_map("wet"))
        assert await events.take(1) == [("ADDED", "wet")]


async def test_a_value_that_is_none(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        422, "POST", namespace.core("configmaps"), manifests.config_map("one"), dryRun="Some"
    )
    assert "dryRun: Unsupported value: " in status["message"]
    assert status["message"].endswith('supported values: "All"')
