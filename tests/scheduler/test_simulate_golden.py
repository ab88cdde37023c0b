"""simulate against what kube-scheduler 1.35.4 and scheduler-plugins answered on random clusters.

The files hold facts about their behaviour, a case a line. How many verdicts were compared is
printed and must be exactly what the files hold: nothing is passed over in silence.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from netcore_scheduler import simulate

GOLDEN = Path(__file__).parents[1] / "golden"

FILTERS = {
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
}
SCORES = {
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "NodeResourcesBalancedAllocation",
}
# Of the same judge, not in netcore yet.
LATER = {"PodTopologySpread", "InterPodAffinity", "ImageLocality"}

SHAPE = [
    {"utilization": 0, "score": 0},
    {"utilization": 70, "score": 10},
    {"utilization": 100, "score": 3},
]


def cases(name):
    with gzip.open(GOLDEN / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def key(pod):
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def decide(objects, pod, config):
    """The decision about the pod, before any other one of the cluster is placed."""
    first = pod | {"spec": {**pod["spec"], "priority": 1_000_000_000}}
    decision = simulate([*objects, first], config)[0]
    assert decision["pod"] == key(pod)
    return decision


def verdicts(decision):
    return {verdict["node"]: verdict for verdict in decision["nodes"]}


def with_strategy(name):
    """The default profile of kube-scheduler with a scoring strategy for NodeResourcesFit."""
    strategy = {"type": name, "resources": [{"name": "cpu"}, {"name": "memory"}]}
    if name == "RequestedToCapacityRatio":
        strategy["requestedToCapacityRatio"] = {"shape": SHAPE}
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [
            {
                "schedulerName": "default-scheduler",
                "pluginConfig": [
                    {"name": "NodeResourcesFit", "args": {"scoringStrategy": strategy}}
                ],
            }
        ],
    }


class Replay:
    """The cases of the default plugins, decided; what was compared, and what differs."""

    def __init__(self):
        self.compared = Counter()
        self.differences = []
        for case in cases("default-plugins.jsonl.gz"):
            self._compare(case)

    def _compare(self, case):
        objects = [*(case["namespaces"] or []), *(case["services"] or []), *(case["pods"] or [])]
        config = with_strategy(case["scoringStrategy"])
        expected = {verdict["node"]: verdict for verdict in case["verdicts"]}
        later = {name for name, verdict in expected.items() if verdict.get("plugin") in LATER}
        assert {verdict.get("plugin") for verdict in expected.values()} <= FILTERS | LATER | {None}
        whole = decide([*objects, *case["nodes"]], case["pod"], config)
        for name in later:
            self._check(case, name, "accepted so far", verdicts(whole)[name]["accepted"], True)
        # Scores are relative to the feasible nodes: one that a later plugin will reject would
        # change those of the others.
        nodes = [node for node in case["nodes"] if node["metadata"]["name"] not in later]
        decision = decide([*objects, *nodes], case["pod"], config) if later else whole
        found = verdicts(decision)
        for name in expected.keys() - later:
            self._compare_node(case, found[name], expected[name])
        if case.get("fitError") and not later:
            self._check(case, "message", "fitError", decision["message"], case["fitError"])

    def _compare_node(self, case, found, expected):
        plugin = expected.get("plugin")
        if plugin is not None:
            reasons = (found["plugin"], sorted(found["reasons"]))
            wanted = (plugin, sorted(expected["reasons"]))
            self._check(case, expected["node"], f"{plugin} rejects", reasons, wanted)
            return
        self._check(case, expected["node"], "accepted", found["accepted"], True)
        weighted = {name: score["weighted"] for name, score in found["scores"].items()}
        assert expected["scores"].keys() <= SCORES | LATER
        for name in SCORES:
            # A plugin that skips itself is in neither.
            wanted = expected["scores"].get(name)
            self._check(case, expected["node"], f"{name} scores", weighted.get(name), wanted)
        self._check(case, expected["node"], "total", found["total"], sum(weighted.values()))

    def _check(self, case, where, what, found, wanted):
        self.compared[what] += 1
        if found != wanted:
            self.differences.append((what, case["name"], where, found, wanted))


@pytest.fixture(scope="module")
def replay():
    return Replay()


COMPARED = {
    "NodeUnschedulable rejects": 437,
    "TaintToleration rejects": 485,
    "NodeAffinity rejects": 208,
    "NodePorts rejects": 33,
    "NodeResourcesFit rejects": 816,
    "accepted": 1803,
    "accepted so far": 246,
    "TaintToleration scores": 1803,
    "NodeAffinity scores": 1803,
    "NodeResourcesFit scores": 1803,
    "NodeResourcesBalancedAllocation scores": 1803,
    "total": 1803,
    "fitError": 25,
}


@pytest.mark.parametrize("what", COMPARED)
def test_default_plugins(replay, what, capsys):
    with capsys.disabled():
        print(f"\ndefault-plugins: {what}: {replay.compared[what]} verdicts compared", end=" ")
    assert [difference for difference in replay.differences if difference[0] == what] == []
    assert replay.compared[what] == COMPARED[what]


def test_nothing_of_the_default_plugins_is_left_out(replay):
    assert replay.compared.keys() == COMPARED.keys()
    assert set(Counter(case["scoringStrategy"] for case in cases("default-plugins.jsonl.gz"))) == {
        "LeastAllocated",
        "MostAllocated",
        "RequestedToCapacityRatio",
    }


def overhead_only(weights_name):
    """A profile of Diktyo's plugin alone."""
    arguments = {"weightsName": weights_name, "networkTopologyName": "nt"}
    return {
        "profiles": [
            {
                "schedulerName": "network-aware-scheduler",
                "plugins": {
                    "multiPoint": {
                        "disabled": [{"name": "*"}],
                        "enabled": [
                            {"name": "PrioritySort"},
                            {"name": "DefaultBinder"},
                            {"name": "NetworkOverhead"},
                        ],
                    }
                },
                "pluginConfig": [{"name": "NetworkOverhead", "args": arguments}],
            }
        ]
    }


def test_network_overhead(capsys):
    compared = Counter()
    for case in cases("networkoverhead.jsonl.gz"):
        objects = [case["appGroup"], case["networkTopology"], *case["nodes"], *(case["pods"] or [])]
        found = verdicts(decide(objects, case["pod"], overhead_only(case["weightsName"])))
        assert found.keys() == {expected["node"] for expected in case["verdicts"]}
        for expected in case["verdicts"]:
            verdict = found[expected["node"]]
            where = f"{case['name']}: {expected['node']}"
            assert verdict["accepted"] == expected["accepted"], where
            assert verdict["reasons"] == (expected.get("reasons") or []), where
            compared["accepted"] += expected["accepted"]
            if expected["accepted"]:
                score = verdict["scores"]["NetworkOverhead"]
                wanted = (expected["raw"], expected["normalised"])
                assert (score["raw"], score["normalized"]) == wanted, where
                compared["told apart"] += bool(expected["raw"])
            else:
                assert verdict["plugin"] == "NetworkOverhead", where
                compared["rejected"] += 1
    with capsys.disabled():
        print(f"\nnetworkoverhead: {dict(compared)} verdicts compared", end=" ")
    assert compared == {"accepted": 2069, "told apart": 711, "rejected": 178}
