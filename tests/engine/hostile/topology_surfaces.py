"""What a caller can do to a topology: make it, fill its gaps, ask what its links cost."""

import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.cluster_surfaces import is_unix_seconds, storage
from engine.hostile.estimate_surfaces import wrong_in_estimate
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import DOCUMENTS, NODES, NOW, World

POLICIES = ("slo", "linear", "time")
# As `Topology.source` tells it.
ESTIMATED = 2
PLANES = {
    "rtt_ms": ("f4", math.inf),
    "jitter_ms": ("f4", math.inf),
    "loss": ("f4", 1.0),
    "bandwidth_bps": ("f8", math.inf),
    "age_s": ("f4", math.inf),
}


@surface("Topology", weight=2)
def topology(source: Source, _: World) -> Case:
    size = source.one_of((1, 2, 3))
    names, good_names = NODES[:size], True
    if source.happens(0.2):
        names, good_names = source.sequence(names)
        # Unknown names are as good as any here.
        good_names = good_names or None
    one_of_many = source.one_of(list(PLANES))
    planes: dict[str, Any] = {"rtt_ms": np.full((size, size), 2, "f4")}
    dtype, high = PLANES[one_of_many]
    planes[one_of_many], good_array = source.array((size, size), dtype, high=high)
    if one_of_many != "rtt_ms" and planes[one_of_many] is None:
        good_array = True
    fails = None
    if good_array is False:
        fails = True
    elif good_array and good_names:
        fails = False

    def wrong(made: netcore.Topology) -> str | None:
        for policy in POLICIES:
            cost = made.cost(policy)
            known = cost[~np.isnan(cost)]
            if cost.shape != (size, size) or not ((known >= 0) & (known <= 1)).all():
                return f"costs {cost}"
        given = np.asarray(planes["rtt_ms"])
        there = made.rtt_ms()
        off_diagonal = ~np.eye(size, dtype=bool) & ~np.isnan(given)
        same = there[off_diagonal] == given[off_diagonal]
        return None if same.all() else f"round-trip times {there}"

    others = {name: plane for name, plane in planes.items() if name != "rtt_ms"}
    if source.happens(0.1):
        others["storage"], good_storage = storage(source)
        fails = fails if good_storage else True
    arguments = (names, planes["rtt_ms"])
    return Case(call=netcore.Topology, arguments=arguments, named=others, fails=fails, wrong=wrong)


@surface("Topology.from_node_networks", weight=2)
def reported_topology(source: Source, _: World) -> Case:
    names = NODES[:3]
    document = source.document(DOCUMENTS["NodeNetwork"])
    reports = source.one_of(([document], [document], [document] * 2, source.stranger()))
    now = source.one_of((NOW, NOW, source.number(), source.anything()))
    fails = None if is_unix_seconds(now) else True

    def wrong(made: netcore.Topology) -> str | None:
        rtt_ms = made.rtt_ms()
        known = rtt_ms[~np.isnan(rtt_ms)]
        return None if (known >= 0).all() and np.isfinite(known).all() else f"{rtt_ms}"

    return Case(
        call=netcore.Topology.from_node_networks,
        arguments=(names, reports),
        named={"now": now},
        fails=fails,
        wrong=wrong,
    )


@surface("Topology.cost")
def policy(source: Source, world: World) -> Case:
    choice = source.one_of((source.text(), source.anything()))
    known = isinstance(choice, str) and choice in POLICIES

    def wrong(costs: np.ndarray) -> str | None:
        return None if not costs.diagonal().any() and (costs <= 1).all() else f"costs {costs}"

    return Case(call=world.topology.cost, arguments=(choice,), fails=not known, wrong=wrong)


def seed(source: Source) -> tuple[Any, bool]:
    """What should be a seed, and whether it is one."""
    given = source.one_of((source.integer(), source.integer(), source.anything()))
    return given, isinstance(given, int) and 0 <= given < 2**64


@surface("Topology.estimate")
def estimate_of_topology(source: Source, world: World) -> Case:
    previous = source.one_of((None, world.estimate, world.estimate, source.anything()))
    number, good = seed(source)
    is_one = previous is None or isinstance(previous, netcore.Estimate)
    rtt_ms = world.sparse.rtt_ms()

    def wrong(fit: netcore.Estimate) -> str | None:
        return wrong_in_estimate(fit, rtt_ms)

    return Case(
        call=world.sparse.estimate,
        arguments=(previous,),
        named={"seed": number},
        fails=not (is_one and good),
        wrong=wrong,
    )


@surface("Topology.estimated")
def estimated_topology(source: Source, world: World) -> Case:
    estimate = source.one_of((None, world.estimate, world.estimate, source.anything()))
    number, good = seed(source)
    is_one = estimate is None or isinstance(estimate, netcore.Estimate)
    before, sources = world.sparse.rtt_ms(), world.sparse.source()

    def wrong(made: netcore.Topology) -> str | None:
        after, told = made.rtt_ms(), made.source()
        known = ~np.isnan(before)
        is_kept = (after[known] == before[known]).all() and (told[known] == sources[known]).all()
        filled = ~known & ~np.isnan(after)
        is_marked = (told[filled] == ESTIMATED).all() and (after[filled] > 0).all()
        return None if is_kept and is_marked else f"{after} of {told}"

    return Case(
        call=world.sparse.estimated,
        arguments=(estimate,),
        named={"seed": number},
        fails=not (is_one and good),
        wrong=wrong,
    )
