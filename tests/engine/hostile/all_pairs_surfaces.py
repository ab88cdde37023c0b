"""What a caller can do to cost matrices and their scores."""

import itertools
import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import NODES, World

STORAGES = ("auto", "f32", "u16", "zones")


@surface("CostMatrix", weight=2)
def cost_matrix(source: Source, _: World) -> Case:
    size = source.one_of((1, 2, 5))
    costs, good = source.array((size, size), "f4")
    options: dict[str, Any] = {}
    # A square of any size is one.
    is_square = isinstance(costs, np.ndarray) and costs.ndim == 2 and len(set(costs.shape)) == 1
    fails = True if good is False and not (is_square and costs.shape != (size, size)) else None
    if source.happens(0.4):
        options["storage"] = source.one_of((*STORAGES, source.text(), source.anything()))
        if not (isinstance(options["storage"], str) and options["storage"] in STORAGES):
            fails = True
    if source.happens(0.3):
        options["zones"], good_zones = source.indices(size, 3)
        if not good_zones and options["zones"] is not None:
            fails = None if isinstance(options["zones"], np.ndarray) else True
    for name in ("unknown", "tolerance", "largest_cost"):
        if source.happens(0.2):
            options[name] = source.one_of((source.number(), source.anything(), 0.5))
            if isinstance(options[name], float) and not 0 <= options[name] < math.inf:
                fails = True

    def wrong(made: netcore.CostMatrix) -> str | None:
        given = np.asarray(costs)
        if made.nodes != len(given):
            return f"{made.nodes} nodes of {len(given)}"
        for origin in range(len(given)):
            for destination in range(len(given)):
                link = made.link(origin, destination)
                if not (math.isfinite(link) and link >= 0):
                    return f"link {origin} → {destination} costs {link}"
                cost = math.nan if origin == destination else given[origin, destination]
                if made.storage == "f32" and not math.isnan(cost) and link != cost:
                    return f"link {origin} → {destination} costs {link}, given {cost}"
        return None

    return Case(
        call=netcore.CostMatrix, arguments=(costs,), named=options, fails=fails, wrong=wrong
    )


def good_weights(given: np.ndarray) -> bool:
    return given.dtype.kind == "f" and bool((np.isfinite(given) & (given >= 0)).all())


@surface("CostMatrix.score", weight=4)
def score(source: Source, world: World) -> Case:
    matrix = world.costs[source.one_of(sorted(world.costs))]
    pods, entries, size = 3, 5, matrix.nodes
    indptr: Any = np.array([0, 2, 2, entries], "i8")
    indptr, good = (indptr, True) if source.happens(0.6) else source.indices(pods + 1, entries + 1)
    # Drawn at random, it may or may not be one.
    fails = None if good else True
    peers, good = source.indices(entries, size)
    fails = fails if good else True
    named: dict[str, Any] = {"matrix": True, "best": 3}
    for name in ("weight_to", "weight_from"):
        if source.happens(0.6):
            named[name], _ = source.array((entries,), source.one_of(("f4", "f8")))
            given = named[name]
            if not isinstance(given, np.ndarray):
                fails = fails if given is None else True
            elif given.shape != (entries,) or not good_weights(given):
                fails = True
    if source.happens(0.3):
        good_mask = np.array([source.happens(0.6) for _ in range(size)])
        named["feasible"] = source.one_of(
            (
                good_mask,
                np.tile(good_mask, (pods, 1)),
                good_mask[:-1],
                good_mask.astype("u1"),
                source.stranger(),
                [True],
            )
        )
    if source.happens(0.2):
        named["best"] = source.one_of((source.integer(), 0, size, source.anything()))
    if source.happens(0.2):
        named["threads"] = source.one_of((1, 2, source.integer(), source.anything()))

    def wrong(scores: netcore.Scores) -> str | None:
        return wrong_in_scores_of(scores, matrix, indptr, peers, named)

    return Case(call=matrix.score, arguments=(indptr, peers), named=named, fails=fails, wrong=wrong)


def wrong_in_scores_of(
    scores: netcore.Scores,
    matrix: netcore.CostMatrix,
    indptr: np.ndarray,
    peers: np.ndarray,
    named: dict[str, Any],
) -> str | None:
    """What differs from the sums worked out here, one link at a time."""
    size, pods = matrix.nodes, len(indptr) - 1
    weights = [
        np.zeros(len(peers)) if named.get(name) is None else named[name].astype("f8")
        for name in ("weight_to", "weight_from")
    ]
    costs = np.array([[matrix.link(a, b) for b in range(size)] for a in range(size)])
    expected = np.zeros((pods, size))
    for pod in range(pods):
        for entry in range(int(indptr[pod]), int(indptr[pod + 1])):
            peer = int(peers[entry])
            expected[pod] += weights[0][entry] * costs[:, peer]
            expected[pod] += weights[1][entry] * costs[peer, :]
    mask = named.get("feasible")
    mask = np.ones((pods, size), bool) if mask is None else np.broadcast_to(mask, (pods, size))
    expected[~mask] = np.inf
    found = scores.matrix
    if found is None or np.isnan(found).any():
        return f"scores {found}"
    largest = expected[mask].max(initial=0)
    # Below the normal numbers each product is rounded to a step of the least of all; in u16, before
    # it is taken up to 65,535 times.
    steps = 65_535.0 * np.finfo("f4").smallest_subnormal * 2 * len(peers)
    near = {"rtol": 1e-4, "atol": 1e-5 * largest + steps}
    if largest < 1e30 and not np.allclose(found, expected, **near):
        return f"scores {found}, expected {expected}"
    for pod in range(pods):
        nodes, best = scores.best_nodes[pod], scores.best_scores[pod]
        there = nodes >= 0
        if (
            there.sum() != min(len(nodes), mask[pod].sum())
            and np.isfinite(found[pod][mask[pod]]).all()
        ):
            return f"best nodes {nodes} of {mask[pod].sum()} feasible"
        if not mask[pod][nodes[there]].all() or (np.diff(best[there]) < 0).any():
            return f"best nodes {nodes} with {best}, feasible {mask[pod]}"
        if (found[pod][nodes[there]] != best[there]).any():
            return f"best nodes {nodes} with {best} of {found[pod]}"
    return None


@surface("CostMatrix.set_link")
def set_link(source: Source, world: World) -> Case:
    matrix = world.costs[source.one_of(sorted(world.costs))]
    ends = [source.one_of((0, 1, matrix.nodes - 1, source.integer())) for _ in range(2)]
    if source.happens(0.1):
        ends[0] = source.anything()
    cost = source.one_of((0.5, source.number(), source.anything()))
    fails = None
    if any(not isinstance(end, int) or not 0 <= end < matrix.nodes for end in ends):
        fails = True
    if not isinstance(cost, int | float) or not 0 <= cost < math.inf:
        fails = True
    kept = matrix.storage != "u16"

    named = {"both_directions": source.happens(0.5)} if source.happens(0.5) else {}
    if source.happens(0.1):
        named["both_directions"] = source.one_of((None, "", 1, source.stranger()))
    ways = [ends, ends[::-1]] if named.get("both_directions") else [ends]

    def wrong(_: None) -> str | None:
        for way in ways:
            link = matrix.link(*way)
            off = abs(link - cost) > abs(cost) * 1e-6 + 1e-40 if kept else not math.isfinite(link)
            if off and ends[0] != ends[1]:
                return f"the link {way} costs {link}"
        return None

    return Case(
        call=matrix.set_link, arguments=(*ends, cost), named=named, fails=fails, wrong=wrong
    )


@surface("CostMatrix.link")
def link(source: Source, world: World) -> Case:
    matrix = world.costs[source.one_of(sorted(world.costs))]
    ends = [source.one_of((0, 1, source.integer(), source.anything())) for _ in range(2)]
    good = all(isinstance(end, int) and 0 <= end < matrix.nodes for end in ends)

    def wrong(cost: float) -> str | None:
        return None if math.isfinite(cost) and cost >= 0 else f"{cost}"

    return Case(call=matrix.link, arguments=tuple(ends), fails=not good, wrong=wrong)


@surface("CostMatrix.from_zones", weight=2)
def cost_matrix_of_zones(source: Source, _: World) -> Case:
    size, zones, links = 5, 2, 2
    arrays = [
        source.indices(size, zones),
        source.array((zones, zones), "f4"),
        source.indices(links, size),
        source.indices(links, size),
        source.array((links,), "f4"),
    ]
    # All but one as they should be, or nothing would get past the first.
    spoilt = int(source.random.random() * len(arrays))
    good = [
        np.arange(size) % zones,
        np.array([[0, 3], [4, 1]], "f4"),
        np.array([0, 1]),
        np.array([3, 4]),
        np.array([7, 8], "f4"),
    ]
    good[spoilt], is_good = arrays[spoilt]
    optional = good[spoilt] is None and spoilt >= 2
    # Any number of nodes may have zones, and a zone alone one cost.
    is_array = isinstance(good[spoilt], np.ndarray) and spoilt < 2
    fails = True if is_good is False and not optional and not is_array else None
    names = ("origins", "destinations", "costs")
    named = dict(zip(names, good[2:], strict=True))
    if source.happens(0.2):
        del named[source.one_of(names)]

    def wrong(made: netcore.CostMatrix) -> str | None:
        links = dict.fromkeys(names, ()) | {
            name: array.tolist() for name, array in named.items() if array is not None
        }
        ends = zip(links["origins"], links["destinations"], strict=True)
        expected = dict(zip(ends, links["costs"], strict=True))
        some = range(min(made.nodes, size))
        for way in itertools.product(some, repeat=2):
            by_zone = good[1][tuple(int(good[0][end]) for end in way)]
            cost = expected.get(way, float(by_zone))
            if made.link(*way) != cost:
                return f"the link {way} costs {made.link(*way)}, given {cost}"
        return None

    return Case(
        call=netcore.CostMatrix.from_zones,
        arguments=(good[0], good[1]),
        named=named,
        fails=fails,
        wrong=wrong,
    )


@surface("CostMatrix.from_topology", weight=2)
def cost_matrix_of_topology(source: Source, world: World) -> Case:
    topology = source.one_of((world.topology, world.sparse, source.anything()))
    named: dict[str, Any] = {}
    fails = None if isinstance(topology, netcore.Topology) else True
    if source.happens(0.4):
        named["policy"] = source.one_of(("slo", "time", "linear", source.text(), source.stranger()))
        fails = fails if named["policy"] in ("slo", "time", "linear") else True
    if source.happens(0.4):
        named["storage"] = source.one_of((*STORAGES, source.text(), source.stranger()))
        fails = fails if named["storage"] in STORAGES else True
    if source.happens(0.4):
        named["zones"], _ = source.indices(len(NODES), 3)
    for name in ("unknown", "tolerance"):
        if source.happens(0.3):
            named[name] = source.one_of((source.number(), source.anything(), 0.5))
            if isinstance(named[name], float) and not 0 <= named[name] < math.inf:
                fails = True

    def wrong(made: netcore.CostMatrix) -> str | None:
        given = topology.cost(named.get("policy", "slo"))
        for way in itertools.product(range(made.nodes), repeat=2):
            link, cost = made.link(*way), float(given[way])
            if not 0 <= link < math.inf:
                return f"the link {way} costs {link}"
            if made.storage == "f32" and not math.isnan(cost) and link != cost:
                return f"the link {way} costs {link}, given {cost}"
        return None

    return Case(
        call=netcore.CostMatrix.from_topology,
        arguments=(topology,),
        named=named,
        fails=fails,
        wrong=wrong,
    )
