"""Controllers and node agents at work on a real registry and store, in one process."""

import asyncio
import random
from collections import Counter

import pytest

from cluster.embedded import Cluster, deployment, embedded, is_running
from netcore_cluster.controllers.deployment import DeploymentController
from netcore_cluster.controllers.objects import condition_of
from netcore_cluster.nodes import NodeSpec, default_nodes

DEPLOYMENTS, REPLICA_SETS = "deployments.apps", "replicasets.apps"
GROUPS = "appgroups.appgroup.diktyo.x-k8s.io"


@pytest.fixture
async def cluster(tmp_path):
    async with embedded(tmp_path) as found:
        yield found


async def rolled_out(cluster: Cluster, name: str = "web") -> dict:
    def is_done(objects: list[dict]) -> bool:
        found = next((o for o in objects if o["metadata"]["name"] == name), None)
        status = (found or {}).get("status", {})
        return (
            found is not None
            and status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("replicas", 0)
            == status.get("availableReplicas", 0)
            == status.get("updatedReplicas", 0)
            == found["spec"]["replicas"]
        )

    await cluster.until(DEPLOYMENTS, is_done)
    return await cluster.client.get(DEPLOYMENTS, name, "default")


async def test_a_rollout_from_the_first_pod_to_an_undo(cluster):
    cluster.start_controllers()
    cluster.start_nodes(1)
    await cluster.client.create(DEPLOYMENTS, deployment(5), "default")
    found = await rolled_out(cluster)
    assert condition_of(found, "Progressing")["reason"] == "NewReplicaSetAvailable"
    pods, _ = await cluster.client.list("pods", "default")
    assert len({pod["status"]["podIP"] for pod in pods}) == 5
    assert all(pod["metadata"]["name"].startswith("web-") for pod in pods)

    template = deployment(5, image="web:2")["spec"]["template"]
    await cluster.client.patch(
        DEPLOYMENTS, "web", {"spec": {"template": template}}, namespace="default"
    )
    await rolled_out(cluster)
    pods = await cluster.until("pods", lambda pods: len(pods) == 5, namespace="default")
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"web:2"}

    template = deployment(5)["spec"]["template"]
    await cluster.client.patch(
        DEPLOYMENTS, "web", {"spec": {"template": template}}, namespace="default"
    )
    found = await rolled_out(cluster)
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    sets, _ = await cluster.client.list(REPLICA_SETS, "default")
    revisions = {
        each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for each in sets
    }
    assert revisions == {"2", "3"}
    events, _ = await cluster.client.list("events", "default")
    assert any(event["reason"] == "ScalingReplicaSet" for event in events)


async def test_what_one_object_breaks_is_tried_again_and_hinders_no_other(
    cluster, monkeypatch, caplog
):
    reconcile = DeploymentController.reconcile
    failures = iter([KeyError("status"), TypeError("no number")])

    def breaks_at_first(self, observed, now):
        if observed.deployment["metadata"]["name"] == "odd":
            for failure in failures:
                raise failure
        return reconcile(self, observed, now)

    monkeypatch.setattr(DeploymentController, "reconcile", breaks_at_first)
    cluster.start_controllers()
    cluster.start_nodes(1)
    for name in ("odd", "web"):
        odd = deployment(1)
        odd["metadata"]["name"] = name
        await cluster.client.create(DEPLOYMENTS, odd, "default")
    await rolled_out(cluster, "web")
    await rolled_out(cluster, "odd")
    told = [record for record in caplog.records if "reconcile failed" in record.getMessage()]
    assert len(told) == 2


async def test_many_pods_come_and_go(cluster):
    cluster.start_controllers()
    cluster.start_nodes(default_nodes(1))
    await cluster.client.create(DEPLOYMENTS, deployment(100), "default")
    await rolled_out(cluster)
    patch = {"spec": {"replicas": 3}}
    await cluster.client.patch(DEPLOYMENTS, "web", patch, namespace="default")
    await rolled_out(cluster)
    pods = await cluster.until("pods", lambda pods: len(pods) == 3, namespace="default")
    assert all(is_running(pod) for pod in pods)


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
async def test_a_deleted_deployment_takes_what_it_owned_or_leaves_it(cluster, policy):
    cluster.start_controllers()
    cluster.start_nodes(1)
    await cluster.client.create(DEPLOYMENTS, deployment(3), "default")
    await rolled_out(cluster)
    options = {"propagationPolicy": policy}
    await cluster.client.delete(DEPLOYMENTS, "web", "default", options=options)
    await cluster.until(DEPLOYMENTS, lambda found: not found)
    if policy == "Orphan":
        sets, _ = await cluster.client.list(REPLICA_SETS, "default")
        assert "ownerReferences" not in sets[0]["metadata"]
        pods, _ = await cluster.client.list("pods", "default")
        assert len(pods) == 3
    else:
        await cluster.until("pods", lambda found: not found)
        await cluster.until(REPLICA_SETS, lambda found: not found)


async def test_a_namespace_goes_with_all_that_is_in_it(cluster):
    cluster.start_controllers()
    cluster.start_nodes(1)
    await cluster.client.create("namespaces", {"metadata": {"name": "shop"}})
    await cluster.until("serviceaccounts", lambda found: len(found) == 1, namespace="shop")
    held = {"metadata": {"name": "held", "finalizers": ["test/hold"]}, "data": {"a": "b"}}
    await cluster.client.create("configmaps", held, "shop")
    group = {
        "apiVersion": "appgroup.diktyo.x-k8s.io/v1alpha1",
        "kind": "AppGroup",
        "metadata": {"name": "shop"},
        "spec": {"numMembers": 1, "topologySortingAlgorithm": "KahnSort", "workloads": []},
    }
    await cluster.client.create(GROUPS, group, "shop")
    found = deployment(2)
    found["metadata"]["namespace"] = "shop"
    await cluster.client.create(DEPLOYMENTS, found, "shop")
    await cluster.until("pods", lambda pods: len(list(filter(is_running, pods))) == 2)
    await cluster.client.delete("namespaces", "shop")
    found = await cluster.until(
        "namespaces",
        lambda all_: any(
            (condition_of(each, "NamespaceFinalizersRemaining") or {}).get("status") == "True"
            for each in all_
        ),
    )
    (shop,) = [each for each in found if each["metadata"]["name"] == "shop"]
    assert shop["status"]["phase"] == "Terminating"
    message = condition_of(shop, "NamespaceFinalizersRemaining")["message"]
    assert message == (
        "Some content in the namespace has finalizers remaining: test/hold in 1 resource instances"
    )
    await cluster.until("pods", lambda pods: not pods, namespace="shop")
    patch = {"metadata": {"finalizers": None}}
    await cluster.client.patch("configmaps", "held", patch, namespace="shop")
    await cluster.until(
        "namespaces", lambda all_: all(o["metadata"]["name"] != "shop" for o in all_)
    )
    assert (await cluster.client.list(GROUPS, "shop"))[0] == []


async def test_a_service_account_that_is_deleted_comes_back(cluster):
    cluster.start_controllers(root_certificate="PEM")
    certificates = await cluster.until("configmaps", lambda found: len(found) == 4)
    assert {each["data"]["ca.crt"] for each in certificates} == {"PEM"}
    (before,) = await cluster.until(
        "serviceaccounts", lambda found: len(found) == 1, namespace="default"
    )
    await cluster.client.delete("serviceaccounts", "default", "default")
    await cluster.until(
        "serviceaccounts",
        lambda found: found and found[0]["metadata"]["uid"] != before["metadata"]["uid"],
        namespace="default",
    )


async def test_a_silent_node_is_tainted_and_its_pods_evicted_then_it_returns(cluster):
    cluster.start_controllers(node_grace_s=1.0)
    cluster.start_nodes(1, heartbeat_s=0.1)
    found = deployment(1)
    found["spec"]["template"]["spec"]["tolerations"] = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}
        for key in ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
    ]
    await cluster.client.create(DEPLOYMENTS, found, "default")
    await rolled_out(cluster)
    (pod,) = (await cluster.client.list("pods", "default"))[0]
    await cluster.stop("nodes")
    (node,) = await cluster.until(
        "nodes", lambda nodes: condition_of(nodes[0], "Ready")["status"] == "Unknown"
    )
    (node,) = await cluster.until("nodes", lambda nodes: nodes[0]["spec"].get("taints"))
    assert {taint["key"] for taint in node["spec"]["taints"]} == {"node.kubernetes.io/unreachable"}
    await cluster.until(
        "pods",
        lambda pods: any(
            "deletionTimestamp" in each["metadata"]
            and each["metadata"]["uid"] == pod["metadata"]["uid"]
            for each in pods
        ),
        namespace="default",
    )
    cluster.start_nodes(1, heartbeat_s=0.1)
    await cluster.until(
        "nodes",
        lambda nodes: (
            condition_of(nodes[0], "Ready")["status"] == "True"
            and not nodes[0]["spec"].get("taints")
        ),
    )
    await rolled_out(cluster)


async def test_pods_of_a_deleted_node_are_removed(cluster):
    cluster.start_controllers(missing_node_quarantine_s=0.2)
    cluster.start_nodes(2)
    await cluster.client.create(DEPLOYMENTS, deployment(2), "default")
    await rolled_out(cluster)
    await cluster.client.delete(
        DEPLOYMENTS, "web", "default", options={"propagationPolicy": "Orphan"}
    )
    await cluster.until(DEPLOYMENTS, lambda found: not found)
    sets, _ = await cluster.client.list(REPLICA_SETS, "default")
    options = {"propagationPolicy": "Orphan"}
    await cluster.client.delete(
        REPLICA_SETS, sets[0]["metadata"]["name"], "default", options=options
    )
    await cluster.client.delete("nodes", "node-0")
    await cluster.until("pods", lambda pods: not pods)
    await cluster.until(
        "leases.coordination.k8s.io",
        lambda found: {each["metadata"]["name"] for each in found} == {"node-1"},
        namespace="kube-node-lease",
    )


async def test_a_pod_that_does_not_fit_its_node_fails(cluster):
    cluster.start_controllers()
    small = NodeSpec(
        "node-0", "127.64.0.1", "10.128.0.0/24", capacity={"cpu": "1", "memory": "1Gi", "pods": "9"}
    )
    cluster.start_nodes([small])
    for name in ("one", "two"):
        container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "600m"}}}
        spec = {"nodeName": "node-0", "containers": [container]}
        await cluster.client.create("pods", {"metadata": {"name": name}, "spec": spec}, "default")
    pods = await cluster.until(
        "pods",
        lambda pods: all(p.get("status", {}).get("phase") in {"Running", "Failed"} for p in pods),
    )
    phases = {pod["metadata"]["name"]: pod["status"]["phase"] for pod in pods}
    assert phases == {"one": "Running", "two": "Failed"}
    (failed,) = [pod for pod in pods if pod["status"]["phase"] == "Failed"]
    assert failed["status"]["reason"] == "OutOfcpu"
    assert "requested: 600, used: 600, capacity: 1000" in failed["status"]["message"]


async def test_budget_and_endpoints_follow_the_pods(cluster):
    cluster.start_controllers()
    cluster.start_nodes(1)
    service = {
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]},
    }
    await cluster.client.create("services", service, "default")
    budget = {
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": 1},
    }
    await cluster.client.create("poddisruptionbudgets.policy", budget, "default")
    await cluster.client.create(DEPLOYMENTS, deployment(4), "default")
    await rolled_out(cluster)
    await cluster.until(
        "poddisruptionbudgets.policy",
        lambda found: (
            found[0].get("status", {}).get("disruptionsAllowed") == 1
            and found[0]["status"]["expectedPods"] == 4
        ),
    )
    await cluster.until(
        "endpoints",
        lambda found: any(
            len(subset.get("addresses", ())) == 4
            for each in found
            for subset in each.get("subsets") or ()
        ),
    )
    await cluster.until(
        "endpointslices.discovery.k8s.io",
        lambda found: any(len(each.get("endpoints") or ()) == 4 for each in found),
    )
    await cluster.client.delete("services", "web", "default")
    await cluster.until(
        "endpointslices.discovery.k8s.io",
        lambda found: all("web" not in each["metadata"]["name"] for each in found),
    )


async def test_an_app_group_is_ordered_and_its_pods_counted(cluster):
    cluster.start_controllers()
    cluster.start_nodes(1)
    reference = {"kind": "Deployment", "name": "web", "selector": "web"}
    group = {
        "apiVersion": "appgroup.diktyo.x-k8s.io/v1alpha1",
        "kind": "AppGroup",
        "metadata": {"name": "shop"},
        "spec": {
            "numMembers": 1,
            "topologySortingAlgorithm": "KahnSort",
            "workloads": [{"workload": reference}],
        },
    }
    await cluster.client.create(GROUPS, group, "default")
    found = deployment(3)
    found["spec"]["template"]["metadata"]["labels"]["appgroup.diktyo.x-k8s.io"] = "shop"
    await cluster.client.create(DEPLOYMENTS, found, "default")
    (stored,) = await cluster.until(
        GROUPS, lambda groups: groups[0].get("status", {}).get("runningWorkloads") == 3
    )
    assert stored["status"]["topologyOrder"] == [{"workload": reference, "index": 1}]
    assert "scheduleStartTime" in stored["status"]
    assert stored["spec"] == group["spec"]


@pytest.mark.parametrize("seed", range(6))
async def test_stopped_anywhere_and_started_again_everything_ends_as_it_should(cluster, seed):
    """Controllers and agents die in the middle of their work, again and again."""
    dice = random.Random(seed)
    cluster.start_controllers()
    cluster.start_nodes(1)
    await cluster.client.create(DEPLOYMENTS, deployment(40), "default")
    for number in range(6):
        await asyncio.sleep(dice.random() * 0.05)
        if number == 3:
            template = deployment(40, image="web:2")["spec"]["template"]
            patch = {"spec": {"template": template, "replicas": 30}}
            await cluster.client.patch(DEPLOYMENTS, "web", patch, namespace="default")
        for name in dice.sample(["controllers", "nodes"], k=dice.randint(1, 2)):
            await cluster.stop(name)
            if name == "controllers":
                cluster.start_controllers()
            else:
                cluster.start_nodes(1)
    await rolled_out(cluster)
    pods = await cluster.until("pods", lambda pods: len(pods) == 30, namespace="default")
    addresses = Counter(pod["status"]["podIP"] for pod in pods)
    assert max(addresses.values()) == 1
    sets, _ = await cluster.client.list(REPLICA_SETS, "default")
    assert max(each["spec"]["replicas"] for each in sets) == 30
    assert sum(each["spec"]["replicas"] for each in sets) == 30


async def test_pods_that_are_refused_are_reported_and_tried_again(cluster):
    cluster.start_controllers()
    cluster.start_nodes(1)
    found = deployment(5)
    found["spec"]["template"]["spec"]["priorityClassName"] = "later"
    await cluster.client.create(DEPLOYMENTS, found, "default")
    (stored,) = await cluster.until(
        DEPLOYMENTS, lambda all_: condition_of(all_[0], "ReplicaFailure") is not None
    )
    condition = condition_of(stored, "ReplicaFailure")
    assert (condition["status"], condition["reason"]) == ("True", "FailedCreate")
    assert "later" in condition["message"]
    events = await cluster.until(
        "events", lambda all_: any(each["reason"] == "FailedCreate" for each in all_)
    )
    assert any(each["type"] == "Warning" and "later" in each["message"] for each in events)
    priority = {"metadata": {"name": "later"}, "value": 7}
    await cluster.client.create("priorityclasses.scheduling.k8s.io", priority)
    stored = await rolled_out(cluster)
    assert condition_of(stored, "ReplicaFailure") is None


async def test_a_pod_bound_to_a_node_that_is_gone_runs_once_the_node_is_back(cluster):
    cluster.start_nodes(1)
    await cluster.until("nodes", lambda nodes: len(nodes) == 1)
    await cluster.client.delete("nodes", "node-0")
    spec = {"nodeName": "node-0", "containers": [{"name": "c", "image": "i"}]}
    await cluster.client.create("pods", {"metadata": {"name": "p"}, "spec": spec}, "default")
    await cluster.client.create("nodes", {"metadata": {"name": "node-0"}})
    await cluster.until("pods", lambda pods: all(map(is_running, pods)))
    (node,) = await cluster.until(
        "nodes", lambda nodes: (condition_of(nodes[0], "Ready") or {}).get("status") == "True"
    )
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-0"
