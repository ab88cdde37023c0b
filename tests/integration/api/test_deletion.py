"""Finalizers, graceful deletion, owners, and the end of a namespace."""

import pytest

from integration import manifests
from integration.client import Api, Object
from integration.conftest import Namespace


def owner(item: Object, **fields: object) -> Object:
    return {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "name": item["metadata"]["name"],
        "uid": item["metadata"]["uid"],
        **fields,
    }


# Finalizers.


async def test_a_finalizer_holds_an_object(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    body = manifests.config_map("one", finalizers=["example.com/hold"])
    await api.create(namespace.core("configmaps"), body)
    async with api.watch(namespace.core("configmaps")) as events:
        assert (await events.next())["type"] == "ADDED"
        answered = await api.delete(path)
        assert answered["metadata"]["deletionTimestamp"]
        assert answered["metadata"]["deletionGracePeriodSeconds"] == 0
        marked = await events.next()
        assert (marked["type"], marked["object"]) == ("MODIFIED", await api.get(path))
        # Deleting it again changes nothing; no finalizer joins a dying object.
        again = await api.delete(path)
        assert again["metadata"]["deletionTimestamp"] == answered["metadata"]["deletionTimestamp"]
        patch = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
        status = await api.refused(
            422,
            "PATCH",
            path,
            patch,
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert "no new finalizers can be added if the object is being deleted" in status["message"]
        await api.patch(path, {"metadata": {"finalizers": None}}, kind="merge")
        gone = await events.next()
        assert (gone["type"], gone["object"]["metadata"]["name"]) == ("DELETED", "one")
    await api.refused(404, "GET", path)


async def test_the_deletion_mark_is_not_the_callers_to_set(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one", deletionTimestamp="2001-01-01T00:00:00Z")
    created = await api.create(namespace.core("configmaps"), body)
    assert "deletionTimestamp" not in created["metadata"]


# Pods end gracefully.


async def test_a_pod_that_waits_goes_at_once(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    await api.delete(path)
    await api.refused(404, "GET", path)


async def test_a_pod_that_runs_is_ended_by_its_node(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p", nodeName=nodes[0]))
    running = await api.until(path, lambda pod: pod["status"]["phase"] == "Running")
    version = running["metadata"]["resourceVersion"]
    async with api.watch(namespace.core("pods"), resourceVersion=version) as events:
        answered = await api.delete(path)
        assert answered["metadata"]["deletionTimestamp"]
        assert answered["metadata"]["deletionGracePeriodSeconds"] == 30
        kinds = [(await events.next())["type"]]
        while kinds[-1] != "DELETED":
            kinds.append((await events.next())["type"])
    assert kinds[0] == "MODIFIED"
    await api.refused(404, "GET", path)


async def test_a_pod_is_forced_away(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p", nodeName=nodes[0]))
    await api.delete(path, {"gracePeriodSeconds": 0})
    await api.refused(404, "GET", path)


# Owners.


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
async def test_dependants_of_a_deleted_owner(api: Api, namespace: Namespace, policy: str) -> None:
    path = namespace.core("configmaps")
    parent = await api.create(path, manifests.config_map("parent"))
    child = manifests.config_map("child", ownerReferences=[owner(parent, blockOwnerDeletion=True)])
    await api.create(path, child)
    await api.delete(f"{path}/parent", {"propagationPolicy": policy})
    await api.until_gone(f"{path}/parent")
    if policy == "Orphan":
        orphan = await api.get(f"{path}/child")
        assert not orphan["metadata"].get("ownerReferences")
    else:
        await api.until_gone(f"{path}/child")


async def test_foreground_waits_for_the_dependants(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    parent = await api.create(path, manifests.config_map("parent"))
    child = manifests.config_map(
        "child",
        ownerReferences=[owner(parent, blockOwnerDeletion=True)],
        finalizers=["example.com/hold"],
    )
    await api.create(path, child)
    answered = await api.delete(f"{path}/parent", {"propagationPolicy": "Foreground"})
    assert answered["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert answered["metadata"]["deletionTimestamp"]
    await api.until(f"{path}/child", lambda item: "deletionTimestamp" in item["metadata"])
    assert "deletionTimestamp" in (await api.get(f"{path}/parent"))["metadata"]
    await api.patch(f"{path}/child", {"metadata": {"finalizers": None}}, kind="merge")
    await api.until_gone(f"{path}/parent")


async def test_one_owner_of_two_is_enough(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    first = await api.create(path, manifests.config_map("first"))
    second = await api.create(path, manifests.config_map("second"))
    references = [owner(first), owner(second)]
    await api.create(path, manifests.config_map("child", ownerReferences=references))
    await api.delete(f"{path}/first")
    child = await api.until(
        f"{path}/child", lambda item: len(item["metadata"]["ownerReferences"]) == 1
    )
    assert child["metadata"]["ownerReferences"][0]["name"] == "second"
    await api.delete(f"{path}/second")
    await api.until_gone(f"{path}/child")


async def test_an_owner_that_never_was(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    parent = await api.create(path, manifests.config_map("parent"))
    ghost = owner(parent) | {"uid": "00000000-0000-0000-0000-000000000000"}
    await api.create(path, manifests.config_map("child", ownerReferences=[ghost]))
    await api.until_gone(f"{path}/child")


async def test_generations_of_dependants_go_in_turn(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    """A Deployment takes its ReplicaSet along, and that its pods."""
    await api.create(namespace.apps("deployments"), manifests.deployment("web", nodeName=nodes[0]))
    path = namespace.apps("deployments/web")
    await api.until(path, lambda item: item["status"].get("readyReplicas") == 1)
    [pod] = (await api.get(namespace.core("pods")))["items"]
    [replica_set] = (await api.get(namespace.apps("replicasets")))["items"]
    await api.delete(path)
    await api.until_gone(namespace.apps(f"replicasets/{replica_set['metadata']['name']}"))
    await api.until_gone(namespace.core(f"pods/{pod['metadata']['name']}"))


async def test_cluster_scoped_owners(api: Api, namespace: Namespace) -> None:
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    name = f"class-{namespace.name}"
    parent = await api.create(classes, manifests.priority_class(name, 1))
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("child", ownerReferences=[owner(parent)]))
    await api.delete(f"{classes}/{name}")
    await api.until_gone(f"{path}/child")


async def test_owner_references_are_checked(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    parent = await api.create(path, manifests.config_map("parent"))
    reference = owner(parent)
    del reference["uid"]
    status = await api.refused(
        422, "POST", path, manifests.config_map("child", ownerReferences=[reference])
    )
    assert "metadata.ownerReferences.uid: Invalid value" in status["message"]
    other = await api.create(path, manifests.config_map("other"))
    references = [owner(item, controller=True) for item in (parent, other)]
    status = await api.refused(
        422, "POST", path, manifests.config_map("child", ownerReferences=references)
    )
    assert "Only one reference can have Controller set to true" in status["message"]


async def test_a_contradiction_of_policies(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    options = {"propagationPolicy": "Foreground", "orphanDependents": True}
    await api.refused(422, "DELETE", path, options)
    await api.refused(422, "DELETE", path, {"propagationPolicy": "Sideways"})


# Namespaces.


async def new_namespace(api: Api, name: str) -> Namespace:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": name}}
    created = await api.create("/api/v1/namespaces", body)
    assert created["status"] == {"phase": "Active"}
    assert created["metadata"]["labels"] == {
        "kubernetes.io/metadata.name": created["metadata"]["name"]
    }
    return Namespace(created["metadata"]["name"])


async def test_a_namespace_takes_its_content_along(api: Api, nodes: list[str]) -> None:
    place = await new_namespace(api, "ending-")
    await api.create(place.core("configmaps"), manifests.config_map("one"))
    await api.create(place.core("pods"), manifests.pod("p", nodeName=nodes[0]))
    await api.create(place.apps("deployments"), manifests.deployment("web", nodeName=nodes[0]))
    path = f"/api/v1/namespaces/{place.name}"
    answered = await api.delete(path)
    assert answered["status"]["phase"] == "Terminating"
    await api.until_gone(path)
    for collection in (place.core("configmaps"), place.core("pods"), place.apps("deployments")):
        assert (await api.get(collection))["items"] == []


async def test_nothing_is_created_in_a_dying_namespace(api: Api) -> None:
    place = await new_namespace(api, "held-")
    body = manifests.config_map("one", finalizers=["example.com/hold"])
    await api.create(place.core("configmaps"), body)
    path = f"/api/v1/namespaces/{place.name}"
    await api.delete(path)
    status = await api.refused(403, "POST", place.core("configmaps"), manifests.config_map("late"))
    assert status["reason"] == "Forbidden"
    assert status["message"] == (
        f'configmaps "late" is forbidden: unable to create new content in namespace {place.name} '
        "because it is being terminated"
    )
    assert status["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {place.name} is being terminated",
            "field": "metadata.namespace",
        }
    ]
    # Why it stays is told by its conditions.
    held = await api.until(
        path,
        lambda item: any(
            c["type"] == "NamespaceFinalizersRemaining" and c["status"] == "True"
            for c in item["status"].get("conditions", ())
        ),
    )
    assert held["status"]["phase"] == "Terminating"
    await api.patch(place.core("configmaps/one"), {"metadata": {"finalizers": None}}, kind="merge")
    await api.until_gone(path, within_s=60)


async def test_namespaces_that_stay(api: Api) -> None:
    status = await api.refused(403, "DELETE", "/api/v1/namespaces/default")
    assert status["message"] == (
        'namespaces "default" is forbidden: this namespace may not be deleted'
    )
