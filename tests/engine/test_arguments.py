"""Arguments that are refused, with a message that names them and the remedy."""

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
