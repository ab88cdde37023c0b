"""What a caller can do to the placement of whole applications, in a cluster and on arrays."""

import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source, packed
from engine.hostile.world import PENDING, World, wrong_in_plan
from engine.placements import objective, violations


def group_arrays() -> dict[str, Any]:
    """Four pods in a row on three nodes."""
    return {
        "costs": np.array([[0, 1, 9], [1, 0, 9], [9, 9, 0]], "f4"),
        "capacities": np.full((3, 2), 4, "i8"),
        "requests": np.ones((4, 2), "i8"),
        "edges": np.array([[0, 1], [1, 2], [2, 3]], "i8"),
        "weights": np.array([1.0, 2.0, 3.0]),
        "max_costs": np.full(3, 20, "f4"),
        "allowed": np.ones((4, 3), dtype=bool),
        "extra_costs": np.zeros((4, 3), "f4"),
        "fixed": np.array([-1, -1, -1, 2], "i8"),
    }


def whole_numbers(source: Source, good: Any) -> tuple[Any, bool | None]:
    """As `Source.array`, for integers and booleans: what is given, and whether it is an array."""
    way = int(source.random.random() * 8)
    if way == 6:
        return packed(good), True
    if way == 7:
        return np.asfortranarray(good), True
    if way == 0:
        return source.anything(), False
    if way == 1:
        return good.astype(source.one_of(("f8", "i4", "u1", "O", "U3"))), False
    if way == 2:
        return np.broadcast_to(np.zeros(1, good.dtype), (1 << 20, 1 << 20)), False
    if way == 3:
        shape = source.one_of(((), (0,), (3,), (0, 0), (1, 1), (7, 3), (2, 2, 2), (3000, 1)))
        return np.zeros(shape, good.dtype), None
    good = good.copy()
    for number in source.random.sample((-1, -2, 0, 1, 3, 9, 2**31, 2**62, -(2**63), 2**63 - 1), 3):
        good.flat[int(source.random.random() * good.size)] = number
    return good, True


def neutral(given: dict[str, Any]) -> dict[str, Any]:
    """What stands for the arrays that may be left out."""
    shape = (len(given["requests"]), len(given["costs"]))
    return {
        "max_costs": np.full(len(given["edges"]), np.inf),
        "allowed": np.ones(shape, dtype=bool),
        "extra_costs": np.zeros(shape),
        "fixed": np.full(shape[0], -1),
    }


def wrong_in_placement(problem: dict[str, Any], made: netcore.GroupPlacement) -> str | None:
    """What an independent judge has against a placement."""
    nodes, pods = made.nodes(), len(problem["requests"])
    if nodes.shape != (pods,) or not ((nodes >= -1) & (nodes < len(problem["costs"]))).all():
        return f"nodes {nodes}"
    if broken := violations(problem, nodes):
        return f"nodes {nodes} break {broken}"
    cost = objective(problem, nodes)
    if not math.isclose(made.cost, cost, rel_tol=1e-4, abs_tol=1e-30):
        return f"nodes {nodes} cost {cost}, told {made.cost}"
    left_out = len(made.unplaced())
    if left_out != (nodes < 0).sum() or left_out > made.greedy_unplaced:
        return f"nodes {nodes}, {made.unplaced()}, greedy {made.greedy_unplaced}"
    if left_out == made.greedy_unplaced and made.cost > made.greedy_cost * (1 + 1e-6):
        return f"{made!r} is worse than greedy"
    return None


def bounded(budget: Any) -> Any:
    """A budget that can be had is no fault: it is cut, or the search would use it."""
    is_large = isinstance(budget, int | float) and 1000 < budget < 2**64
    return 1000 if is_large else budget


@surface("place_group", weight=4)
def place_group(source: Source, _: World) -> Case:
    arrays = group_arrays()
    name = source.one_of(list(arrays))
    if arrays[name].dtype.kind == "f":
        # What is out of range is not the same for each of them: the answer is looked at instead.
        arrays[name], _ = source.array(arrays[name].shape, arrays[name].dtype.str[1:])
        is_array = None
    else:
        arrays[name], is_array = whole_numbers(source, arrays[name])
    if arrays[name] is None:
        is_array = None
    budget = {"deadline_ms": None, "max_steps": 500, "seed": 3}
    fails = None if is_array is not False else True
    if source.happens(0.2):
        option = source.one_of(list(budget))
        budget[option] = bounded(
            source.one_of((source.number(), source.integer(), source.anything()))
        )
        fails = None

    def wrong(made: netcore.GroupPlacement) -> str | None:
        given = {name: array for name, array in arrays.items() if array is not None}
        if any(np.isnan(it).any() for it in given.values() if it.dtype.kind == "f"):
            return "NaN is no cost"
        return wrong_in_placement({**neutral(given), **given}, made)

    return Case(call=netcore.place_group, named={**arrays, **budget}, fails=fails, wrong=wrong)


@surface("ClusterState.plan_group", weight=2)
def plan_group(source: Source, world: World) -> Case:
    pods, _ = source.sequence(PENDING)
    budget = {"deadline_ms": None, "max_steps": 200}
    if source.happens(0.4):
        option = source.one_of([*budget, "seed", "detail", "commit"])
        budget[option] = bounded(
            source.one_of((source.number(), source.integer(), source.anything()))
        )

    def wrong(made: netcore.GroupPlan) -> str | None:
        if made.objective > made.greedy_objective and made.unplaced == made.greedy_unplaced:
            return f"{made!r} is worse than greedy"
        detail = budget.get("detail", "summary")
        return wrong_in_plan(world.state, made.plan, str(detail), is_group=True)

    arguments = (world.profile, pods)
    named = {"commit": source.happens(0.3), **budget}
    return Case(call=world.state.plan_group, arguments=arguments, named=named, wrong=wrong)
