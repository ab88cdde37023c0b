"""Batches and single pods scored from a matrix of costs, beside numpy and scipy at the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import netcore
from harness.timing import Times, in_turns

if TYPE_CHECKING:
    from collections.abc import Callable

PEERS = 10
BEST = 8
# What interrupts the machine comes in bursts, while the tail that a call has of its own is in every
# stretch: of so many, the quietest counts.
STRETCHES = 9


def symmetric_costs(nodes: int) -> np.ndarray:
    """Without structure, as far as a product and a sum can tell; float32 of shape [N, N]."""
    codes = np.random.default_rng(1).integers(0, 1 << 20, nodes, dtype=np.int32)
    costs = np.empty((nodes, nodes), np.float32)
    for row, code in zip(costs, codes, strict=True):
        np.multiply(codes ^ code, np.float32(1e-4), out=row, dtype=np.float32)
    return costs


class Batch:
    """Pods with ten peers each, none like another."""

    def __init__(self, pods: int, nodes: int) -> None:
        random = np.random.default_rng(2)
        self.indptr = np.arange(pods + 1, dtype=np.int64) * PEERS
        self.peers = random.integers(0, nodes, pods * PEERS).astype(np.int32)
        self.weights = random.integers(1, 10, pods * PEERS).astype(np.float32)

    def pod(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        entries = slice(index * PEERS, (index + 1) * PEERS)
        return self.peers[entries], self.weights[entries]

    def one_after_another(
        self, costs: netcore.CostMatrix, **options: object
    ) -> Callable[[], netcore.Scores]:
        """What scores the next pod with each call, so that its rows come from memory."""
        turns = iter(range(len(self.indptr) - 1))
        indptr = self.indptr[:2]

        def score() -> netcore.Scores:
            peers, weights = self.pod(next(turns))
            return costs.score(indptr, peers, weights, best=BEST, **options)

        return score


@pytest.mark.timeout(300)
def test_batches(report) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    pods = nodes = 10_000
    cells = symmetric_costs(nodes)
    costs = netcore.CostMatrix(cells)
    assert costs.is_symmetric
    batch = Batch(pods, nodes)
    matrix = sparse.csr_matrix((batch.weights, batch.peers, batch.indptr), shape=(pods, nodes))

    def score(threads: int, costs: netcore.CostMatrix = costs) -> netcore.Scores:
        return costs.score(batch.indptr, batch.peers, batch.weights, best=BEST, threads=threads)

    # The first rows agree before anything is timed.
    of_few = (matrix[:20] @ cells).argmin(axis=1)
    np.testing.assert_array_equal(score(1).best_nodes[:20, 0], of_few)
    one, two, product = in_turns(
        lambda: score(1), lambda: score(2), lambda: matrix @ cells, rounds=7, warmups=1
    )
    for threads, times, ratio in ((1, one, 1 / 1.5), (2, two, 1 / 2.2)):
        report.row(
            f"all pairs from Python: 10,000 pods x 10 peers x 10,000 nodes, {threads} thread(s)",
            times.median_s * 1e3,
            "ms",
            reference="scipy.sparse W @ C in f32, one thread",
            reference_value=product.median_s * 1e3,
            ratio_at_most=ratio,
        )
    in_u16 = netcore.CostMatrix(cells, storage="u16")
    wide, narrow = in_turns(lambda: score(1), lambda: score(1, in_u16), rounds=9, warmups=1)
    report.row(
        "all pairs from Python: the same batch, u16, 1 thread(s)",
        narrow.median_s * 1e3,
        "ms",
        reference="the same in f32",
        reference_value=wide.median_s * 1e3,
        ratio_at_most=0.7,
    )
    report.row(
        "all pairs: memory of a dense f32 matrix, symmetric, 10,000 nodes",
        costs.nbytes / 1e6,
        "MB",
        reference="its cells",
        reference_value=cells.nbytes / 1e6,
        ratio_at_most=1.1,
    )


@pytest.mark.timeout(300)
def test_one_pod(report) -> None:
    nodes, pods = 15_000, 1500
    cells = symmetric_costs(nodes)
    batch = Batch(pods, nodes)
    mask = np.random.default_rng(3).random(nodes) < 0.8

    def alone(costs: netcore.CostMatrix, **options: object) -> Times:
        score = batch.one_after_another(costs, **options)
        return in_turns(score, rounds=pods - 20, warmups=20)[0]

    def in_turns_with_numpy(costs: netcore.CostMatrix, **options: object) -> list[Times]:
        score, turns = batch.one_after_another(costs, **options), iter(range(pods))

        def multiply() -> np.ndarray:
            peers, weights = batch.pod(next(turns))
            return weights @ cells[peers]

        return in_turns(score, multiply, rounds=pods - 20, warmups=20)

    def row(name: str, times: list[Times], ratio: float | None = None) -> None:
        own, numpys = times
        report.row(
            f"all pairs from Python: one pod, 10 peers, 15,000 nodes, {name}",
            own.median_s * 1e6,
            "µs",
            reference="numpy w @ C[idx] in f32, without mask or best",
            reference_value=numpys.median_s * 1e6,
            ratio_at_most=ratio,
        )

    in_f32 = netcore.CostMatrix(cells, storage="f32")
    # In f32 both read the same bytes, which alone takes half of numpy's time.
    row("best 8, f32", in_turns_with_numpy(in_f32), 0.5)
    row("mask, best 8, f32", in_turns_with_numpy(in_f32, feasible=mask))
    tails = [alone(in_f32, feasible=mask) for _ in range(STRETCHES)]
    tail = min(tails, key=lambda times: times.percentile_s(99) / times.median_s)
    report.row(
        "all pairs from Python: one pod, mask, best 8, f32, 99th percentile",
        tail.percentile_s(99) * 1e6,
        "µs",
        reference="its median",
        reference_value=tail.median_s * 1e6,
        ratio_at_most=2.5,
    )
    del in_f32
    in_u16 = netcore.CostMatrix(cells, storage="u16")
    row("best 8, u16", in_turns_with_numpy(in_u16), 0.5)


def test_zones(report) -> None:
    """One pod by zones, beside the same in a dense matrix."""
    nodes, zones, pods = 15_000, 64, 500
    random = np.random.default_rng(4)
    of_nodes = random.integers(0, zones, nodes)
    between = random.random((zones, zones), dtype=np.float32)
    known = 16 * nodes
    origins, destinations = np.divmod(random.choice(nodes * nodes, known, replace=False), nodes)
    costs = random.random(known, dtype=np.float32)
    zoned = netcore.CostMatrix.from_zones(
        of_nodes, between, origins=origins, destinations=destinations, costs=costs
    )
    cells = between[of_nodes][:, of_nodes]
    cells[origins, destinations] = costs
    dense = netcore.CostMatrix(cells)
    del cells
    batch = Batch(pods, nodes)
    score_zoned, score_dense = batch.one_after_another(zoned), batch.one_after_another(dense)
    by_zones, by_cells = in_turns(score_zoned, score_dense, rounds=pods - 20, warmups=20)
    report.row(
        "all pairs from Python: one pod by 64 zones and 16 measured links a node, 15,000 nodes",
        by_zones.median_s * 1e6,
        "µs",
        reference="the same from a dense matrix",
        reference_value=by_cells.median_s * 1e6,
    )
    report.row(
        "all pairs: memory by 64 zones and 16 measured links a node, 15,000 nodes",
        zoned.nbytes / 1e6,
        "MB",
        reference="the same as a dense matrix",
        reference_value=dense.nbytes / 1e6,
    )
