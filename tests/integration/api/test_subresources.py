"""Status, scale, binding and eviction."""

import asyncio

import pytest

from integration import manifests
from integration.api.conftest import Widgets
from integration.client import Api, Object
from integration.conftest import Namespace


def eviction(name: str, **options: object) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name},
        "deleteOptions": options,
    }


# Status.


async def test_status_and_spec_do_not_touch_each_other(api: Api, namespace: Namespace) -> None:
    path = namespace.apps("deployments/web")
    body = manifests.deployment("web", replicas=0)
    body["spec"]["paused"] = True
    body["status"] = {"replicas": 7}
    created = await api.create(namespace.apps("deployments"), body)
    assert created["status"].get("replicas") is None
    condition = {"type": "example.com/seen", "status": "True"}
    patch = {"spec": {"paused": False}, "status": {"conditions": [condition]}}
    patched = await api.patch(f"{path}/status", patch, kind="merge")
    assert patched["spec"]["paused"] is True
    kinds = [c["type"] for c in patched["status"]["conditions"]]
    assert "example.com/seen" in kinds
    patch = {"spec": {"paused": False}, "status": {"conditions": []}}
    patched = await api.patch(path, patch, kind="merge")
    assert "paused" not in patched["spec"]
    assert "example.com/seen" in [c["type"] for c in patched["status"]["conditions"]]


async def test_status_is_read_and_replaced_as_a_whole(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    created = await api.create(namespace.core("pods"), manifests.pod("p"))
    assert await api.get(f"{path}/status") == created
    created["status"]["phase"] = "Failed"
    created["status"]["reason"] = "Because"
    created["metadata"]["labels"] = {"a": "b"}
    replaced = await api.replace(f"{path}/status", created)
    assert (replaced["status"]["phase"], replaced["status"]["reason"]) == ("Failed", "Because")


async def test_status_of_custom_resources(api: Api, widgets: Widgets) -> None:
    path = f"{widgets.path}/one"
    created = await api.create(widgets.path, widgets.widget("one") | {"status": {"phase": "Done"}})
    assert "status" not in created
    assert created["metadata"]["generation"] == 1
    patch = {"spec": {"size": 9}, "status": {"phase": "Busy"}}
    patched = await api.patch(f"{path}/status", patch, kind="merge")
    assert patched["status"] == {"phase": "Busy"}
    assert patched["spec"]["size"] == 1
    assert patched["metadata"]["generation"] == 1
    patched = await api.patch(path, patch | {"status": {"phase": "Idle"}}, kind="merge")
    assert patched["status"] == {"phase": "Busy"}
    assert patched["spec"]["size"] == 9
    assert patched["metadata"]["generation"] == 2


# Scale.


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
async def test_scale(api: Api, namespace: Namespace, kind: str) -> None:
    plural = f"{kind.lower()}s"
    body = manifests.deployment("web", replicas=0) | {"kind": kind}
    created = await api.create(namespace.apps(plural), body)
    path = namespace.apps(f"{plural}/web/scale")
    scale = await api.get(path)
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert scale["metadata"]["uid"] == created["metadata"]["uid"]
    assert scale["spec"] == {}
    assert scale["status"] == {"replicas": 0, "selector": "app=web"}
    # Controllers write the status meanwhile: the revision would be stale.
    del scale["metadata"]["resourceVersion"]
    scale["spec"]["replicas"] = 2
    assert (await api.replace(path, scale))["spec"] == {"replicas": 2}
    assert (await api.get(namespace.apps(f"{plural}/web")))["spec"]["replicas"] == 2
    patched = await api.patch(path, {"spec": {"replicas": 3}}, kind="merge")
    assert patched["spec"] == {"replicas": 3}
    scale["spec"]["replicas"] = 4
    scale["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    status = await api.refused(409, "PUT", path, scale)
    assert status["reason"] == "Conflict"
    del scale["metadata"]["resourceVersion"]
    scale["spec"]["replicas"] = -1
    status = await api.refused(422, "PUT", path, scale)
    assert "spec.replicas: Invalid value: -1" in status["message"]


# Binding.


async def test_binding_assigns_the_node(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    annotations = {"example.com/why": "because"}
    body = manifests.binding("p", nodes[1], annotations=annotations)
    status = await api.create(f"{path}/binding", body)
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Success", 201)
    pod = await api.until(path, lambda pod: pod["status"]["phase"] == "Running")
    assert pod["spec"]["nodeName"] == nodes[1]
    assert pod["metadata"]["annotations"] == annotations
    [scheduled] = [c for c in pod["status"]["conditions"] if c["type"] == "PodScheduled"]
    assert scheduled["status"] == "True"
    assert pod["status"]["podIP"]
    assert pod["status"]["podIPs"] == [{"ip": pod["status"]["podIP"]}]
    assert pod["status"]["hostIP"]
    assert pod["status"]["containerStatuses"][0]["ready"] is True


async def test_a_pod_is_bound_once(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p/binding")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    await api.create(path, manifests.binding("p", nodes[0]))
    status = await api.refused(409, "POST", path, manifests.binding("p", nodes[1]))
    assert status["reason"] == "Conflict"
    assert status["message"] == (
        'Operation cannot be fulfilled on pods/binding "p": '
        f'pod p is already assigned to node "{nodes[0]}"'
    )
    assert (await api.get(namespace.core("pods/p")))["spec"]["nodeName"] == nodes[0]


async def test_of_many_bindings_one_wins(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p/binding")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(api.request("POST", path, manifests.binding("p", node)))
            for node in nodes * 3
        ]
    statuses = sorted(attempt.result().status for attempt in tries)
    assert statuses == [201] + [409] * (len(tries) - 1)


async def test_binding_of_nothing_and_of_another(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    status = await api.refused(
        404, "POST", namespace.core("pods/none/binding"), manifests.binding("none", nodes[0])
    )
    assert status["message"] == 'pods "none" not found'
    first = await api.create(namespace.core("pods"), manifests.pod("p"))
    other = manifests.binding("p", nodes[0], uid="00000000-0000-0000-0000-000000000000")
    status = await api.refused(409, "POST", namespace.core("pods/p/binding"), other)
    assert first["metadata"]["uid"] in status["message"]


async def test_binding_needs_a_node(api: Api, namespace: Namespace) -> None:
    """kube-apiserver answers 500 to what is the caller's mistake; only its words are asked for."""
    await api.create(namespace.core("pods"), manifests.pod("p"))
    answer = await api.request("POST", namespace.core("pods/p/binding"), manifests.binding("p", ""))
    assert "target.name: Required value" in answer.expect(422, 500)["message"]


async def test_a_gated_pod_is_not_bound(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    body = manifests.pod("p", schedulingGates=[{"name": "example.com/wait"}])
    await api.create(namespace.core("pods"), body)
    status = await api.refused(
        409, "POST", namespace.core("pods/p/binding"), manifests.binding("p", nodes[0])
    )
    assert "has non-empty .spec.schedulingGates" in status["message"]


async def test_bindings_may_be_posted_to_the_namespace(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    await api.create(namespace.core("pods"), manifests.pod("p"))
    await api.create(namespace.core("bindings"), manifests.binding("p", nodes[0]))
    assert (await api.get(namespace.core("pods/p")))["spec"]["nodeName"] == nodes[0]


# Eviction.


def budget(minimum: int) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "budget"},
        "spec": {"minAvailable": minimum, "selector": {"matchLabels": {"app": "web"}}},
    }


async def test_eviction_deletes(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p", nodeName=nodes[0]))
    await api.until(path, lambda pod: pod["status"]["phase"] == "Running")
    status = await api.create(f"{path}/eviction", eviction("p", gracePeriodSeconds=0))
    assert status["status"] == "Success"
    await api.until_gone(path)


async def test_a_budget_holds_evictions_back(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    budgets = namespace.group("policy/v1", "poddisruptionbudgets")
    body = manifests.deployment("web", replicas=2, nodeName=nodes[0])
    await api.create(namespace.apps("replicasets"), body | {"kind": "ReplicaSet"})
    await api.create(budgets, budget(1))
    held = await api.until(
        f"{budgets}/budget", lambda item: item["status"].get("disruptionsAllowed") == 1
    )
    assert held["status"]["currentHealthy"] == 2
    assert held["status"]["desiredHealthy"] == 1
    assert held["status"]["expectedPods"] == 2
    await api.patch(f"{budgets}/budget", {"spec": {"minAvailable": 2}}, kind="merge")
    await api.until(f"{budgets}/budget", lambda item: item["status"].get("disruptionsAllowed") == 0)
    pods = await api.get(namespace.core("pods"))
    name = pods["items"][0]["metadata"]["name"]
    status = await api.refused(429, "POST", namespace.core(f"pods/{name}/eviction"), eviction(name))
    assert status["reason"] == "TooManyRequests"
    assert status["message"] == (
        "Cannot evict pod as it would violate the pod's disruption budget."
    )
    [cause] = status["details"]["causes"]
    assert cause["reason"] == "DisruptionBudget"
    assert (
        cause["message"] == "The disruption budget budget needs 2 healthy pods and has 2 currently"
    )
    assert "deletionTimestamp" not in (await api.get(namespace.core(f"pods/{name}")))["metadata"]
    await api.patch(f"{budgets}/budget", {"spec": {"minAvailable": 1}}, kind="merge")
    await api.until(f"{budgets}/budget", lambda item: item["status"].get("disruptionsAllowed") == 1)
    await api.create(namespace.core(f"pods/{name}/eviction"), eviction(name))
    await api.until_gone(namespace.core(f"pods/{name}"))


async def test_a_pending_pod_is_evicted_whatever_the_budget(api: Api, namespace: Namespace) -> None:
    budgets = namespace.group("policy/v1", "poddisruptionbudgets")
    await api.create(namespace.core("pods"), manifests.pod("p", labels={"app": "web"}))
    await api.create(budgets, budget(1))
    await api.create(namespace.core("pods/p/eviction"), eviction("p"))
    await api.until_gone(namespace.core("pods/p"))


async def test_eviction_of_nothing(api: Api, namespace: Namespace) -> None:
    await api.refused(404, "POST", namespace.core("pods/none/eviction"), eviction("none"))


# Finalizing a namespace.


async def test_finalizers_of_a_namespace_change_by_finalize_alone(
    api: Api, namespace: Namespace
) -> None:
    path = f"/api/v1/namespaces/{namespace.name}"
    held = await api.get(path)
    assert held["spec"]["finalizers"] == ["kubernetes"]
    held["spec"]["finalizers"] = ["kubernetes", "example.com/mine"]
    assert (await api.replace(path, held))["spec"]["finalizers"] == ["kubernetes"]
    held = await api.get(path)
    held["spec"]["finalizers"] = ["kubernetes", "example.com/mine"]
    finalized = await api.replace(f"{path}/finalize", held)
    assert finalized["spec"]["finalizers"] == ["kubernetes", "example.com/mine"]
    finalized["spec"]["finalizers"] = ["kubernetes"]
    await api.replace(f"{path}/finalize", finalized)
