"""Node agents: the pure cores."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.world import World, merged, pod
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Delete, Emit, Patch
from netcore_cluster.controllers.objects import find_condition
from netcore_cluster.nodes import default_nodes
from netcore_cluster.nodes.agent import ObservedPod, reconcile
from netcore_cluster.nodes.ledger import AddressPool, Ledger
from netcore_cluster.nodes.node_affinity import fits_affinity
from netcore_cluster.nodes.node_spec import NodeSpec, node_object, node_status
from netcore_cluster.nodes.requests import pod_requests

NOW = 1_700_000_000.0
SPEC = NodeSpec(
    name="n1",
    address="127.64.0.1",
    pod_network="10.128.0.0/24",
    capacity={"cpu": "2", "memory": "1Gi", "pods": "3"},
)
NODE = {"metadata": {"name": "n1", "labels": {"disk": "ssd", "gen": "3"}}}


def asking(name: str = "p", **requests: str) -> dict:
    found = pod(name, uid=f"uid-{name}")
    del found["status"]
    found["spec"]["containers"][0]["resources"] = {"requests": requests}
    return found


def test_nodes_are_dealt_out_over_three_regions_and_six_zones():
    specs = default_nodes(12)
    assert len({spec.name for spec in specs}) == 12
    assert len({spec.pod_network for spec in specs}) == 12
    assert len({spec.address for spec in specs}) == 12
    regions = Counter(spec.labels["topology.kubernetes.io/region"] for spec in specs)
    zones = Counter(spec.labels["topology.kubernetes.io/zone"] for spec in specs)
    assert sorted(regions.values()) == [4, 4, 4]
    assert sorted(zones.values()) == [2] * 6
    assert all(zone.startswith("region-") for zone in zones)


def test_more_nodes_than_pod_networks_are_refused():
    assert len(default_nodes(1000)) == 1000
    with pytest.raises(ValueError, match="40000 nodes asked for, but it must be 0 to 32768"):
        default_nodes(40000)


def test_a_registered_node_is_whole():
    node = node_object(SPEC, runtime="fake", version="1", now=NOW)
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "n1"
    assert node["metadata"]["labels"]["kubernetes.io/os"] == "linux"
    assert node["spec"] == {"podCIDR": "10.128.0.0/24", "podCIDRs": ["10.128.0.0/24"]}
    status = node["status"]
    assert status["allocatable"] == status["capacity"] == dict(SPEC.capacity)
    assert find_condition(status["conditions"], "Ready")["status"] == "True"
    assert {"type": "InternalIP", "address": "127.64.0.1"} in status["addresses"]


def test_a_node_that_was_marked_as_silent_is_set_right_and_a_good_one_left_alone():
    node = node_object(SPEC, runtime="fake", version="1", now=NOW)
    old = node["status"]
    assert node_status(SPEC, old, runtime="fake", version="1", now=NOW + 60) == old
    conditions = [{**each, "status": "Unknown"} for each in old["conditions"]]
    new = node_status(
        SPEC, {**old, "conditions": conditions}, runtime="fake", version="1", now=NOW + 60
    )
    ready = find_condition(new["conditions"], "Ready")
    assert ready["status"] == "True"
    assert ready["lastTransitionTime"] == ready["lastHeartbeatTime"] == timestamp(NOW + 60)


@pytest.mark.parametrize(
    ("asked", "reason", "message"),
    [
        (
            {"cpu": "1500m"},
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
        ),
        (
            {"memory": "2Gi"},
            "OutOfmemory",
            (
                "Node didn't have enough resource: memory, requested: 2147483648, used: 0, "
                "capacity: 1073741824"
            ),
        ),
        (
            {"example.com/gpu": "1"},
            "OutOfexample.com/gpu",
            "Node didn't have enough resource: example.com/gpu, requested: 1, used: 0, capacity: 0",
        ),
        ({"cpu": "1"}, None, None),
    ],
)
def test_a_pod_that_does_not_fit_is_not_admitted(asked, reason, message):
    ledger = Ledger(SPEC)
    assert ledger.admit("first", asking("first", cpu="1"), NODE) is None
    rejection = ledger.admit("second", asking("second", **asked), NODE)
    found = (None, None) if rejection is None else (rejection.reason, rejection.message)
    assert found == (reason, message)


def test_pods_are_counted_and_room_comes_back():
    ledger = Ledger(SPEC)
    for number in range(3):
        assert ledger.admit(f"u{number}", asking(), NODE) is None
    assert ledger.admit("u3", asking(), NODE).reason == "OutOfpods"
    ledger.release("u1")
    ledger.release("u1")
    assert ledger.admit("u3", asking(), NODE) is None


def test_host_ports_and_affinity_are_judged_too():
    ledger = Ledger(SPEC)
    one, other = asking("one"), asking("other")
    for each in (one, other):
        each["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 8080}]
    assert ledger.admit("one", one, NODE) is None
    assert ledger.admit("other", other, NODE).reason == "NodePorts"
    far = merged(asking("far"), {"spec": {"nodeSelector": {"disk": "tape"}}})
    rejection = ledger.admit("far", far, NODE)
    assert rejection.reason == "NodeAffinity"
    assert rejection.message == (
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    )


@pytest.mark.parametrize(
    ("requirement", "fits"),
    [
        ({"key": "disk", "operator": "In", "values": ["ssd", "hdd"]}, True),
        ({"key": "disk", "operator": "NotIn", "values": ["ssd"]}, False),
        ({"key": "gpu", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "disk", "operator": "Exists"}, True),
        ({"key": "disk", "operator": "DoesNotExist"}, False),
        ({"key": "gen", "operator": "Gt", "values": ["2"]}, True),
        ({"key": "gen", "operator": "Lt", "values": ["3"]}, False),
        ({"key": "disk", "operator": "Gt", "values": ["2"]}, False),
    ],
)
def test_required_affinity(requirement, fits):
    terms = [{"matchExpressions": [requirement]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    found = merged(asking(), {"spec": {"affinity": {"nodeAffinity": required}}})
    assert fits_affinity(found, NODE) is fits


def test_init_containers_run_one_by_one_beside_the_sidecars_before_them():
    found = asking(cpu="100m")
    found["spec"]["initContainers"] = [
        {"name": "i1", "resources": {"requests": {"cpu": "300m"}}},
        {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
        {"name": "i2", "resources": {"requests": {"cpu": "400m", "memory": "1Ki"}}},
    ]
    found["spec"]["overhead"] = {"cpu": "10m"}
    assert pod_requests(found) == {"cpu": 460, "memory": 1024, "pods": 1}


@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=60))
def test_no_address_is_given_twice(steps):
    pool = AddressPool("10.0.0.0/28")
    held: list[str] = []
    for step in steps:
        if step is None:
            address = pool.take()
            assert (address is None) == (len(held) == 13)
            if address is not None:
                assert address not in held
                held.append(address)
        elif held:
            pool.give_back(held.pop(step % len(held)))


def test_an_address_that_was_given_back_is_the_last_to_be_given_again():
    pool = AddressPool("10.0.0.0/29")
    first = pool.take()
    pool.give_back(first)
    given_next = [pool.take() for _ in range(5)]
    assert given_next[-1] == first
    assert pool.take() is None


def test_what_an_earlier_agent_gave_away_stays_given():
    ledger = Ledger(SPEC)
    ledger.adopt("old", asking("old", cpu="2"), "10.128.0.2")
    assert ledger.address_of("old") == "10.128.0.2"
    assert ledger.admit("new", asking("new", cpu="1"), NODE).reason == "OutOfcpu"
    assert ledger.admit("small", asking("small"), NODE) is None
    assert ledger.address_of("small") == "10.128.0.3"


def report(world: World, found: dict, **how) -> list:
    actions = reconcile(ObservedPod(found, "127.64.0.1", **how), world.now)
    world.perform(a for a in actions if not isinstance(a, Emit))
    return actions


def test_a_pod_that_runs_is_reported_once():
    world = World(NOW)
    found = asking()
    found["status"] = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": "x"}],
    }
    stored = world.put("pods", found)
    report(world, stored, address="10.128.0.2")
    status = world.get("pods", "p")["status"]
    assert status["phase"] == "Running"
    assert (status["podIP"], status["hostIP"]) == ("10.128.0.2", "127.64.0.1")
    assert {c["type"]: c["status"] for c in status["conditions"]} == dict.fromkeys(
        ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"),
        "True",
    )
    (container,) = status["containerStatuses"]
    assert container["ready"]
    assert container["state"] == {"running": {"startedAt": timestamp(NOW)}}
    world.now += 100
    assert report(world, world.get("pods", "p"), address="10.128.0.2") == []


def test_a_pod_that_was_marked_not_ready_is_ready_again_with_its_old_times():
    world = World(NOW)
    stored = world.put("pods", asking())
    report(world, stored, address="10.128.0.2")
    running = world.get("pods", "p")
    conditions = [
        {**each, "status": "False"} if each["type"] == "Ready" else each
        for each in running["status"]["conditions"]
    ]
    world.put("pods", merged(running, {"status": {"conditions": conditions}}))
    world.now += 100
    report(world, world.get("pods", "p"), address="10.128.0.2")
    status = world.get("pods", "p")["status"]
    assert status["startTime"] == timestamp(NOW)
    assert find_condition(status["conditions"], "Ready") == {
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": timestamp(NOW + 100),
    }


def test_readiness_gates_are_waited_for():
    world = World(NOW)
    gate = {"spec": {"readinessGates": [{"conditionType": "example.com/up"}]}}
    stored = world.put("pods", merged(asking(), gate))
    report(world, stored, address="10.128.0.2")
    ready = find_condition(world.get("pods", "p")["status"]["conditions"], "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")
    up = {"type": "example.com/up", "status": "True", "lastTransitionTime": timestamp(NOW)}
    found = world.get("pods", "p")
    found = merged(found, {"status": {"conditions": [*found["status"]["conditions"], up]}})
    world.put("pods", found)
    report(world, world.get("pods", "p"), address="10.128.0.2")
    ready = find_condition(world.get("pods", "p")["status"]["conditions"], "Ready")
    assert ready["status"] == "True"
    assert report(world, world.get("pods", "p"), address="10.128.0.2") == []


def test_init_containers_have_ended_and_sidecars_run():
    world = World(NOW)
    extra = {
        "spec": {
            "initContainers": [
                {"name": "setup", "image": "i"},
                {"name": "proxy", "image": "i", "restartPolicy": "Always"},
            ]
        }
    }
    stored = world.put("pods", merged(asking(), extra))
    report(world, stored, address="10.128.0.2")
    setup, proxy = world.get("pods", "p")["status"]["initContainerStatuses"]
    assert setup["state"]["terminated"]["reason"] == "Completed"
    assert "running" in proxy["state"]
    assert report(world, world.get("pods", "p"), address="10.128.0.2") == []


def test_a_pod_that_is_not_admitted_fails_with_the_kubelets_words():
    world = World(NOW)
    ledger = Ledger(SPEC)
    stored = world.put("pods", asking(cpu="5"))
    rejection = ledger.admit("u", stored, NODE)
    actions = report(world, stored, rejection=rejection)
    status = world.get("pods", "p")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert status["message"] == f"Pod was rejected: {rejection.message}"
    assert [type(a) for a in actions] == [Patch, Emit]


def test_a_pod_whose_containers_ended_goes_without_waiting_out_its_grace():
    world = World(NOW)
    going = {"deletionTimestamp": timestamp(NOW), "deletionGracePeriodSeconds": 30}
    stored = world.put("pods", merged(asking(), {"metadata": going}))
    (delete,) = report(world, stored)
    assert isinstance(delete, Delete)
    assert (delete.grace_s, delete.uid) == (0, stored["metadata"]["uid"])
    assert world.all("pods") == []


def test_a_pod_that_completed_is_left_alone():
    world = World(NOW)
    stored = world.put("pods", pod("done", phase="Succeeded"))
    assert report(world, stored) == []
