"""What a caller can do to a cluster, its profiles, applications and topology.

A surface draws its arguments from a `Source` and may use and change a `World`; each says of its
call, as far as it can know, whether it must fail, and what would be wrong in its answer. A new part
of the engine gets such functions in a file of its own, and a line in `run`.
"""

import json
import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import DOCUMENTS, NODES, NOW, PENDING, PROFILE, World, wrong_in_plan

KINDS = tuple(DOCUMENTS)
# Of the years 1 and 9999.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
ORDERS = ("TrafficSort", "KahnSort", "TarjanSort", "ReverseKahn", "AlternateTarjan")


def parsed(document: bytes) -> Any:
    """The document as Python reads it; None where it cannot tell for lack of depth or text."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        return json.loads(document.decode(), parse_constant=refuse)
    except (RecursionError, UnicodeDecodeError):
        return None
    except ValueError:
        return ValueError


def wrong_in_document(document: bytes) -> str | None:
    found = parsed(document)
    if found is None or isinstance(found, dict):
        return None
    return "accepted, though no JSON object"


def is_unix_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and FIRST_SECOND <= value <= LAST_SECOND


@surface(30)
def apply(source: Source, world: World) -> Case:
    kind = source.one_of(KINDS)
    document = source.document(DOCUMENTS[kind])

    def wrong(summary: netcore.PodSummary | None) -> str | None:
        if (summary is None) != (kind != "Pod"):
            return f"{summary!r} for a {kind}"
        found = parsed(document)
        if isinstance(found, dict):
            name = found["metadata"]["name"]
            if kind == "Node" and name not in world.state.nodes:
                return f"node {name!r} is not there"
            if summary and not summary.key.endswith(f"/{name}"):
                return f"{summary.key!r} is the key of {name!r}"
        if summary and not math.isfinite(summary.created_at):
            return f"created at {summary.created_at}"
        return wrong_in_document(document)

    return Case(call=world.state.apply, arguments=(kind, document), wrong=wrong)


@surface(3)
def apply_anything(source: Source, world: World) -> Case:
    kind, document = source.anything(), source.anything()
    # Objects of other kinds are left alone, whatever they are.
    fails = None if isinstance(kind, str) and isinstance(document, bytes) else True
    return Case(call=world.state.apply, arguments=(kind, document), fails=fails)


@surface(3)
def delete(source: Source, world: World) -> Case:
    kind = source.one_of((*KINDS, source.text()))
    namespace = source.one_of(("ns", "", source.text()))
    name = source.one_of(("n5", "p3", "g", "nothing", source.text()))
    before = world.state.counts().get(kind, 0)

    def wrong(existed: bool) -> str | None:
        gone = before - world.state.counts().get(kind, 0)
        return None if gone == existed else f"{existed}, but {gone} of {kind} went"

    return Case(call=world.state.delete, arguments=(kind, namespace, name), wrong=wrong)


@surface(2)
def look_up(source: Source, world: World) -> Case:
    key = source.one_of((source.anything(), source.text(), "ns/p0"))

    def wrong(summary: netcore.PodSummary | None) -> str | None:
        return None if summary is None or summary.key == key else f"{summary.key!r}"

    return Case(call=world.state.pod, arguments=(key,), wrong=wrong)


@surface(2)
def set_time(source: Source, world: World) -> Case:
    now = source.one_of((source.number(), source.integer(), source.stranger(), NOW + 9, NOW))
    return Case(call=world.state.set_time, arguments=(now,), fails=not is_unix_seconds(now))


@surface(4)
def assume(source: Source, world: World) -> Case:
    pod = source.one_of((*PENDING, "ns/b0", source.text(), source.anything()))
    node = source.one_of((*NODES, source.text(), source.anything()))

    def wrong(_: None) -> str | None:
        found = world.state.pod(pod)
        is_there = found is not None and found.node_name == node and found.is_assumed
        return None if is_there and node in world.state.nodes else f"{found!r} is not on {node!r}"

    return Case(call=world.state.assume, arguments=(pod, node), wrong=wrong)


@surface(3)
def forget(source: Source, world: World) -> Case:
    pod = source.one_of((*PENDING, "ns/b0", source.text(), source.anything()))

    def wrong(_: None) -> str | None:
        found = world.state.pod(pod)
        return f"{pod!r} is still assumed" if found and found.is_assumed else None

    fails = None if isinstance(pod, str) else True
    return Case(call=world.state.forget, arguments=(pod,), fails=fails, wrong=wrong)


@surface(5)
def sort(source: Source, world: World) -> Case:
    pods, _ = source.sequence(PENDING)
    times = [NOW] * (len(pods) if isinstance(pods, list | tuple) else 4)
    fails = None
    if source.happens(0.5) and times:
        at = int(source.random.random() * len(times))
        times[at] = source.one_of((source.number(), source.anything()))
        is_time = isinstance(times[at], int | float) and abs(times[at]) < math.inf
        fails = None if is_time else True
    if source.happens(0.1):
        times, fails = source.one_of((times[1:], [*times, NOW], source.stranger())), True

    def wrong(answer: list[str]) -> str | None:
        return None if sorted(answer) == sorted(pods) else f"{answer} of {pods}"

    arguments = (world.profile, pods, times)
    return Case(call=world.state.sort, arguments=arguments, fails=fails, wrong=wrong)


@surface(5)
def plan(source: Source, world: World) -> Case:
    pods, _ = source.sequence(PENDING)
    options: dict[str, Any] = {"commit": source.happens(0.3)}
    fails = None
    if source.happens(0.4):
        options["seed"] = source.one_of((source.integer(), source.integer(), source.anything()))
        is_seed = isinstance(options["seed"], int) and 0 <= options["seed"] < 2**64
        fails = None if is_seed else True
    if source.happens(0.4):
        options["detail"] = source.one_of(("full", "full", source.text(), source.anything()))
        fails = fails or (None if options["detail"] in ("full", "summary") else True)
    if source.happens(0.05):
        options["commit"] = source.stranger()
    detail = options.get("detail", "summary")
    return Case(
        call=world.state.plan,
        arguments=(world.profile, pods),
        named=options,
        fails=fails,
        wrong=lambda plan: wrong_in_plan(world.state, plan, detail),
    )


@surface(8)
def profile(source: Source, world: World) -> Case:
    config = source.document(PROFILE) if source.happens(0.95) else source.anything()

    def wrong(profile: netcore.Profile) -> str | None:
        made = world.state.plan(profile, ["ns/alone"], detail="full", commit=False)
        return wrong_in_document(config) or wrong_in_plan(world.state, made, "full")

    fails = None if isinstance(config, bytes) else True
    return Case(call=netcore.Profile, arguments=(config,), fails=fails, wrong=wrong)


@surface(8)
def app_graph(source: Source, _: World) -> Case:
    document = source.document(DOCUMENTS["AppGroup"])

    def wrong(graph: netcore.AppGraph) -> str | None:
        names = sorted(graph.workloads)
        if len(set(names)) != len(names) or not set(graph.cycle()) <= set(names):
            return f"workloads {names}, cycle {graph.cycle()}"
        for algorithm in ("TrafficSort",) if graph.cycle() else ORDERS:
            if sorted(graph.order(algorithm)) != names:
                return f"{algorithm} gives {graph.order(algorithm)} of {names}"
        return wrong_in_document(document)

    return Case(call=netcore.AppGraph.from_app_group, arguments=(document,), wrong=wrong)


@surface(1)
def order(source: Source, world: World) -> Case:
    algorithm = source.one_of((*ORDERS, source.text(), source.anything()))
    fails = None if isinstance(algorithm, str) and algorithm.endswith("Sort") else True
    fails = None if algorithm in list(ORDERS) else fails
    return Case(call=world.graph.order, arguments=(algorithm,), fails=fails)


PLANES = {
    "rtt_ms": ("f4", math.inf),
    "jitter_ms": ("f4", math.inf),
    "loss": ("f4", 1.0),
    "bandwidth_bps": ("f8", math.inf),
    "age_s": ("f4", math.inf),
}


@surface(12)
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
        for policy in ("slo", "linear"):
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
    arguments = (names, planes["rtt_ms"])
    return Case(call=netcore.Topology, arguments=arguments, named=others, fails=fails, wrong=wrong)


@surface(6)
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


@surface(1)
def policy(source: Source, world: World) -> Case:
    choice = source.one_of((source.text(), source.anything()))
    known = isinstance(choice, str) and choice in {"slo", "linear", "time"}
    return Case(call=world.topology.cost, arguments=(choice,), fails=None if known else True)


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
    way = int(source.random.random() * 6)
    if way == 0:
        return source.anything(), False
    if way == 1:
        return good.astype(source.one_of(("f8", "i4", "u1", "O", "U3"))), False
    if way == 2:
        return np.broadcast_to(np.zeros(1, good.dtype), (1 << 20, 1 << 20)), None
    if way == 3:
        shape = source.one_of(((), (0,), (3,), (0, 0), (1, 1), (7, 3), (2, 2, 2), (3000, 1)))
        return np.zeros(shape, good.dtype), None
    good = good.copy()
    for number in source.random.sample((-1, -2, 0, 1, 3, 9, 2**31, 2**62, -(2**63), 2**63 - 1), 3):
        good.flat[int(source.random.random() * good.size)] = number
    return good, True


def bounded(budget: Any) -> Any:
    """A budget that can be had is no fault: it is cut, or the search would use it."""
    is_large = isinstance(budget, int | float) and 1000 < budget < 2**64
    return 1000 if is_large else budget


@surface(12)
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
        nodes = made.nodes()
        if nodes.dtype != np.int64 or not ((nodes >= -1) & (nodes < 3)).all():
            return f"nodes {nodes}"
        if not 0 <= made.cost < math.inf or made.greedy_unplaced < len(made.unplaced()):
            return f"{made!r} with {made.unplaced()}"
        given = (it for it in arrays.values() if it is not None)
        floats = [it for it in given if it.dtype.kind == "f"]
        return "NaN is no cost" if any(np.isnan(it).any() for it in floats) else None

    return Case(call=netcore.place_group, named={**arrays, **budget}, fails=fails, wrong=wrong)


@surface(3)
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
        return wrong_in_plan(world.state, made.plan, str(detail))

    arguments = (world.profile, pods)
    named = {"commit": source.happens(0.3), **budget}
    return Case(call=world.state.plan_group, arguments=arguments, named=named, wrong=wrong)
