"""What a caller can do to a cluster, its profiles and applications.

A surface draws its arguments from a `Source` and may use and change a `World`; each says of its
call, as far as it can know, whether it must fail, and what would be wrong in its answer. A new part
of the engine gets such functions in a file of its own, and a line in `run`.
"""

import json
import math
from typing import Any

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import (
    DOCUMENTS,
    NODES,
    NOW,
    PENDING,
    PROFILE,
    World,
    wrong_in_plan,
    wrong_in_state,
)

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


STORAGES = ("auto", "dense", "sparse")


def storage(source: Source) -> tuple[Any, bool]:
    """What should be a storage of links, and whether it is one."""
    choice = source.one_of((*STORAGES, source.text(), source.anything()))
    return choice, isinstance(choice, str) and choice in STORAGES


@surface("ClusterState")
def cluster_state(source: Source, _: World) -> Case:
    choice, good = storage(source)

    def wrong(made: netcore.ClusterState) -> str | None:
        return wrong_in_state(made) or (f"nodes {made.nodes}" if made.nodes else None)

    return Case(call=netcore.ClusterState, named={"storage": choice}, fails=not good, wrong=wrong)


@surface("ClusterState.apply", weight=len(KINDS))
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


@surface("ClusterState.apply")
def apply_anything(source: Source, world: World) -> Case:
    kind, document = source.anything(), source.anything()
    # Objects of other kinds are left alone, whatever they are.
    fails = None if isinstance(kind, str) and isinstance(document, bytes) else True
    return Case(call=world.state.apply, arguments=(kind, document), fails=fails)


@surface("ClusterState.delete")
def delete(source: Source, world: World) -> Case:
    kind = source.one_of((*KINDS, source.text()))
    namespace = source.one_of(("ns", "", source.text()))
    name = source.one_of(("n5", "p3", "g", "nothing", source.text()))
    before = world.state.counts().get(kind, 0)

    def wrong(existed: bool) -> str | None:
        gone = before - world.state.counts().get(kind, 0)
        return None if gone == existed else f"{existed}, but {gone} of {kind} went"

    return Case(call=world.state.delete, arguments=(kind, namespace, name), wrong=wrong)


@surface("ClusterState.pod")
def look_up(source: Source, world: World) -> Case:
    key = source.one_of((source.anything(), source.text(), "ns/p0"))

    def wrong(summary: netcore.PodSummary | None) -> str | None:
        return None if summary is None or summary.key == key else f"{summary.key!r}"

    return Case(call=world.state.pod, arguments=(key,), wrong=wrong)


@surface("ClusterState.set_time")
def set_time(source: Source, world: World) -> Case:
    now = source.one_of((source.number(), source.integer(), source.stranger(), NOW + 9, NOW))
    return Case(call=world.state.set_time, arguments=(now,), fails=not is_unix_seconds(now))


@surface("ClusterState.assume")
def assume(source: Source, world: World) -> Case:
    pod = source.one_of((*PENDING, "ns/b0", source.text(), source.anything()))
    node = source.one_of((*NODES, source.text(), source.anything()))

    def wrong(_: None) -> str | None:
        found = world.state.pod(pod)
        is_there = found is not None and found.node_name == node and found.is_assumed
        return None if is_there and node in world.state.nodes else f"{found!r} is not on {node!r}"

    return Case(call=world.state.assume, arguments=(pod, node), wrong=wrong)


@surface("ClusterState.forget")
def forget(source: Source, world: World) -> Case:
    pod = source.one_of((*PENDING, "ns/b0", source.text(), source.anything()))

    def wrong(_: None) -> str | None:
        found = world.state.pod(pod)
        return f"{pod!r} is still assumed" if found and found.is_assumed else None

    fails = None if isinstance(pod, str) else True
    return Case(call=world.state.forget, arguments=(pod,), fails=fails, wrong=wrong)


@surface("ClusterState.sort", weight=2)
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
        if sorted(answer) != sorted(pods):
            return f"{answer} of {pods}"
        # Whatever order they come in.
        turned = list(pods)[::-1], list(times)[::-1]
        again = world.state.sort(world.profile, *turned)
        is_told_apart = len(set(answer)) == len(answer)
        return None if again == answer or not is_told_apart else f"{answer}, and then {again}"

    arguments = (world.profile, pods, times)
    return Case(call=world.state.sort, arguments=arguments, fails=fails, wrong=wrong)


@surface("ClusterState.plan", weight=2)
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


@surface("Profile", weight=2)
def profile(source: Source, world: World) -> Case:
    config = source.document(PROFILE) if source.happens(0.95) else source.anything()

    def wrong(profile: netcore.Profile) -> str | None:
        made = world.state.plan(profile, ["ns/alone"], detail="full", commit=False)
        return wrong_in_document(config) or wrong_in_plan(world.state, made, "full")

    fails = None if isinstance(config, bytes) else True
    return Case(call=netcore.Profile, arguments=(config,), fails=fails, wrong=wrong)


@surface("AppGraph.from_app_group", weight=2)
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


@surface("AppGraph.order")
def order(source: Source, world: World) -> Case:
    algorithm = source.one_of((*ORDERS, source.text(), source.anything()))
    fails = None if isinstance(algorithm, str) and algorithm.endswith("Sort") else True
    fails = None if algorithm in list(ORDERS) else fails
    return Case(call=world.graph.order, arguments=(algorithm,), fails=fails)
