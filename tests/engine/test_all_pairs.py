"""Batches scored from a matrix of costs, against numpy that takes its time."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netcore

PLANETLAB = Path(__file__).parents[3] / "shared/data/planetlab490_rtt_ms_slice01.npz"


class Batch:
    """Pods in compressed sparse rows, drawn from a seed."""

    def __init__(self, random, *, nodes, pods, most_peers=12, replicas=True):
        counts = random.integers(0, most_peers + 1, pods) if nodes else np.zeros(pods, int)
        of_pods = [
            (random.integers(0, nodes, count), random.random((2, count)) * [[1], [4]])
            for count in counts
        ]
        if replicas:
            # The same peers in another order.
            of_pods += [(peers[::-1], weights[:, ::-1]) for peers, weights in of_pods]
        self.pods = of_pods
        self.indptr = np.cumsum([0, *(len(peers) for peers, _ in of_pods)])
        self.peers = np.concatenate([np.zeros(0, int), *(peers for peers, _ in of_pods)])
        weights = np.concatenate([np.zeros((2, 0)), *(weights for _, weights in of_pods)], axis=1)
        self.weight_to, self.weight_from = weights.astype(np.float32)

    def score(self, costs, **options):
        return costs.score(self.indptr, self.peers, self.weight_to, self.weight_from, **options)


def stored(costs):
    """The matrix as it is stored, cell by cell."""
    nodes = range(costs.nodes)
    cells = [[costs.link(origin, destination) for destination in nodes] for origin in nodes]
    return np.array(cells, dtype=float).reshape(costs.nodes, costs.nodes)


def slow_scores(cells, batch):
    scores = np.zeros((len(batch.pods), len(cells)))
    for pod, (peers, (to, back)) in enumerate(batch.pods):
        for peer, weight_to, weight_from in zip(peers, to, back, strict=True):
            scores[pod] += weight_to * cells[:, peer] + weight_from * cells[peer]
    return scores


def check(costs, batch, *, best, feasible=None):
    scores = batch.score(costs, best=best, feasible=feasible, matrix=True, threads=1)
    pods, nodes = len(batch.pods), costs.nodes
    assert scores.best_nodes.shape == scores.best_scores.shape == (pods, best)
    assert scores.best_nodes.dtype == np.int32
    assert scores.best_scores.dtype == scores.matrix.dtype == np.float32
    assert scores.matrix.shape == (pods, nodes)
    expected = slow_scores(stored(costs), batch)
    allowed = np.ones((pods, nodes), bool) if feasible is None else feasible
    allowed = np.broadcast_to(allowed, (pods, nodes))
    np.testing.assert_allclose(scores.matrix[allowed], expected[allowed], rtol=1e-5, atol=1e-4)
    assert (scores.matrix[~allowed] == np.inf).all()
    for pod, row in enumerate(scores.matrix):
        order = [node for node in np.argsort(row, kind="stable") if allowed[pod, node]][:best]
        missing = best - len(order)
        assert list(scores.best_nodes[pod]) == order + [-1] * missing
        assert list(scores.best_scores[pod]) == list(row[order]) + [np.inf] * missing
    for threads in (0, 2):
        again = batch.score(costs, best=best, feasible=feasible, matrix=True, threads=threads)
        assert again.best_nodes.tobytes() == scores.best_nodes.tobytes()
        assert again.matrix.tobytes() == scores.matrix.tobytes()
        assert again.classes == scores.classes
    return scores


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    nodes=st.sampled_from([0, 1, 2, 7, 63, 64, 65, 130]),
    pods=st.integers(0, 6),
    best=st.sampled_from([0, 1, 3, 8, 70, 200]),
    storage=st.sampled_from(["f32", "u16", "zones"]),
    mask=st.sampled_from([None, "nodes", "pods"]),
    symmetric=st.booleans(),
    levels=st.sampled_from([3, 1000]),
)
def test_scores_are_the_weighted_sums(seed, nodes, pods, best, storage, mask, symmetric, levels):
    random = np.random.default_rng(seed)
    cells = random.integers(0, levels, (nodes, nodes)).astype(np.float32)
    cells = np.maximum(cells, cells.T) if symmetric else cells
    zones = random.integers(0, 4, nodes) * 10
    costs = netcore.CostMatrix(cells, storage=storage, zones=zones)
    assert (costs.nodes, costs.storage) == (nodes, storage)
    if symmetric and storage != "zones":
        assert costs.is_symmetric
    tolerance = levels / 131_070 * 1.01 if storage == "u16" else 0
    np.testing.assert_allclose(stored(costs), cells, rtol=0, atol=tolerance)
    batch = Batch(random, nodes=nodes, pods=pods)
    shape = {None: None, "nodes": nodes, "pods": (2 * pods, nodes)}[mask]
    feasible = None if shape is None else random.random(shape) < 0.6
    check(costs, batch, best=best, feasible=feasible)


def test_a_large_batch_is_shared_by_threads_and_classes():
    random = np.random.default_rng(5)
    nodes = 1500
    costs = netcore.CostMatrix(random.random((nodes, nodes), dtype=np.float32), storage="u16")
    batch = Batch(random, nodes=nodes, pods=300)
    one = batch.score(costs, threads=1)
    two = batch.score(costs, threads=2)
    assert one.classes == two.classes <= 300
    np.testing.assert_array_equal(one.best_nodes, two.best_nodes)
    np.testing.assert_array_equal(one.best_nodes[:300], one.best_nodes[300:])
    assert one.matrix is None


def test_any_layout_and_any_integers_serve():
    random = np.random.default_rng(1)
    cells = random.random((40, 40), dtype=np.float32)
    batch = Batch(random, nodes=40, pods=5)
    plain = check(netcore.CostMatrix(cells), batch, best=4)
    wide = np.zeros((80, 80), np.float32)
    wide[::2, ::2] = cells
    for layout in (np.asfortranarray(cells), wide[::2, ::2]):
        np.testing.assert_array_equal(
            batch.score(netcore.CostMatrix(layout), best=4).best_nodes, plain.best_nodes
        )
    costs = netcore.CostMatrix(cells)
    mask = np.repeat(random.random((10, 40)) < 0.5, 2, axis=1)[:, ::2]
    scores = costs.score(
        batch.indptr.astype(np.int32),
        batch.peers.astype(np.uint32),
        batch.weight_to.astype(float),
        batch.weight_from,
        feasible=mask,
    )
    again = batch.score(costs, feasible=mask.copy())
    np.testing.assert_array_equal(scores.best_nodes, again.best_nodes)


def test_a_matrix_keeps_nothing_of_the_array_it_came_from():
    cells = np.ones((3, 3), np.float32)
    costs = netcore.CostMatrix(cells)
    cells[:] = 9
    assert costs.link(0, 1) == 1


def test_links_are_set_by_direction():
    costs = netcore.CostMatrix(np.full((400, 400), 2, np.float32), largest_cost=10)
    once = costs.nbytes
    assert once <= 1.1 * 4 * 400 * 400
    costs.set_link(3, 4, 7, both_directions=True)
    assert costs.is_symmetric
    costs.set_link(3, 4, 8)
    assert not costs.is_symmetric
    assert (costs.link(3, 4), costs.link(4, 3)) == (8, 7)
    assert costs.nbytes <= 2 * 1.1 * 4 * 400 * 400
    to = costs.score(np.array([0, 1]), np.array([4]), np.ones(1), None, matrix=True)
    back = costs.score(np.array([0, 1]), np.array([4]), None, np.ones(1), matrix=True)
    assert (to.matrix[0, 3], back.matrix[0, 3]) == (8, 7)


def test_zones_with_measured_links():
    zones = np.array([0, 0, 1, 1])
    zone_costs = np.array([[1, 10], [20, 2]], np.float32)
    costs = netcore.CostMatrix.from_zones(
        zones,
        zone_costs,
        origins=np.array([0, 3, 0]),
        destinations=np.array([3, 0, 0]),
        costs=np.array([7, 9, 0], np.float32),
    )
    expected = [[0, 1, 10, 7], [1, 1, 10, 10], [20, 20, 2, 2], [9, 20, 2, 2]]
    np.testing.assert_array_equal(stored(costs), expected)
    assert (costs.storage, costs.links) == ("zones", 3)
    check(costs, Batch(np.random.default_rng(3), nodes=4, pods=6), best=3)
    bare = netcore.CostMatrix.from_zones(zones, zone_costs)
    assert bare.links == 0


def test_unknown_links_cost_what_their_zones_do():
    nan = np.nan
    cells = np.array(
        [[0, 1, nan, 7], [1, 0, 9, 8], [nan, nan, 0, nan], [nan, nan, nan, 0]], np.float32
    )
    zones = np.array([5, 5, 9, 9])
    for storage in ("f32", "zones"):
        costs = netcore.CostMatrix(cells, zones=zones, storage=storage, unknown=3.0)
        expected = [[0, 1, 8, 7], [1, 0, 9, 8], [8, 8, 0, 3], [8, 8, 3, 0]]
        np.testing.assert_array_equal(stored(costs), expected)
    with pytest.raises(netcore.InvalidInputError, match="nothing is known from zone 9 to zone 9"):
        netcore.CostMatrix(cells, zones=zones)
    costs = netcore.CostMatrix(cells, unknown=3.0)
    np.testing.assert_array_equal(stored(costs), np.nan_to_num(cells, nan=3.0))


def test_costs_of_a_measured_topology():
    rtt = np.array([[0, 1, 4], [1, 0, np.nan], [4, np.nan, 0]], np.float32)
    topology = netcore.Topology(["a", "b", "c"], rtt)
    costs = netcore.CostMatrix.from_topology(topology, unknown=0.5)
    np.testing.assert_array_equal(stored(costs), np.nan_to_num(topology.cost(), nan=0.5))
    linear = netcore.CostMatrix.from_topology(topology, policy="linear", zones=np.array([0, 0, 1]))
    assert linear.link(1, 2) == linear.link(0, 2)
    with pytest.raises(netcore.InvalidInputError, match=r"costs: \[1, 2\] is NaN"):
        netcore.CostMatrix.from_topology(topology)
    with pytest.raises(netcore.InvalidInputError, match="policy"):
        netcore.CostMatrix.from_topology(topology, policy="best", unknown=0.5)


def hierarchy(nodes, *, seed):
    """Regions of zones of nodes; costs with a spread of a tenth around those of their zones."""
    random = np.random.default_rng(seed)
    zones = random.integers(0, 24, nodes)
    regions = zones % 6
    base = np.where(regions[:, None] == regions, 5.0, 60.0)
    base = np.where(zones[:, None] == zones, 0.5, base)
    cells = (base * np.exp(random.normal(0, 0.1, base.shape))).astype(np.float32)
    cells = np.maximum(cells, cells.T)
    np.fill_diagonal(cells, 0)
    return cells, zones


def relative_errors(cells, costs):
    there = cells > 0
    return np.abs(stored(costs)[there] - cells[there]) / cells[there]


def test_what_zones_cost_in_accuracy_and_memory():
    cells, zones = hierarchy(400, seed=1)
    dense = netcore.CostMatrix(cells)
    bare = netcore.CostMatrix(cells, zones=zones, storage="zones", tolerance=1.0)
    errors = relative_errors(cells, bare)
    assert np.median(errors) < 0.06
    assert errors.max() < 0.6
    assert bare.nbytes < dense.nbytes / 10
    bounded = netcore.CostMatrix(cells, zones=zones, storage="zones", tolerance=0.2)
    assert relative_errors(cells, bounded).max() <= 0.2 + 1e-6
    assert bounded.links < 0.1 * 400 * 400
    assert bounded.nbytes < dense.nbytes


@pytest.mark.skipif(not PLANETLAB.exists(), reason=f"{PLANETLAB} is not there")
def test_what_zones_cost_where_there_are_none_by_nature():
    cells = np.load(PLANETLAB)["rtt_ms"].astype(np.float32)
    zones = clustered(cells, 32)
    bare = netcore.CostMatrix(cells, zones=zones, storage="zones", tolerance=1.0)
    errors = relative_errors(cells, bare)
    assert np.median(errors) < 0.15
    bounded = netcore.CostMatrix(cells, zones=zones, storage="zones", tolerance=0.25)
    assert relative_errors(cells, bounded).max() <= 0.25 + 1e-6
    exact = netcore.CostMatrix(cells, zones=zones, storage="zones")
    assert relative_errors(cells, exact).max() == 0


def clustered(cells, count):
    """Zones by distance: centres that are far apart, each node to its nearest."""
    centres = [0]
    while len(centres) < count:
        centres.append(int(cells[centres].min(axis=0).argmax()))
    return cells[centres].argmin(axis=0)


ZERO = np.zeros((3, 3), np.float32)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: netcore.CostMatrix(np.zeros((2, 3), np.float32)),
            r"costs: shape is \[2, 3\], must be \[2, 2\]",
        ),
        (lambda: netcore.CostMatrix(np.zeros((3, 3))), "costs: is an array of float64"),
        (lambda: netcore.CostMatrix([[0]]), "costs: is of type list"),
        (lambda: netcore.CostMatrix(ZERO - 1), r"costs: \[0, 0\] = -1 is negative"),
        (lambda: netcore.CostMatrix(ZERO + np.inf), r"costs: \[0, 0\] = inf is infinite"),
        (lambda: netcore.CostMatrix(ZERO + np.nan), r"costs: \[0, 0\] is NaN.*unknown="),
        (lambda: netcore.CostMatrix(ZERO, storage="f16"), "storage: must be"),
        (lambda: netcore.CostMatrix(ZERO, storage="zones"), "zones: are needed"),
        (lambda: netcore.CostMatrix(ZERO, zones=np.zeros(2, int)), "zones: has 2 entries"),
        (lambda: netcore.CostMatrix(ZERO, zones=np.array([0, -1, 0])), r"zones: \[1\] = -1"),
        (lambda: netcore.CostMatrix(ZERO, zones=np.zeros(3)), "zones: is an array of float64"),
        (lambda: netcore.CostMatrix(ZERO, unknown=-1.0), "unknown: is negative"),
        (lambda: netcore.CostMatrix(ZERO, tolerance=np.nan), "tolerance: NaN must be"),
        (lambda: netcore.CostMatrix(ZERO).link(3, 0), "origin: 3 is no node: there are 3"),
        (lambda: netcore.CostMatrix(ZERO).set_link(0, 0, np.nan), "cost: NaN"),
        (
            lambda: netcore.CostMatrix(ZERO, storage="u16", largest_cost=5).set_link(0, 1, 6),
            "cost: 6 is above 5.*largest_cost=",
        ),
        (
            lambda: netcore.CostMatrix.from_zones(np.array([0, 3]), ZERO),
            r"zones: \[1\] = 3 is no zone",
        ),
        (
            lambda: netcore.CostMatrix.from_zones(np.zeros(1, int), ZERO, origins=np.zeros(1, int)),
            "destinations: has 0 entries",
        ),
    ],
)
def test_costs_that_cannot_be_are_refused_by_name(make, said):
    with pytest.raises(netcore.InvalidInputError, match=said):
        make()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"indptr": np.zeros(0, int)}, "indptr: is empty"),
        ({"indptr": np.array([0, 1])}, "indptr: goes from 0 to 1: it must"),
        ({"indptr": np.array([0, 2, 1, 2])}, "indptr: falls after entry 1"),
        ({"indptr": np.array([[0, 2]])}, "indptr: is an array of int64 and shape"),
        ({"indptr": np.array([0.0, 2.0])}, "indptr: is an array of float64"),
        ({"peers": np.array([0, 3])}, r"peers: \[1\] = 3 is no node: there are 3"),
        ({"peers": np.array([0, -1])}, r"peers: \[1\] = -1 is out of range"),
        ({"peers": np.array([0, 2**40])}, r"peers: \[1\] = 1099511627776 is out of range"),
        ({"peers": [0, 1]}, "peers: is of type list"),
        ({"weight_to": np.ones(3)}, "weight_to: has 3 entries"),
        ({"weight_to": np.array([1, 2])}, "weight_to: is an array of int64"),
        ({"weight_from": np.array([1, np.nan])}, r"weight_from: \[1\] = NaN must be finite"),
        ({"weight_to": np.array([-1.0, 1])}, r"weight_to: \[0\] = -1 must be finite"),
        ({"weight_to": np.array([1e200, 1])}, r"weight_to: \[0\] = inf must be finite"),
        ({"weight_to": np.array([3e38, 1], np.float32)}, "weights of pod 0 sum to"),
        ({"feasible": np.ones(2, bool)}, "feasible: has 2 entries"),
        ({"feasible": np.ones((3, 1), bool)}, r"feasible: shape is \[3, 1\]"),
        ({"feasible": np.ones(3, np.uint8)}, "feasible: is an array of uint8"),
        ({"feasible": np.ones((1, 1, 3), bool)}, "feasible: is an array of bool and shape"),
        ({"best": 1025}, "best: 1025 is more than there are nodes: ask for at most 1024"),
    ],
)
def test_batches_that_cannot_be_are_refused_by_name(changed, said):
    batch = {
        "indptr": np.array([0, 2]),
        "peers": np.array([0, 1]),
        "weight_to": np.ones(2),
        "weight_from": np.ones(2),
    }
    costs = netcore.CostMatrix(ZERO)
    costs.score(**batch)
    with pytest.raises(netcore.InvalidInputError, match=said):
        costs.score(**{**batch, **changed})
