"""The AppGroup controller: Diktyo's orders through the engine, and its faults left out."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.world import World, merged, pod
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Emit, Patch
from netcore_cluster.controllers.app_group import (
    AppGroupController,
    ObservedAppGroup,
    ordering,
    reconcile,
)
from netcore_cluster.controllers.objects import Key, find_condition

NOW = 1_700_000_000.0
GROUPS = "appgroups.appgroup.diktyo.x-k8s.io"
LABEL = "appgroup.diktyo.x-k8s.io"

# The application of Diktyo's own unit tests.
BOUTIQUE = {
    "P1": ["P2", "P3", "P4", "P6", "P8", "P9", "P10"],
    "P2": ["P11"],
    "P8": ["P2", "P3", "P4", "P5", "P6", "P7"],
    "P9": ["P3"],
}
NAMES = [f"P{number}" for number in range(1, 12)]


def workload(name: str, selector: str = "") -> dict:
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "namespace": "ns",
        "name": name,
        "selector": selector or name,
    }


def app_group(
    names: list[str], calls: dict[str, list[str]], algorithm: str = "KahnSort", *, suffix: str = ""
) -> dict:
    workloads = [
        {
            "workload": workload(name + suffix, name),
            "dependencies": [
                {"workload": workload(other + suffix, other)} for other in calls.get(name, [])
            ],
        }
        for name in names
    ]
    return {
        "metadata": {"name": "shop", "namespace": "ns"},
        "spec": {
            "numMembers": len(names),
            "topologySortingAlgorithm": algorithm,
            "workloads": workloads,
        },
    }


class Groups(World):
    def look(self) -> list:
        found = self.get(GROUPS, "shop")
        labelled = [p for p in self.all("pods") if LABEL in p["metadata"]["labels"]]
        actions = reconcile(ObservedAppGroup(found, ordering(found), labelled), self.now)
        self.perform(actions)
        return actions

    @property
    def status(self) -> dict:
        return self.get(GROUPS, "shop")["status"]

    @property
    def condition(self) -> dict:
        return find_condition(self.status["conditions"], "TopologyOrdered")

    def order(self) -> list[str]:
        """Selectors by their index."""
        entries = sorted(self.status["topologyOrder"], key=lambda each: each["index"])
        return [each["workload"]["selector"] for each in entries]


@pytest.mark.parametrize(
    ("algorithm", "order"),
    [
        ("KahnSort", "P1 P10 P9 P8 P7 P6 P5 P4 P3 P2 P11"),
        ("ReverseKahn", "P11 P2 P3 P4 P5 P6 P7 P8 P9 P10 P1"),
        ("AlternateKahn", "P1 P11 P10 P2 P9 P3 P8 P4 P7 P5 P6"),
        ("TarjanSort", "P1 P10 P9 P8 P7 P5 P6 P4 P3 P2 P11"),
        ("ReverseTarjan", "P11 P2 P3 P4 P6 P5 P7 P8 P9 P10 P1"),
        ("AlternateTarjan", "P1 P11 P10 P2 P9 P3 P8 P4 P7 P6 P5"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "-deployment"])
def test_the_six_orders_of_diktyo(algorithm, order, suffix):
    """Whether names equal selectors or not: upstream gives up where they differ."""
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(NAMES, BOUTIQUE, algorithm, suffix=suffix))
    groups.look()
    assert groups.order() == order.split()
    selectors = [each["workload"]["selector"] for each in groups.status["topologyOrder"]]
    assert selectors == sorted(selectors)
    assert sorted(each["index"] for each in groups.status["topologyOrder"]) == list(range(1, 12))
    assert groups.status["topologyCalculationTime"] == timestamp(NOW)
    assert (groups.condition["status"], groups.condition["reason"]) == ("True", "Ordered")


def test_the_status_is_a_patch_that_leaves_the_spec_alone():
    groups = Groups(NOW)
    stored = groups.put(GROUPS, app_group(NAMES, BOUTIQUE))
    (patch,) = groups.look()
    assert isinstance(patch, Patch)
    assert (list(patch.patch), patch.subresource) == (["status"], "")
    assert groups.get(GROUPS, "shop")["spec"] == stored["spec"]
    assert groups.look() == []


def test_a_workload_without_any_dependency_has_its_place():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(["A", "B", "lonely"], {"A": ["B"]}))
    groups.look()
    assert sorted(groups.order()) == ["A", "B", "lonely"]


def test_every_change_of_the_spec_shows_at_once_and_no_other_changes_the_time():
    groups = Groups(NOW)
    stored = groups.put(GROUPS, app_group(["A", "B"], {"A": ["B"]}))
    groups.look()
    assert groups.order() == ["A", "B"]
    groups.now += 60
    groups.put("pods", pod("p", labels={LABEL: "shop"}))
    groups.look()
    assert groups.status["topologyCalculationTime"] == timestamp(NOW)
    turned = app_group(["A", "B"], {"B": ["A"]})["spec"]
    groups.put(GROUPS, {**groups.get(GROUPS, "shop"), "spec": turned})
    groups.look()
    assert groups.order() == ["B", "A"]
    assert groups.status["topologyCalculationTime"] == timestamp(NOW + 60)
    assert stored["spec"] != turned


def test_running_pods_are_counted_and_the_first_sets_the_start():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(["A"], {}))
    groups.look()
    assert groups.status["runningWorkloads"] == 0
    assert "scheduleStartTime" not in groups.status
    labels = {LABEL: "shop"}
    early, late = timestamp(NOW - 30), timestamp(NOW - 10)
    groups.put("pods", pod("a", labels=labels, creationTimestamp=late))
    groups.put("pods", pod("b", labels=labels, phase="Pending", creationTimestamp=early))
    groups.look()
    assert groups.status["runningWorkloads"] == 1
    assert groups.status["scheduleStartTime"] == early
    groups.drop("pods", groups.get("pods", "b"))
    groups.look()
    assert groups.status["scheduleStartTime"] == early


def test_pods_of_another_namespace_do_not_count():
    world = World(NOW)
    controller = AppGroupController(world.hub)
    world.put(GROUPS, app_group(["A"], {}))
    world.put("pods", pod("here", labels={LABEL: "shop"}))
    world.put("pods", pod("there", labels={LABEL: "shop"}, namespace="elsewhere"))
    observed = asyncio.run(controller.observe(Key("ns", "shop")))
    assert [each["metadata"]["name"] for each in observed.pods] == ["here"]


@pytest.mark.parametrize("algorithm", ["KahnSort", "ReverseKahn", "AlternateTarjan"])
def test_a_cycle_is_named_and_the_declared_order_stands(algorithm):
    groups = Groups(NOW)
    calls = {"C": ["A"], "A": ["B"], "B": ["C"], "D": ["A"]}
    groups.put(GROUPS, app_group(["C", "A", "D", "B"], calls, algorithm))
    _, emit = groups.look()
    assert groups.order() == ["C", "A", "D", "B"]
    assert (groups.condition["status"], groups.condition["reason"]) == ("False", "Cycle")
    assert isinstance(emit, Emit)
    assert emit.warning
    for text in (groups.condition["message"], emit.message):
        assert " -> " in text
        assert "using the declared order" in text
        assert all(f"{name} -> " in text for name in "ABC")
        assert "D -> " not in text
    assert groups.look() == []


def test_a_cycle_is_no_trouble_for_netcores_own_order():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(["A", "B"], {"A": ["B"], "B": ["A"]}, "TrafficSort"))
    groups.look()
    assert groups.condition["status"] == "True"
    assert sorted(groups.order()) == ["A", "B"]


def test_an_unknown_workload_is_named_and_every_other_dependency_counts():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(["B", "A"], {"A": ["B", "ghost"]}))
    _, emit = groups.look()
    assert groups.order() == ["A", "B"]
    assert groups.condition["status"] == "False"
    assert '"A" depends on "ghost"' in groups.condition["message"]
    assert emit.message == groups.condition["message"]


def test_an_unknown_algorithm_is_named_and_kahn_stands_in():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(NAMES, BOUTIQUE, "QuickSort"))
    groups.look()
    assert groups.order() == ["P1", "P10", "P9", "P8", "P7", "P6", "P5", "P4", "P3", "P2", "P11"]
    assert groups.condition["reason"] == "UnknownAlgorithm"
    assert '"QuickSort"' in groups.condition["message"]


def test_a_repaired_graph_is_said_to_be_sound_again():
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(["A", "B"], {"A": ["B"], "B": ["A"]}))
    groups.look()
    sound = app_group(["A", "B"], {"A": ["B"]})["spec"]
    groups.put(GROUPS, {**groups.get(GROUPS, "shop"), "spec": sound})
    groups.now += 5
    groups.look()
    assert groups.condition["status"] == "True"
    assert groups.condition["lastTransitionTime"] == timestamp(NOW + 5)


def test_a_spec_that_a_laxer_definition_let_in_is_named_and_stops_nothing():
    groups = Groups(NOW)
    broken = merged(app_group(["A", "B"], {}), {"spec": {}})
    del broken["spec"]["workloads"][1]["workload"]["selector"]
    groups.put(GROUPS, broken)
    groups.look()
    assert groups.condition["reason"] == "InvalidSpec"
    assert "spec.workloads[1].workload" in groups.condition["message"]
    assert groups.order() == ["A"]


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
    st.sampled_from(["KahnSort", "TarjanSort", "AlternateKahn", "ReverseTarjan", "TrafficSort"]),
)
def test_every_workload_has_one_place_whatever_the_graph(edges, algorithm):
    names = [f"w{number}" for number in range(8)]
    calls: dict[str, list[str]] = {}
    for one, other in edges:
        calls.setdefault(names[one], []).append(names[other])
    groups = Groups(NOW)
    groups.put(GROUPS, app_group(names, calls, algorithm))
    groups.look()
    assert sorted(groups.order()) == names
    first = groups.status
    groups.put(GROUPS, app_group(names, calls, algorithm))
    groups.look()
    assert groups.status["topologyOrder"] == first["topologyOrder"]
