"""What is too long or of another shape is refused before any of it is copied, whatever the layout.

Each view here seems to hold more than any memory: a call that copied one would never return, or
end the process.
"""

import math

import numpy as np
import pytest

import netcore
from engine.objects import cluster, pod, profile

VAST = 1 << 40
SIDE = 1 << 30
COSTS = np.array([[0, 1, 2], [3, 0, 4], [5, 6, 0]], np.float32)
NODES = ["a", "b", "c"]


def vast(dtype, *shape):
    """A view of one value that seems to be an array of that shape."""
    return np.broadcast_to(np.zeros((), dtype), shape or (VAST,))


BATCH = {"indptr": np.array([0, 2]), "peers": np.array([0, 1]), "weight_to": np.ones(2)}
ZONES = {"zones": np.array([0, 1, 2]), "zone_costs": COSTS}
LINKS = {"origins": np.array([0]), "destinations": np.array([1]), "costs": np.ones(1, np.float32)}
PAIRS = {
    "nodes": NODES,
    "origins": np.array([0]),
    "destinations": np.array([1]),
    "rtt_ms": np.ones(1, np.float32),
}
PATHS = {name: PAIRS[name] for name in ("nodes", "origins", "destinations")} | {
    "bandwidth_bps": np.full(1, 1e9)
}
GROUP = {
    "costs": COSTS,
    "capacities": np.full((3, 1), 4),
    "requests": np.ones((2, 1), np.int64),
    "edges": np.array([[0, 1]]),
    "weights": np.ones(1),
    "max_steps": 10,
}
STATE = cluster(("Pod", pod("p")))


def score(**batch):
    return netcore.CostMatrix(COSTS).score(**batch)


def refit(**pairs):
    return netcore.estimate(**PAIRS).refit(**pairs)


def sort(**waiting):
    return STATE.sort(profile(), **waiting)


def plan(**pods):
    return STATE.plan(profile(), **pods)


ENTRIES = [
    (score, BATCH, "indptr", vast("i8")),
    (score, BATCH, "peers", vast("i4")),
    (score, BATCH, "weight_to", vast("f8")),
    (score, BATCH, "weight_from", vast("f4")),
    (score, BATCH, "feasible", vast("?")),
    (score, BATCH, "feasible", vast("?", 1, VAST)),
    (score, BATCH, "feasible", vast("?", VAST, 3)),
    (netcore.CostMatrix, {"costs": COSTS}, "costs", vast("f4", 2, VAST)),
    (netcore.CostMatrix, {"costs": COSTS}, "costs", vast("f4", SIDE, SIDE)),
    (netcore.CostMatrix, {"costs": COSTS}, "zones", vast("u4")),
    (netcore.CostMatrix.from_zones, ZONES, "zones", vast("i8")),
    (netcore.CostMatrix.from_zones, ZONES, "zone_costs", vast("f4", VAST, 3)),
    *(
        (netcore.CostMatrix.from_zones, ZONES | LINKS, name, vast(LINKS[name].dtype))
        for name in ("destinations", "costs")
    ),
    (netcore.CostMatrix.from_zones, ZONES | LINKS, "destinations", np.zeros(0, np.int64)),
    (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, "rtt_ms", vast("f4", SIDE, SIDE)),
    (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, "rtt_ms", vast("f4", VAST, 3)),
    *(
        (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, name, vast(dtype, SIDE, SIDE))
        for name, dtype in [("jitter_ms", "f4"), ("loss", "f4"), ("age_s", "f4")]
    ),
    (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, "bandwidth_bps", vast("f8", 3, VAST)),
    *(
        (call, PAIRS, name, vast("i8"))
        for call in (netcore.estimate, refit)
        for name in ("origins", "destinations")
    ),
    *((call, PAIRS, "weights", vast("f4")) for call in (netcore.estimate, refit)),
    *((netcore.estimate_bandwidth, PATHS, name, vast("i8")) for name in ("origins",)),
    (netcore.place_group, GROUP, "costs", vast("f4", SIDE, SIDE)),
    (netcore.place_group, GROUP, "capacities", vast("i8", VAST, 1)),
    (netcore.place_group, GROUP, "requests", vast("i8", VAST, 1)),
    (netcore.place_group, GROUP, "edges", vast("i8", VAST, 2)),
    (netcore.place_group, GROUP, "edges", vast("i8", 1, VAST)),
    (netcore.place_group, GROUP, "weights", vast("f8")),
    (netcore.place_group, GROUP, "max_costs", vast("f4")),
    (netcore.place_group, GROUP, "allowed", vast("?", VAST, 3)),
    (netcore.place_group, GROUP, "extra_costs", vast("f4", 2, VAST)),
    (netcore.place_group, GROUP, "fixed", vast("i8")),
    (sort, {"pods": ["ns/p"], "queued_at": [0.0]}, "queued_at", range(VAST)),
    (sort, {"pods": ["ns/p"], "queued_at": [0.0]}, "queued_at", vast("f8")),
]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("call", "good", "argument", "value"), ENTRIES)
def test_a_vast_array_is_refused_by_name_and_at_once(call, good, argument, value) -> None:
    call(**good)
    with pytest.raises(netcore.InvalidInputError, match=rf"^{argument}: "):
        call(**(good | {argument: value}))


@pytest.mark.timeout(10)
def test_values_without_an_entry_each_name_what_they_belong_to() -> None:
    for call, good, values in [
        (netcore.estimate, PAIRS, {"rtt_ms": vast("f4")}),
        (netcore.estimate_bandwidth, PATHS, {"bandwidth_bps": vast("f8")}),
    ]:
        [name] = values
        with pytest.raises(
            netcore.InvalidInputError, match=rf"^origins: has 1 .* {VAST} .* {name}"
        ):
            call(**(good | values))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("call", "good", "vast_ones"),
    [
        (score, BATCH, {"indptr": vast("i8"), "peers": vast("i4"), "weight_to": vast("f4")}),
        (score, {}, {"indptr": np.array([0, VAST]), "peers": vast("i4")}),
        (
            netcore.CostMatrix.from_zones,
            ZONES,
            {"origins": vast("i8"), "destinations": vast("i8"), "costs": vast("f4")},
        ),
        (
            netcore.estimate,
            PAIRS,
            {"origins": vast("i8"), "destinations": vast("i8"), "rtt_ms": vast("f4")},
        ),
        (
            netcore.place_group,
            GROUP,
            {"edges": vast("i8", VAST, 2), "weights": vast("f8")},
        ),
    ],
)
def test_vast_arrays_that_fit_each_other_are_still_too_many(call, good, vast_ones) -> None:
    with pytest.raises(netcore.InvalidInputError, match=r"\d{13}.* (at most|may have)"):
        call(**(good | vast_ones))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("call", "good", "argument"),
    [
        (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, "nodes"),
        (netcore.Topology.from_node_networks, {"nodes": NODES, "node_networks": []}, "nodes"),
        (
            netcore.Topology.from_node_networks,
            {"nodes": NODES, "node_networks": []},
            "node_networks",
        ),
        (netcore.estimate, PAIRS, "nodes"),
        (refit, PAIRS, "nodes"),
        (netcore.estimate_bandwidth, PATHS, "nodes"),
        (sort, {"pods": ["ns/p"], "queued_at": [0.0]}, "pods"),
        (plan, {"pods": ["ns/p"]}, "pods"),
    ],
)
def test_a_list_without_end_is_refused_by_name(call, good, argument) -> None:
    if call is netcore.Topology.from_node_networks:
        good = good | {"now": 0.0}
    for endless in (range(VAST), range(1 << 62), range(1 << 70)):
        # So many names would need as large a matrix.
        with pytest.raises((TypeError, netcore.InvalidInputError), match=f"{argument}|rtt_ms"):
            call(**(good | {argument: endless}))
    for other in ("abc", {"a": 1}, {"a"}, 3, None if call is not refit else 3):
        with pytest.raises(TypeError, match=rf"^{argument}: is of type"):
            call(**(good | {argument: other}))


def layouts(array):
    """The same values, laid out in memory in other ways."""
    yield np.asfortranarray(array)
    yield np.repeat(np.repeat(array, 2, axis=0), 3, axis=-1)[::2, ::3]
    yield np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1]
    packed = np.zeros(array.shape, [("before", "i1"), ("value", array.dtype)])
    packed["value"] = array
    yield packed["value"]
    raw = np.frombuffer(bytes(1) + array.tobytes(), array.dtype, offset=1)
    yield raw.reshape(array.shape)


def test_every_layout_is_read_as_numpy_reads_it() -> None:
    mask = np.array([[True, False, False], [False, True, True]])
    two = BATCH | {"indptr": np.array([0, 1, 2]), "best": 3}
    for layout in layouts(mask):
        assert score(**two, feasible=layout).best_nodes.tolist() == [[0, -1, -1], [1, 2, -1]]
    for layout in layouts(COSTS):
        costs = netcore.CostMatrix(layout)
        links = [[costs.link(origin, to) for to in range(3)] for origin in range(3)]
        assert links == COSTS.tolist()
        np.testing.assert_array_equal(netcore.Topology(NODES, layout).rtt_ms(), COSTS)
        assert netcore.place_group(**(GROUP | {"costs": layout})).cost == 0
    ends = np.array([[0, 1], [1, 2], [2, 0]])
    rtt_ms = np.array([[1, 2, 3]], np.float32).T
    for pairs, times in zip(layouts(ends), layouts(rtt_ms), strict=True):
        fit = netcore.estimate(NODES, pairs[:, 0], pairs[:, 1], times[:, 0])
        assert [fit.pair(*names)[0] for names in ("ab", "bc", "ca")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("call", "good", "argument"),
    [
        (netcore.CostMatrix, {"costs": COSTS}, "costs"),
        (netcore.CostMatrix.from_zones, ZONES, "zone_costs"),
        (netcore.CostMatrix.from_zones, ZONES | LINKS, "costs"),
        (netcore.Topology, {"nodes": NODES, "rtt_ms": COSTS}, "rtt_ms"),
        (netcore.estimate, PAIRS, "rtt_ms"),
        (netcore.place_group, GROUP, "costs"),
    ],
)
def test_costs_and_times_are_float32_everywhere(call, good, argument) -> None:
    call(**good)
    with pytest.raises(netcore.InvalidInputError, match=rf"^{argument}: .*float64.*must.*float32"):
        call(**(good | {argument: good[argument].astype(float)}))


def test_lists_may_be_tuples_or_arrays() -> None:
    for names in (tuple(NODES), np.array(NODES)):
        assert netcore.Topology(names, COSTS).nodes == NODES
    assert sort(pods=("ns/p",), queued_at=np.zeros(1)) == ["ns/p"]
    with pytest.raises(netcore.InvalidInputError, match="queued_at"):
        sort(pods=["ns/p"], queued_at=[math.nan])
