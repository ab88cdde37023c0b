import json
from itertools import pairwise, product

import numpy as np
import pytest

import netcore
from engine.objects import FILTERS, app_group, cluster, encode, member, node, pod, profile
from engine.placements import objective, violations

STEPS = {"deadline_ms": None, "max_steps": 40_000}


def made_up(random, pods, nodes):
    """A problem with everything in it."""
    costs = random.uniform(0, 10, (nodes, nodes)).astype(np.float32)
    np.fill_diagonal(costs, 0)
    edges = random.integers(0, pods, (3 * pods, 2))
    edges = edges[edges[:, 0] != edges[:, 1]]
    limited = random.random(len(edges)) < 0.3
    fixed = np.full(pods, -1)
    requests = random.integers(0, 4, (pods, 2))
    fixed[0], requests[0] = 0, 0
    return {
        "costs": costs,
        "capacities": random.integers(0, 2 + 4 * pods // nodes, (nodes, 2)),
        "requests": requests,
        "edges": edges,
        "weights": random.uniform(0, 5, len(edges)),
        "max_costs": np.where(limited, 6, np.inf).astype(np.float32),
        "allowed": random.random((pods, nodes)) < 0.9,
        "extra_costs": random.uniform(0, 3, (pods, nodes)).astype(np.float32),
        "fixed": fixed,
    }


@pytest.mark.parametrize("seed", range(30))
def test_constraints_hold_and_greedy_is_never_better(seed):
    random = np.random.default_rng(seed)
    problem = made_up(random, int(random.integers(2, 40)), int(random.integers(1, 12)))
    for budget in ({"deadline_ms": None, "max_steps": 0}, STEPS):
        placement = netcore.place_group(**problem, seed=seed, **budget)
        nodes = placement.nodes()
        assert violations(problem, nodes) == []
        assert placement.cost == pytest.approx(objective(problem, nodes))
        unplaced = placement.unplaced()
        assert [it["pod"] for it in unplaced] == np.flatnonzero(nodes < 0).tolist()
        for it in unplaced:
            assert it["forbidden"] == (~problem["allowed"][it["pod"]]).sum()
            assert it["forbidden"] + it["full"] + it["beyond"] == len(problem["costs"])
        left_out = (len(unplaced), placement.cost)
        assert left_out <= (placement.greedy_unplaced, placement.greedy_cost)
        again = netcore.place_group(**problem, seed=seed, **budget)
        assert again.nodes().tobytes() == nodes.tobytes()


@pytest.mark.parametrize("seed", range(12))
def test_small_placements_are_the_best_of_all(seed):
    random = np.random.default_rng(100 + seed)
    problem = made_up(random, 5, 4)

    def score(nodes):
        return (np.count_nonzero(nodes < 0), objective(problem, nodes))

    every = (np.array(nodes) for nodes in product(range(-1, 4), repeat=5))
    best = min(score(nodes) for nodes in every if not violations(problem, nodes))
    placement = netcore.place_group(**problem, **STEPS)
    assert (len(placement.unplaced()), placement.cost) == pytest.approx(best)


def line(pods):
    """Pods in a row, each talking to the next, and nodes for two each."""
    edges = np.array([(pod, pod + 1) for pod in range(pods - 1)])
    nodes = (pods + 1) // 2
    place = np.arange(nodes, dtype=np.float32)
    return {
        "costs": np.abs(place[:, None] - place),
        "capacities": np.full((nodes, 1), 2),
        "requests": np.ones((pods, 1), dtype=np.int64),
        "edges": edges,
        "weights": np.ones(len(edges)),
    }


def test_a_deadline_ends_the_search_and_figures_tell_of_it():
    problem = line(400)
    placement = netcore.place_group(**problem, deadline_ms=30)
    work = placement.work()
    assert 0 < work["search_s"] < 5
    assert work["steps_per_s"] == pytest.approx(work["steps"] / work["search_s"])
    assert work["starts"] >= 1
    assert np.bincount(placement.nodes()).max() == 2
    at_once = netcore.place_group(**problem, deadline_ms=0)
    assert placement.cost <= at_once.cost == at_once.greedy_cost


def test_pods_that_ask_for_the_same_single_thing_keep_apart():
    problem = line(4)
    problem["capacities"] = np.column_stack([np.full(2, 4), np.ones(2, dtype=np.int64)])
    port = np.array([1, 1, 0, 0])
    problem["requests"] = np.column_stack([np.ones(4, dtype=np.int64), port])
    nodes = netcore.place_group(**problem, **STEPS).nodes()
    assert nodes[0] != nodes[1]
    assert nodes[1] == nodes[2] == nodes[3]


WRONG = {
    "costs": [np.zeros((2, 3), np.float32), np.full((2, 2), np.nan, np.float32)],
    "capacities": [np.zeros((3, 1), np.int64)],
    "requests": [np.full((4, 1), -1), np.full((4, 1), 2**62)],
    "edges": [np.array([[0, 9], [1, 2], [2, 3]]), np.array([[1, 1], [1, 2], [2, 3]])],
    "weights": [np.ones(2), np.array([1, np.inf, 1]), np.array([1, -1.0, 1])],
    "max_costs": [np.full(3, np.nan, np.float32), np.ones(1, np.float32)],
    "allowed": [np.ones((2, 2), dtype=bool)],
    "extra_costs": [np.full((4, 2), -1, np.float32), np.full((4, 2), np.inf, np.float32)],
    "fixed": [np.full(4, 7), np.full(4, -2), np.zeros(3, np.int64)],
    "deadline_ms": [-1.0, float("nan"), float("inf"), None],
}


@pytest.mark.parametrize(
    ("argument", "value"),
    [(argument, value) for argument, values in WRONG.items() for value in values],
)
def test_a_wrong_array_is_named(argument, value):
    with pytest.raises(netcore.InvalidInputError, match=f"^{argument}:"):
        netcore.place_group(**{**line(4), argument: value})


def test_the_largest_amounts_add_up_or_are_refused():
    largest = 1 << 56
    problem = line(60)
    problem["requests"] = np.full((60, 1), largest)
    problem["capacities"] = np.full((30, 1), largest)
    placement = netcore.place_group(**problem, **STEPS)
    assert np.bincount(placement.nodes()[placement.nodes() >= 0]).max() == 1
    assert len(placement.unplaced()) == 30
    stays = problem | {"fixed": np.where(np.arange(60) < 59, 0, -1)}
    assert netcore.place_group(**stays, **STEPS).nodes()[-1] > 0
    many = line(200) | {"requests": np.full((200, 1), largest)}
    with pytest.raises(netcore.InvalidInputError, match=r"^requests: sum up to more than"):
        netcore.place_group(**many)


def test_nothing_to_place():
    problem = {name: array[:0] for name, array in line(3).items()} | {
        "costs": np.zeros((0, 0), np.float32)
    }
    placement = netcore.place_group(**problem)
    assert (placement.nodes().tolist(), placement.cost) == ([], 0)


ZONE = {"a": "z1", "b": "z1", "c": "z2", "d": "z2"}


def zoned(name, cpu="2"):
    obj = json.loads(node(name, cpu=cpu))
    obj["metadata"]["labels"]["topology.kubernetes.io/zone"] = ZONE[name]
    obj["metadata"]["labels"]["topology.kubernetes.io/region"] = "r"
    return encode(**obj)


def network_topology(cost):
    costs = [
        {"origin": zone, "costList": [{"destination": other, "networkCost": cost}]}
        for zone, other in (("z1", "z2"), ("z2", "z1"))
    ]
    topology = [{"topologyKey": "topology.kubernetes.io/zone", "originList": costs}]
    return encode(
        metadata={"namespace": "ns", "name": "nt-default"},
        spec={"weights": [{"name": "UserDefined", "topologyList": topology}]},
    )


def two_zones(*objects, cost=20):
    nodes = [("Node", zoned(name)) for name in ZONE]
    return cluster(*nodes, ("NetworkTopology", network_topology(cost)), *objects)


def chain(*workloads, **fields):
    """An application in which each workload calls the next."""
    pairs = pairwise(workloads)
    calls = {caller: {callee: fields} for caller, callee in pairs}
    return app_group("shop", {workload: calls.get(workload, {}) for workload in workloads})


def placed(plan):
    return {decision.pod: decision.node for decision in plan.plan.decisions}


def zones(plan):
    return {ZONE[node] for node in placed(plan).values()}


def shop(size):
    names = [f"w{index}" for index in range(size)]
    return [("AppGroup", chain(*names))] + [("Pod", member(name, "shop", name)) for name in names]


def test_an_application_stays_in_one_zone_and_every_pod_says_why():
    state = two_zones(*shop(4))
    before = state.generation
    plan = state.plan_group(profile(), [f"ns/w{index}" for index in range(4)], seed=5, **STEPS)
    assert len(zones(plan)) == 1
    assert plan.grouped == 4
    assert (plan.unplaced, plan.repaired) == (0, 0)
    assert plan.objective <= plan.greedy_objective
    assert (plan.plan.snapshot, plan.plan.seed) == (before, 5)
    for decision in plan.plan.decisions:
        assert decision.message == f"Successfully assigned {decision.pod} to {decision.node}"
        assert state.pod(decision.pod).node_name == decision.node
        assert json.loads(decision.summary())["top"][0]["node"] == decision.node
    assert set(plan.work()) >= {"starts", "steps", "steps_per_s"}


def test_a_group_finds_what_one_after_another_does_not():
    """Placed one by one, pods take the room that those after them would have needed more."""
    better = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        names = [f"w{index}" for index in range(7)]
        calls = {name: {} for name in names}
        for index, name in enumerate(names[1:]):
            caller = names[random.integers(0, index + 1)]
            calls[caller][name] = {"weight": float(random.integers(1, 9))}
        state = two_zones(
            ("AppGroup", app_group("shop", calls)),
            *[("Pod", member(it, "shop", it)) for it in names],
        )
        keys = [f"ns/{name}" for name in names]
        plan = state.plan_group(profile(), keys, seed=seed, commit=False, **STEPS)
        assert plan.objective <= plan.greedy_objective
        better += plan.objective < 0.99 * plan.greedy_objective
    assert better >= 3


def test_without_commit_nothing_changes_and_the_same_steps_give_the_same_plan():
    state = two_zones(*shop(6))
    keys = [f"ns/w{index}" for index in range(6)]
    before = (state.generation, state.counts())
    first = state.plan_group(profile(), keys, commit=False, detail="full", **STEPS)
    assert (state.generation, state.counts()) == before
    second = state.plan_group(profile(), keys, commit=False, detail="full", **STEPS)
    summaries = [[it.summary() for it in plan.plan.decisions] for plan in (first, second)]
    assert summaries[0] == summaries[1]
    assert first.objective == second.objective
    verdicts = first.plan.decisions[0].nodes()
    assert [verdict["node"] for verdict in verdicts] == sorted(ZONE)


def test_bound_pods_stay_and_draw_the_others():
    bound = member("w0", "shop", "w0", nodeName="d", phase="Running")
    state = two_zones(*shop(3), ("Pod", bound))
    plan = state.plan_group(profile(), ["ns/w1", "ns/w2"], **STEPS)
    assert set(placed(plan)) == {"ns/w1", "ns/w2"}
    assert zones(plan) == {"z2"}
    assert state.pod("ns/w0").node_name == "d"


def test_limits_hold_between_pods_of_the_group():
    names = ["w0", "w1", "w2", "w3", "w4"]
    members = [("Pod", member(name, "shop", name)) for name in names]
    limited = chain(*names, maxNetworkCost=10)
    state = two_zones(("AppGroup", limited), *members)
    plan = state.plan_group(profile(), [f"ns/{name}" for name in names], **STEPS)
    assert plan.unplaced == 1
    assert len(zones_of_placed(plan)) == 1
    [left] = [it for it in plan.plan.decisions if it.node is None]
    assert left.rejected_by
    assert "0/4 nodes are available" in left.message


def zones_of_placed(plan):
    return {ZONE[node] for node in placed(plan).values() if node}


def test_bandwidth_is_never_promised_twice():
    # Two calls from zone to zone need 16 Mbit/s, and there are 10: the fourth pod finds no node.
    names = ["w0", "w1", "w2", "w3"]
    calls = {"w0": {name: {"minBandwidth": "8M"} for name in names[1:]}}
    shop = app_group("shop", {name: calls.get(name, {}) for name in names})
    members = [("Pod", member(name, "shop", name, cpu="2")) for name in names]
    topology = json.loads(network_topology(1))
    for origin in topology["spec"]["weights"][0]["topologyList"][0]["originList"]:
        origin["costList"][0]["bandwidthCapacity"] = "10M"
    state = two_zones(("AppGroup", shop), *members)
    state.apply("NetworkTopology", encode(**topology))
    plan = state.plan_group(profile(), [f"ns/{name}" for name in names], **STEPS)
    assert plan.unplaced == 1
    [left] = [it for it in plan.plan.decisions if it.node is None]
    assert "NetworkLimits" in left.rejected_by


def test_host_ports_keep_pods_apart():
    def with_port(name, host_ip=None):
        address = {"hostIP": host_ip} if host_ip else {}
        port = {"containerPort": 80, "hostPort": 80, **address}
        containers = [{"resources": {"requests": {"cpu": "100m"}}, "ports": [port]}]
        labels = {"appgroup.diktyo.x-k8s.io": "shop", "appgroup.diktyo.x-k8s.io.workload": name}
        obj = json.loads(pod(name, labels=labels))
        obj["spec"] = {"containers": containers}
        return encode(**obj)

    ports = {"w0": None, "w1": "10.0.0.1", "w2": "10.0.0.2", "w3": None}
    members = [("Pod", with_port(name, address)) for name, address in ports.items()]
    state = two_zones(("AppGroup", chain(*ports)), *members)
    plan = state.plan_group(profile(), [f"ns/{name}" for name in ports], **STEPS)
    nodes = [placed(plan)[f"ns/{name}"] for name in ports]
    assert len(set(nodes)) == 3
    assert nodes[1] == nodes[2]


def test_what_fits_is_placed_and_the_rest_told():
    state = two_zones(*shop(10))
    plan = state.plan_group(profile(), [f"ns/w{index}" for index in range(10)], **STEPS)
    assert plan.unplaced == plan.greedy_unplaced == 2
    left = [it for it in plan.plan.decisions if it.node is None]
    assert {it.message for it in left} == {"0/4 nodes are available: 4 Insufficient cpu."}


def test_pods_that_talk_to_nobody_go_where_they_would_by_themselves():
    state = two_zones(*shop(2), ("Pod", pod("alone")), ("Pod", pod("lone", cpu="64")))
    keys = ["ns/alone", "ns/lone", "ns/w0", "ns/w1"]
    plan = state.plan_group(profile(), keys, **STEPS)
    assert plan.grouped == 2
    assert placed(plan)["ns/alone"]
    assert placed(plan)["ns/lone"] is None
    assert plan.unplaced == 1


def test_the_more_urgent_application_is_placed_first():
    urgent = [("Pod", member(f"u{index}", "rush", f"w{index}", priority=9)) for index in range(8)]
    rush = app_group("rush", {f"w{index}": {} for index in range(8)})
    rush = json.loads(rush)
    rush["spec"]["workloads"] = json.loads(chain(*[f"w{index}" for index in range(8)]))["spec"][
        "workloads"
    ]
    state = two_zones(*shop(4), ("AppGroup", encode(**rush)), *urgent)
    keys = [f"ns/w{index}" for index in range(4)] + [f"ns/u{index}" for index in range(8)]
    plan = state.plan_group(profile(), keys, **STEPS)
    assert {key for key, node in placed(plan).items() if node} == set(keys[4:])


def test_the_pods_asked_for_must_be_pending_and_named_once():
    state = two_zones(*shop(2))
    with pytest.raises(netcore.UnknownObjectError, match="ns/none"):
        state.plan_group(profile(), ["ns/none"])
    with pytest.raises(netcore.InvalidInputError, match=r"pods: .*twice"):
        state.plan_group(profile(), ["ns/w0", "ns/w0"])
    with pytest.raises(netcore.InvalidInputError, match="deadline_ms"):
        state.plan_group(profile(), ["ns/w0"], deadline_ms=None)
    with pytest.raises(netcore.InvalidInputError, match="detail"):
        state.plan_group(profile(), ["ns/w0"], detail="all")
    assert state.plan_group(profile(), []).plan.decisions == []


@pytest.mark.parametrize("seed", range(6))
def test_a_group_is_never_worse_than_one_after_another(seed):
    """Applications of random shape on nodes of random size, each outcome checked pod by pod."""
    random = np.random.default_rng(seed)
    objects = [("NetworkTopology", network_topology(int(random.integers(1, 40))))]
    objects += [("Node", zoned(name, cpu=str(random.integers(2, 7)))) for name in ZONE]
    keys = []
    for app in range(2):
        size = int(random.integers(3, 7))
        workloads = {f"a{app}w{index}": {} for index in range(size)}
        for index in range(1, size):
            caller = f"a{app}w{random.integers(0, index)}"
            workloads[caller][f"a{app}w{index}"] = {"maxNetworkCost": int(random.integers(1, 60))}
        objects.append(("AppGroup", app_group(f"app{app}", workloads)))
        for workload in workloads:
            name = f"{workload}-0"
            cpu = f"{random.integers(5, 15)}00m"
            objects.append(("Pod", member(name, f"app{app}", workload, cpu=cpu)))
            keys.append(f"ns/{name}")
    plan = cluster(*objects).plan_group(profile(), keys, seed=seed, **STEPS)
    greedy = (plan.greedy_unplaced, plan.greedy_objective)
    assert (plan.unplaced, plan.objective) <= greedy
    # Every filter agrees with the placement, one pod after another.
    again = cluster(*objects)
    for decision in plan.plan.decisions:
        [check] = again.plan(profile(), [decision.pod], commit=False, detail="full").decisions
        accepted = {verdict["node"] for verdict in check.nodes() if verdict["accepted"]}
        if decision.node:
            assert decision.node in accepted
            again.assume(decision.pod, decision.node)


def test_without_a_filter_its_resources_do_not_count():
    filters = [name for name in FILTERS if name != "NodeResourcesFit"]
    state = two_zones(*shop(10))
    keys = [f"ns/w{index}" for index in range(10)]
    plan = state.plan_group(profile(filters=filters), keys, **STEPS)
    assert plan.unplaced == 0
    assert len(set(placed(plan).values())) == 1
