"""Arguments that are refused, with a message that names them and the remedy."""

import json
import math

import pytest

import netcore
from engine.objects import cluster, encode, node, pod, profile


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf, 1e300, -62_135_596_801.0])
def test_a_time_is_of_the_years_1_to_9999(now) -> None:
    state = netcore.ClusterState()
    with pytest.raises(netcore.InvalidInputError, match=r"now: is .*, must be Unix"):
        state.set_time(now)
    with pytest.raises(netcore.InvalidInputError, match="now: is"):
        netcore.Topology.from_node_networks(["a"], [], now=now)


@pytest.mark.parametrize(("point", "fields"), [("filters", {}), ("scores", {"weight": 1})])
def test_a_plugin_comes_once(point, fields) -> None:
    plugins = {"filters": [], "scores": [], point: [{"name": "NodeResourcesFit", **fields}] * 2}
    form = encode(schedulerName="s", queueSort={"name": "PrioritySort"}, **plugins)
    with pytest.raises(netcore.InvalidInputError, match=f"{point}.*NodeResourcesFit comes twice"):
        netcore.Profile(form)


def test_what_asks_for_less_than_nothing_asks_for_nothing() -> None:
    state = cluster(
        ("Node", node("a")),
        ("Node", node("b")),
        ("Pod", pod("negative", cpu="-1E", nodeName="a")),
        ("Pod", pod("p")),
    )
    [decision] = state.plan(profile(), ["ns/p"], detail="full").decisions
    for verdict in decision.nodes():
        assert all(0 <= score["normalized"] <= 100 for score in verdict["scores"].values())
    state.apply("Node", node("c", cpu="-4"))
    state.apply("Pod", pod("q"))
    [decision] = state.plan(profile(), ["ns/q"], detail="full").decisions
    [verdict] = [each for each in decision.nodes() if each["node"] == "c"]
    assert (verdict["accepted"], verdict["reasons"]) == (False, ["Insufficient cpu"])


def test_what_pods_ask_for_adds_up_without_end() -> None:
    large = json.loads(node("a", cpu="9E"))
    large["status"]["allocatable"]["pods"] = "5000"
    vast = [pod(f"vast-{number}", cpu="9E", nodeName="a") for number in range(1100)]
    state = cluster(
        ("Node", encode(**large)),
        ("Node", node("b", cpu="1")),
        *(("Pod", each) for each in vast),
        ("Pod", pod("p", cpu="2")),
    )
    for left in (1100, 1024, 1023, 1):
        for number in range(left, 1100):
            state.delete("Pod", "ns", f"vast-{number}")
        for seed in range(2):
            [decision] = state.plan(profile(), ["ns/p"], seed=seed, commit=False).decisions
            assert decision.node is None
            assert "2 Insufficient cpu" in decision.message
        group = state.plan_group(profile(), ["ns/p"], deadline_ms=None, max_steps=10, commit=False)
        assert group.unplaced == 1
    state.delete("Pod", "ns", "vast-0")
    [decision] = state.plan(profile(), ["ns/p"], detail="full").decisions
    assert decision.node == "a"
    [verdict] = [each for each in decision.nodes() if each["node"] == "a"]
    assert all(0 <= score["normalized"] <= 100 for score in verdict["scores"].values())
