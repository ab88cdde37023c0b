import subprocess
import sys
from datetime import UTC, datetime

import pytest

from netcore_scheduler import SimulationError, simulate


def node(name, *, cpu="4", labels=None, taints=(), **spec):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": list(taints), **spec},
        "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}},
    }


def pod(name, *, cpu="1", status=None, labels=None, created=None, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}, "creationTimestamp": created},
        "spec": {
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}],
            **spec,
        },
        "status": status or {},
    }


def places(decisions):
    return {decision["pod"]: decision["node"] for decision in decisions}


def test_each_pod_sees_those_before_it():
    objects = [node("a", cpu="2"), node("b", cpu="2"), *(pod(f"p{i}") for i in range(5))]
    decisions = simulate(objects)
    assert [decision["pod"] for decision in decisions] == [f"default/p{i}" for i in range(5)]
    placed = [decision["node"] for decision in decisions]
    assert sorted(placed[:4]) == ["a", "a", "b", "b"]
    assert placed[4] is None
    assert decisions[4]["message"] == "0/2 nodes are available: 2 Insufficient cpu."
    assert decisions[0]["message"] == f"Successfully assigned default/p0 to {placed[0]}"


def test_a_verdict_on_every_node_and_scores_for_a_lone_one():
    decisions = simulate([node("b", unschedulable=True), node("a"), pod("p")])
    rejected = {
        "node": "b",
        "accepted": False,
        "plugin": "NodeUnschedulable",
        "reasons": ["node(s) were unschedulable"],
        "scores": {},
        "total": None,
    }
    [of_a, of_b] = decisions[0]["nodes"]
    assert of_b == rejected
    assert (of_a["node"], of_a["accepted"], of_a["plugin"], of_a["reasons"]) == (
        "a",
        True,
        None,
        [],
    )
    assert of_a["scores"].keys() == {
        "TaintToleration",
        "NodeResourcesFit",
        "NodeResourcesBalancedAllocation",
    }
    parts = of_a["scores"].values()
    assert of_a["total"] == sum(part["weighted"] for part in parts)
    assert of_a["scores"]["TaintToleration"] == {"raw": 0, "normalized": 100, "weighted": 300}


def test_without_nodes_and_without_pods():
    [decision] = simulate([pod("p")])
    assert decision["message"] == "no nodes available to schedule pods"
    assert decision["nodes"] == []
    assert simulate([node("a")]) == []
    assert simulate([]) == []


def test_what_is_not_pending():
    objects = [
        node("a"),
        pod("bound", nodeName="a"),
        pod("over", status={"phase": "Succeeded"}),
        pod("gated", schedulingGates=[{"name": "example.com/wait"}]),
        pod("ready"),
    ]
    leaving = pod("leaving")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    decisions = simulate([*objects, leaving])
    assert places(decisions) == {"default/ready": "a", "default/gated": None}
    assert decisions[1] == {
        "pod": "default/gated",
        "node": None,
        "message": "Scheduling is blocked due to non-empty scheduling gates",
        "nodes": [],
    }


def test_bound_pods_take_room_wherever_they_stand_in_the_list():
    bound = [pod(f"bound-{i}", cpu="2", nodeName="a") for i in range(2)]
    assert places(simulate([pod("p"), *bound, node("a")])) == {"default/p": None}


def test_the_last_form_of_a_pod_counts():
    objects = [node("a"), pod("p"), pod("q"), pod("p", nodeName="a")]
    assert places(simulate(objects)) == {"default/q": "a"}


def priority_class(name, value, **fields):
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        **fields,
    }


def test_priority_comes_from_its_class_and_then_from_age():
    objects = [
        pod("default-class"),
        pod("late", priorityClassName="high", created="2026-01-02T00:00:00Z"),
        pod("early", priorityClassName="high", created=datetime(2026, 1, 1, tzinfo=UTC)),
        pod("system", priorityClassName="system-node-critical"),
        pod("low", priority=-5, priorityClassName="high"),
        priority_class("high", 1000),
        priority_class("usual", 10, globalDefault=True),
    ]
    order = [decision["pod"].split("/")[1] for decision in simulate([node("a", cpu="9"), *objects])]
    assert order == ["system", "early", "late", "default-class", "low"]


def test_lists_are_opened_and_strangers_passed_over():
    nodes = {"apiVersion": "v1", "kind": "NodeList", "items": [node("a")]}
    del nodes["items"][0]["kind"]
    stranger = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}
    namesake = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": "elsewhere"}
    found = simulate([{"kind": "List", "items": [nodes, pod("p"), stranger, namesake]}])
    assert places(found) == {"default/p": "a"}


def test_profiles_and_the_first_for_pods_that_name_none_of_them():
    tainted = node("a", taints=[{"key": "k", "effect": "NoSchedule"}])
    config = {
        "profiles": [
            {"schedulerName": "strict"},
            {
                "schedulerName": "lax",
                "plugins": {"filter": {"disabled": [{"name": "TaintToleration"}]}},
            },
        ]
    }
    pods = [pod("one", schedulerName="lax"), pod("two", schedulerName="strict"), pod("three")]
    decisions = simulate([tainted, *pods], config)
    assert places(decisions) == {"default/one": "a", "default/two": None, "default/three": None}
    # The profiles sort alike, and so their pods stand in one queue.
    assert [decision["pod"] for decision in decisions] == [
        "default/one",
        "default/three",
        "default/two",
    ]


def test_the_same_seed_gives_the_same_plan_and_seeds_differ():
    objects = [*(node(f"n{i}") for i in range(20)), pod("p")]
    assert simulate(objects, seed=1) == simulate(list(reversed(objects)), seed=1)
    assert len({simulate(objects, seed=seed)[0]["node"] for seed in range(10)}) > 3


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (7, "object 1: a Kubernetes object is a mapping with a kind"),
        ({"metadata": {}}, "object 1: a Kubernetes object is a mapping with a kind"),
        ({"kind": "Node"}, "object 1: Node without a name: .*metadata.name: Required value"),
        (
            pod("p", cpu="much"),
            r'object 1: Pod p: Pod "default/p" is not valid: spec\.containers\[0\]\.resources\.',
        ),
        (pod("p", priority="high"), r"Pod p: .*spec\.priority: invalid type: string"),
        (pod("p", priorityClassName="x"), "Pod p: no PriorityClass with name x was found"),
        (priority_class("c", "1"), "PriorityClass c: value: must be an integer, not '1'"),
        ({"kind": "Pod", "metadata": {"name": "p", "labels": {1: 2}}}, "Pod p: Dict key must be"),
        (
            {
                "kind": "NodeNetwork",
                "metadata": {"name": "a"},
                "status": {"observedAt": "yesterday"},
            },
            r"NodeNetwork a: status\.observedAt",
        ),
    ],
)  # fmt: skip
def test_errors_name_the_object(obj, said):
    with pytest.raises(SimulationError, match=said) as caught:
        simulate([node("a"), obj])
    assert caught.value.index == 1


def test_its_import_is_light():
    code = (
        "import sys, netcore_scheduler; "
        "print([m for m in ('aiohttp', 'numpy', 'yaml', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_network_outweighs_a_roomier_node_and_a_recording_does_not_grow_stale():
    def workload(name, *callees):
        def reference(selector):
            return {"kind": "Deployment", "name": selector, "selector": selector}

        dependencies = [{"workload": reference(callee)} for callee in callees]
        return {"workload": reference(name), "dependencies": dependencies}

    group = {
        "apiVersion": "appgroup.diktyo.x-k8s.io/v1alpha1",
        "kind": "AppGroup",
        "metadata": {"name": "shop"},
        "spec": {
            "numMembers": 2,
            "topologySortingAlgorithm": "TrafficSort",
            "workloads": [workload("web", "db"), workload("db")],
        },
    }
    network = {
        "apiVersion": "netcore.dev/v1alpha1",
        "kind": "NodeNetwork",
        "metadata": {"name": "hub"},
        "spec": {"node": "hub"},
        "status": {
            "observedAt": "2020-01-01T00:00:00Z",
            "validUntil": "2020-01-01T00:10:00Z",
            "peers": ["near", "far"],
            "rttMicros": [1000, 80_000],
        },
    }

    def member(name, selector, **spec):
        labels = {
            "appgroup.diktyo.x-k8s.io": "shop",
            "appgroup.diktyo.x-k8s.io.workload": selector,
        }
        return pod(name, labels=labels, **spec)

    objects = [
        node("hub", unschedulable=True),
        node("near", cpu="2"),
        node("far", cpu="64"),
        group,
        network,
        member("db-0", "db", nodeName="hub"),
        member("web-0", "web"),
    ]
    [decision] = simulate(objects)
    assert decision["node"] == "near"
    scores = {verdict["node"]: verdict["scores"] for verdict in decision["nodes"]}
    assert scores["near"]["NetworkCost"]["normalized"] == 100
    assert scores["near"]["NodeResourcesFit"]["raw"] < scores["far"]["NodeResourcesFit"]["raw"]
    # Later than the report holds nothing is known of the network, and room decides.
    assert simulate(objects, now=4e9)[0]["node"] == "far"
