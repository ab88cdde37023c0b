"""What a caller can do to a matrix of costs, and with it."""

import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import World


@surface(6)
def cost_matrix(source: Source, _: World) -> Case:
    size = source.one_of((1, 2, 3))
    costs, good = source.array((size, size), "f4")
    options: dict[str, Any] = {"unknown": 0.5}
    # Any square is a matrix, also of another size than was meant.
    is_other = isinstance(costs, np.ndarray) and costs.dtype == "f4" and costs.ndim == 2
    fails = None if is_other else True
    if good:
        fails = False
    if source.happens(0.3):
        option = source.one_of(("zones", "storage", "unknown", "tolerance", "largest_cost"))
        fails = fails or None
        options[option] = source.one_of((source.number(), source.text(), source.anything()))
        if option == "zones":
            options[option] = integers(source, np.arange(size))

    def wrong(made: netcore.CostMatrix) -> str | None:
        nodes = range(min(3, made.nodes))
        links = [made.link(origin, other) for origin in nodes for other in nodes]
        sound = made.nodes == len(costs) and all(0 <= cost < math.inf for cost in links)
        return None if sound else f"{made.nodes} nodes, costs {links}"

    return Case(
        call=netcore.CostMatrix, arguments=(costs,), named=options, fails=fails, wrong=wrong
    )


def integers(source: Source, valid: np.ndarray) -> Any:
    """What should be an array of integers or of bool, and mostly is not the one that is meant."""
    return source.one_of(
        (
            valid[::-1],
            valid[:-1],
            valid.astype(float),
            valid.astype(object),
            valid.astype(">i4"),
            valid[None],
            np.zeros(valid.shape, valid.dtype),
            np.full(valid.shape, source.one_of((-1, 3, 2**31 - 1, -(2**31)))),
            np.broadcast_to(valid[:1], (1 << 20, *valid.shape[1:])),
            np.frombuffer(b"\7" * valid.nbytes, valid.dtype).reshape(valid.shape),
            source.anything(),
        )
    )


MATRIX = netcore.CostMatrix(np.arange(9, dtype="f4").reshape(3, 3))


@surface(6)
def score_batch(source: Source, _: World) -> Case:
    batch: dict[str, Any] = {
        "indptr": np.array([0, 2, 3]),
        "peers": np.array([0, 2, 1], "i4"),
        "weight_to": np.ones(3, "f4"),
        "weight_from": np.ones(3, "f4"),
        "feasible": np.ones((2, 3), bool),
    }
    argument = source.one_of((*batch, "best", "threads"))
    if argument in batch:
        valid = batch[argument]
        is_float = valid.dtype.kind == "f"
        batch[argument] = source.array((3,), "f4")[0] if is_float else integers(source, valid)
    else:
        batch[argument] = source.one_of((source.integer(), source.anything()))

    def wrong(scores: netcore.Scores) -> str | None:
        is_missing = scores.best_nodes == -1
        in_range = is_missing | (scores.best_nodes >= 0) & (scores.best_nodes < 3)
        sound = in_range.all() and (np.isinf(scores.best_scores) == is_missing).all()
        return None if sound and (scores.best_scores >= 0).all() else f"{scores.best_nodes}"

    return Case(call=MATRIX.score, named=batch, wrong=wrong)


@surface(2)
def set_link(source: Source, _: World) -> Case:
    costs = netcore.CostMatrix(np.ones((3, 3), "f4"))
    ends = [source.one_of((0, 2, source.integer(), source.anything())) for _ in range(2)]
    cost = source.one_of((source.number(), source.anything()))
    is_cost = isinstance(cost, int | float) and 0 <= cost <= 3.4e38

    def wrong(_: None) -> str | None:
        is_set = costs.link(*ends) == np.float32(cost)
        return None if is_set else f"{costs.link(*ends)}"

    arguments = (*ends, cost)
    return Case(
        call=costs.set_link, arguments=arguments, fails=None if is_cost else True, wrong=wrong
    )
