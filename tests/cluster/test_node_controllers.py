"""Node health, taint eviction and the pods of missing nodes: the pure cores."""

import asyncio
import math

import pytest

from cluster.world import World, merged, pod
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers import node_health, pod_garbage, taint_eviction
from netcore_cluster.controllers.actions import Delete, Emit, Patch, Requeue
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.objects import find_condition

NOW = 1_700_000_000.0
UNREACHABLE, NOT_READY = node_health.UNREACHABLE, node_health.NOT_READY


def node(ready: str | None = "True", **spec) -> dict:
    found = {"metadata": {"name": "n1"}, "spec": spec, "status": {}}
    if ready is not None:
        found["status"]["conditions"] = [
            {
                "type": "Ready",
                "status": ready,
                "reason": "KubeletReady",
                "message": "m",
                "lastTransitionTime": timestamp(NOW - 100),
                "lastHeartbeatTime": timestamp(NOW - 100),
            }
        ]
    return found


class Cluster(World):
    def look(self, *, heard_at: float, pods=()) -> list:
        found = self.get("nodes", "n1", "")
        left_s = heard_at + 40.0 - self.now
        observed = node_health.ObservedNode(found, self.all("pods") or list(pods), left_s)
        actions = node_health.reconcile(observed, self.now)
        self.perform(actions)
        return actions

    def taints(self) -> set[tuple[str, str]]:
        return {
            (t["key"], t["effect"]) for t in self.get("nodes", "n1", "")["spec"].get("taints", ())
        }

    def ready(self) -> dict:
        return find_condition(self.get("nodes", "n1", "")["status"]["conditions"], "Ready")


def test_a_node_that_beats_is_looked_at_again_when_its_grace_ends():
    cluster = Cluster(NOW)
    cluster.put("nodes", node())
    assert cluster.look(heard_at=NOW - 15) == [Requeue(25.0)]


def test_a_silent_node_is_unknown_tainted_and_its_pods_not_ready():
    cluster = Cluster(NOW)
    cluster.put("nodes", node())
    cluster.put("pods", pod("p", node="n1"))
    cluster.look(heard_at=NOW - 40)
    ready = cluster.ready()
    assert (ready["status"], ready["reason"], ready["message"]) == (
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    )
    assert ready["lastHeartbeatTime"] == timestamp(NOW - 100)
    assert cluster.taints() == {(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")}
    conditions = cluster.get("pods", "p")["status"]["conditions"]
    assert find_condition(conditions, "Ready")["status"] == "False"
    assert [e.reason for e in cluster.events] == ["NodeNotReady"]
    assert cluster.look(heard_at=NOW - 40) == []


def test_a_node_that_returns_loses_its_taints_and_keeps_those_of_others():
    cluster = Cluster(NOW)
    own = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    cluster.put("nodes", node("Unknown", taints=[own]))
    cluster.look(heard_at=NOW - 50)
    assert ("dedicated", "NoSchedule") in cluster.taints()
    back = node()
    back["metadata"] = cluster.get("nodes", "n1", "")["metadata"]
    back["spec"] = cluster.get("nodes", "n1", "")["spec"]
    cluster.put("nodes", back)
    cluster.look(heard_at=NOW)
    assert cluster.taints() == {("dedicated", "NoSchedule")}


def test_not_ready_and_unschedulable_and_pressure_have_their_taints():
    cluster = Cluster(NOW)
    found = node("False", unschedulable=True)
    found["status"]["conditions"].append({"type": "DiskPressure", "status": "True"})
    cluster.put("nodes", found)
    cluster.look(heard_at=NOW)
    assert cluster.taints() == {
        (NOT_READY, "NoSchedule"),
        (NOT_READY, "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    }


def test_a_node_that_never_posted_is_left_alone_until_its_grace_ends():
    cluster = Cluster(NOW)
    cluster.put("nodes", node(None))
    cluster.look(heard_at=NOW)
    assert cluster.taints() == set()
    cluster.now += 41
    cluster.look(heard_at=NOW)
    assert cluster.ready()["reason"] == "NodeStatusNeverUpdated"
    assert (UNREACHABLE, "NoExecute") in cluster.taints()


def test_a_node_is_heard_by_its_lease_and_its_own_status_but_not_by_our_writes():
    cluster = Cluster(NOW)
    steady = 5.0
    controller = node_health.NodeHealthController(
        cluster.hub, grace_s=40, startup_grace_s=60, steady=lambda: steady
    )
    on_node, on_lease = controller.interests().values()
    first = merged(node(), {"metadata": {"creationTimestamp": timestamp(NOW - 300)}})
    list(on_node(Change("nodes", None, first)))
    assert controller._heard_at == {"n1": 5.0}
    silenced = merged(first, {"metadata": {"labels": {"a": "b"}}})
    steady = 15.0
    list(on_node(Change("nodes", first, silenced)))
    assert controller._heard_at == {"n1": 5.0}
    beat = merged(silenced, {})
    beat["status"]["conditions"][0]["lastHeartbeatTime"] = timestamp(NOW + 20)
    steady = 25.0
    list(on_node(Change("nodes", silenced, beat)))
    assert controller._heard_at == {"n1": 25.0}
    lease = {"metadata": {"name": "n1", "namespace": "kube-node-lease"}}
    steady = 35.0
    list(on_lease(Change("leases.coordination.k8s.io", None, lease)))
    assert controller._heard_at == {"n1": 35.0}


@pytest.mark.parametrize(("age_s", "said"), [(1, ["RegisteredNode"]), (300, [])])
def test_a_new_node_is_welcomed_once(age_s, said):
    world = World(NOW)
    controller = node_health.NodeHealthController(world.hub, grace_s=40, startup_grace_s=60)
    on_node, _ = controller.interests().values()
    world.hub.listen(lambda change: list(on_node(change)))
    created = {"metadata": {"creationTimestamp": timestamp(NOW - age_s)}}
    world.put("nodes", merged(node(), created))
    for expected in (said, []):
        observed = asyncio.run(controller.observe("n1"))
        emits = [a for a in controller.reconcile(observed, NOW) if isinstance(a, Emit)]
        assert [emit.reason for emit in emits] == expected
    assert all(e.message == "Node n1 event: Registered Node n1 in Controller" for e in emits)


NO_EXECUTE = {"key": UNREACHABLE, "effect": "NoExecute", "timeAdded": timestamp(NOW - 100)}


@pytest.mark.parametrize(
    ("tolerations", "left_s"),
    [
        ([], 0),
        ([{"operator": "Exists"}], math.inf),
        ([{"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}], math.inf),
        ([{"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 300}], 200),
        ([{"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 60}], 0),
        ([{"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 0}], 0),
        ([{"key": UNREACHABLE, "operator": "Exists", "effect": "NoSchedule"}], 0),
        ([{"key": UNREACHABLE, "value": "x"}], 0),
        ([{"key": UNREACHABLE}], math.inf),
        (
            [
                {"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 300},
                {"operator": "Exists", "tolerationSeconds": 150},
            ],
            50,
        ),
    ],
)
def test_how_long_a_taint_is_tolerated(tolerations, left_s):
    world = World(NOW)
    found = pod("p", node="n1")
    found["spec"]["tolerations"] = tolerations
    stored = world.put("pods", found)
    actions = taint_eviction.reconcile(taint_eviction.ObservedTaintedPod(stored, [NO_EXECUTE]), NOW)
    if left_s == math.inf:
        assert actions == []
    elif left_s:
        assert actions == [Requeue(left_s)]
    else:
        assert [type(a) for a in actions] == [Patch, Delete]
        condition = find_condition(actions[0].patch["status"]["conditions"], "DisruptionTarget")
        assert condition["reason"] == "DeletionByTaintManager"


def test_the_first_taint_that_runs_out_decides():
    world = World(NOW)
    found = pod("p", node="n1")
    found["spec"]["tolerations"] = [
        {"key": "a", "operator": "Exists", "tolerationSeconds": 500},
        {"key": "b", "operator": "Exists", "tolerationSeconds": 120},
    ]
    taints = [
        {"key": key, "effect": "NoExecute", "timeAdded": timestamp(NOW - 100)} for key in "ab"
    ]
    observed = taint_eviction.ObservedTaintedPod(world.put("pods", found), taints)
    assert taint_eviction.reconcile(observed, NOW) == [Requeue(20.0)]


def test_pods_of_a_missing_node_wait_out_the_quarantine_then_fail_and_go():
    world = World(NOW)
    stored = [world.put("pods", pod(name, node="n1")) for name in "ab"]
    observed = pod_garbage.ObservedMissingNode(stored, 30.0)
    assert pod_garbage.reconcile(observed, NOW) == [Requeue(30.0)]
    actions = pod_garbage.reconcile(pod_garbage.ObservedMissingNode(stored, 0.0), NOW)
    assert [type(a) for a in actions] == [Patch, Patch, Delete, Delete]
    assert actions[0].patch["status"]["phase"] == "Failed"
    assert {a.grace_s for a in actions if isinstance(a, Delete)} == {0}
    world.perform(actions)
    assert world.all("pods") == []
