import subprocess
import sys

import numpy as np
import pytest

import netcore
from engine.objects import app_group, cluster, encode, node


def test_numpy_is_imported_when_an_array_is_asked_for():
    code = """
import sys, netcore
state = netcore.ClusterState()
topology = state.topology()
assert "numpy" not in sys.modules
topology.rtt_ms()
assert "numpy" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_arrays_come_back_as_they_went_in():
    nan = np.nan
    rtt = np.array([[0, 2, nan], [2, 0, 5], [nan, 5, 0]], dtype=np.float32)
    loss = np.array([[0, 0.5, nan], [0, 0, 0.25], [nan, nan, 0]], dtype=np.float32)
    bandwidth = np.array([[nan, 1e9, nan], [nan, nan, nan], [nan, 5e8, nan]])
    age = np.full((3, 3), 7, dtype=np.float32)
    topology = netcore.Topology(
        ["a", "b", "c"], rtt, jitter_ms=rtt / 2, loss=loss, bandwidth_bps=bandwidth, age_s=age
    )
    assert topology.nodes == ["a", "b", "c"]
    np.testing.assert_array_equal(topology.rtt_ms(), rtt)
    np.testing.assert_array_equal(topology.jitter_ms(), rtt / 2)
    np.testing.assert_array_equal(topology.loss(), loss)
    np.testing.assert_array_equal(topology.bandwidth_bps(), bandwidth)
    assert topology.age_s()[0, 1] == 7
    np.testing.assert_array_equal(topology.source(), [[4, 1, 0], [1, 4, 1], [0, 1, 4]])
    for policy in ("slo", "linear", "time"):
        cost = topology.cost(policy)
        assert cost.dtype == np.float32
        assert (np.diag(cost) == 0).all()
        np.testing.assert_array_equal(np.isnan(cost), np.isnan(rtt))
        known = cost[~np.isnan(cost)]
        assert ((known >= 0) & (known <= 1)).all()
    # Arrays are copies: what is done to one is nothing to the topology.
    topology.rtt_ms()[:] = 0
    np.testing.assert_array_equal(topology.rtt_ms(), rtt)
    for layout in (np.asfortranarray(rtt), rtt[::1, ::1]):
        np.testing.assert_array_equal(netcore.Topology(["a", "b", "c"], layout).rtt_ms(), rtt)


@pytest.mark.parametrize(
    ("nodes", "rtt", "said"),
    [
        (["a", "b"], np.zeros((2, 3), np.float32), r"rtt_ms: shape is \[2, 3\], must be \[2, 2\]"),
        (["a", "a"], np.zeros((2, 2), np.float32), "comes twice"),
        (["a", "b"], np.array([[0, -1], [1, 0]], np.float32), "rtt_ms"),
        (["a", "b"], np.array([[0, np.inf], [1, 0]], np.float32), "rtt_ms"),
    ],
)
def test_arrays_are_checked(nodes, rtt, said):
    with pytest.raises(netcore.InvalidInputError, match=said):
        netcore.Topology(nodes, rtt)


def test_arrays_of_another_type_are_refused():
    with pytest.raises(
        netcore.InvalidInputError, match=r"rtt_ms: is an array of float64 .* float32"
    ):
        netcore.Topology(["a"], np.zeros((1, 1), np.float64))
    with pytest.raises(netcore.InvalidInputError, match=r'policy: .*"slo", "linear", "time"'):
        netcore.Topology(["a"], np.zeros((1, 1), np.float32)).cost("best")


def node_network(name, **status):
    return encode(
        metadata={"name": name},
        spec={"node": name},
        status={
            "observedAt": "2026-01-01T00:00:00Z",
            "validUntil": "2026-01-01T00:10:00Z",
            **status,
        },
    )


def test_reports_become_a_matrix_and_grow_old():
    reports = [node_network("a", peers=["b"], rttMicros=[1500])]
    start = 1_767_225_600.0
    topology = netcore.Topology.from_node_networks(["a", "b"], reports, now=start + 20)
    np.testing.assert_array_equal(topology.rtt_ms(), np.array([[0, 1.5], [1.5, 0]], np.float32))
    assert topology.age_s()[0, 1] == 20
    later = netcore.Topology.from_node_networks(["a", "b"], reports, now=start + 601)
    assert np.isnan(later.rtt_ms()[0, 1])
    assert (later.source()[0, 1], later.source()[0, 0]) == (0, 4)

    state = cluster(("Node", node("b")), ("Node", node("a")), ("NodeNetwork", reports[0]))
    state.set_time(start + 20)
    found = state.topology()
    assert found.nodes == ["a", "b"]
    np.testing.assert_array_equal(found.rtt_ms(), topology.rtt_ms())
    assert found.age_s()[1, 0] == 20


@pytest.mark.parametrize("storage", ["auto", "dense", "sparse"])
def test_how_links_are_held_shows_in_memory_only(storage):
    count, start = 200, 1_767_225_600.0
    nodes = [f"n{index:03}" for index in range(count)]
    reports = [
        node_network(name, peers=[nodes[index - 3]], rttMicros=[1000 + index], lossToPpm=[index])
        for index, name in enumerate(nodes)
    ]
    topology = netcore.Topology.from_node_networks(nodes, reports, now=start, storage=storage)
    state = netcore.ClusterState(storage=storage)
    for name, reported in zip(nodes, reports, strict=True):
        state.apply("Node", node(name))
        state.apply("NodeNetwork", reported)
    state.set_time(start)
    known = topology.source() == 1
    assert known.sum() == 2 * count
    matrices = count * count * (4 + 4 + 4 + 4 + 1)
    for held in (topology.nbytes, state.nbytes, state.topology().nbytes):
        assert (held > 0.4 * matrices) if storage == "dense" else (held < 0.3 * matrices)
    expected = netcore.Topology.from_node_networks(nodes, reports, now=start)
    for quantity in ("rtt_ms", "jitter_ms", "loss", "bandwidth_bps", "age_s", "source", "cost"):
        array = getattr(expected, quantity)()
        np.testing.assert_array_equal(getattr(topology, quantity)(), array)
        np.testing.assert_array_equal(getattr(state.topology(), quantity)(), array)
    again = netcore.Topology(nodes, topology.rtt_ms(), loss=topology.loss(), storage=storage)
    np.testing.assert_array_equal(again.rtt_ms(), topology.rtt_ms())


def test_an_unknown_storage_is_refused():
    said = 'storage: "rows": must be "auto", "dense" or "sparse"'
    for action in (
        lambda: netcore.ClusterState(storage="rows"),
        lambda: netcore.Topology([], np.zeros((0, 0), np.float32), storage="rows"),
        lambda: netcore.Topology.from_node_networks([], [], now=0.0, storage="rows"),
    ):
        with pytest.raises(netcore.InvalidInputError, match=said):
            action()


def test_graphs():
    graph = netcore.AppGraph.from_app_group(
        app_group(
            "g", {"web": {"cart": {"weight": 1}}, "cart": {"redis": {"weight": 9}}, "redis": {}}
        )
    )
    assert graph.workloads == ["web", "cart", "redis"]
    assert (graph.problems, graph.cycle()) == ([], [])
    assert graph.order("KahnSort") == ["web", "cart", "redis"]
    assert graph.order("TrafficSort") == ["cart", "redis", "web"]
    with pytest.raises(netcore.InvalidInputError, match="QuickSort"):
        graph.order("QuickSort")
    cyclic = netcore.AppGraph.from_app_group(app_group("g", {"a": {"b": {}}, "b": {"a": {}}}))
    assert sorted(cyclic.cycle()) == ["a", "b"]
    with pytest.raises(netcore.InvalidInputError, match="without a cycle"):
        cyclic.order("TarjanSort")
    assert sorted(cyclic.order("TrafficSort")) == ["a", "b"]
    with pytest.raises(netcore.InvalidInputError, match="AppGroup"):
        netcore.AppGraph.from_app_group(b"{}")
