"""Arguments that are refused, with a message that names them and the remedy."""

import math

import pytest

import netcore
from engine.objects import encode


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
