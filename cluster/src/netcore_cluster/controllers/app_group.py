"""AppGroup: the order in which an application's workloads are placed, and how many pods run.

The order is what Diktyo's controller computes where that is right; docs/differences.md lists where
it differs on purpose. It is computed by the engine from the spec alone, at every look, so a change
of the spec shows at once and the same spec always gives the same order. `topologyOrder` lists every
workload, sorted by selector, for Diktyo's plugins search it by bisection.

The definition declares no status subresource, as upstream's does not: the status is written by a
merge patch of the object itself, and the patch never touches the spec.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import orjson

from netcore.resources import APP_GROUP_LABEL
from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Action, Emit, Patch
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, is_deleting, key_of, labels_of, reference_to
from netcore_cluster.controllers.pods import phase_of

_RESOURCE: Final = "appgroups.appgroup.diktyo.x-k8s.io"
_API_VERSION: Final = "appgroup.diktyo.x-k8s.io/v1alpha1"

CONDITION: Final = "TopologyOrdered"
# What Diktyo takes for an algorithm that it does not know.
_FALL_BACK_ALGORITHM: Final = "KahnSort"


@dataclass(frozen=True, slots=True)
class Ordering:
    """Workload selectors in order of placement, and what is wrong with the graph, if anything.

    Attributes:
        reason: One word; empty where nothing is wrong.
        message: What is wrong, and what was done about it.
    """

    selectors: Sequence[str]
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ObservedAppGroup:
    """An AppGroup, the order of its workloads, and the pods that bear its label."""

    app_group: Object
    ordering: Ordering
    pods: Sequence[Object]


def ordering(app_group: Object) -> Ordering:
    """The order that the spec asks for, or the nearest that it allows.

    - An unknown algorithm: KahnSort, as upstream.
    - A cycle where the algorithm bears none: the declared order, as upstream.
    - A dependency on a workload that is not there: it is left out, the others count.
    """
    # The engine brings numpy: a cluster without AppGroups does without.
    from netcore import AppGraph, InvalidInputError

    spec = app_group["spec"]
    declared = [workload["selector"] for workload in _workloads(spec)]
    named = {"metadata": {"name": app_group["metadata"]["name"]}, "spec": spec}
    try:
        graph = AppGraph.from_app_group(orjson.dumps(named))
    except InvalidInputError as error:
        return Ordering(declared, "InvalidSpec", f"{error}; using the declared order")
    problems = list(graph.problems)
    reason = "InvalidDeclaration" if problems else ""
    try:
        order = graph.order(spec.get("topologySortingAlgorithm", ""))
    except InvalidInputError as error:
        if str(error) not in problems:
            problems.append(str(error))
        try:
            order, reason = graph.order(_FALL_BACK_ALGORITHM), "UnknownAlgorithm"
            problems.append(f"using {_FALL_BACK_ALGORITHM}")
        except InvalidInputError:
            order, reason = declared, "Cycle"
            problems.append("using the declared order")
    return Ordering(order, reason, "; ".join(problems))


def reconcile(observed: ObservedAppGroup, now: float) -> list[Action]:
    """Write the status where it differs; say once what is wrong with the graph."""
    app_group, found = observed.app_group, observed.ordering
    old: Object = app_group.get("status") or {}
    order = _topology_order(app_group["spec"], found.selectors)
    conditions = with_condition(
        old.get("conditions") or (),
        CONDITION,
        "False" if found.reason else "True",
        found.reason or "Ordered",
        found.message or "every workload has its place in the order",
        now=now,
    )
    new: Object = {
        "runningWorkloads": sum(phase_of(pod) == "Running" for pod in observed.pods),
        "topologyOrder": order,
        "conditions": conditions,
    }
    if old.get("topologyOrder") != order:
        new["topologyCalculationTime"] = timestamp(now)
    created = [pod["metadata"]["creationTimestamp"] for pod in observed.pods]
    if created and "scheduleStartTime" not in old:
        new["scheduleStartTime"] = min(created)
    changes = {name: value for name, value in new.items() if old.get(name) != value}
    actions: list[Action] = []
    if changes:
        actions.append(Patch(_RESOURCE, *key_of(app_group), {"status": changes}))
    if found.reason and "conditions" in changes:
        about = reference_to(app_group, api_version=_API_VERSION, kind="AppGroup")
        actions.append(Emit(about, found.reason, found.message, warning=True))
    return actions


def _topology_order(spec: Object, selectors: Iterable[str]) -> list[Object]:
    """Every workload with its place, counted from 1, sorted by selector."""
    workloads = _workloads(spec)
    places = {selector: place for place, selector in enumerate(dict.fromkeys(selectors), 1)}
    for workload in workloads:
        places.setdefault(workload["selector"], len(places) + 1)
    return [
        {"workload": workload, "index": places[workload["selector"]]}
        for workload in sorted(workloads, key=lambda each: str(each["selector"]))
    ]


def _workloads(spec: Object) -> list[Object]:
    """The declared workloads; a definition laxer than ours may let one without selector in."""
    declared = (each.get("workload") for each in spec.get("workloads") or ())
    return [workload for workload in declared if workload and workload.get("selector")]


class AppGroupController(Controller[Key, ObservedAppGroup]):
    """Watches AppGroups, and the phases of the pods that bear their label."""

    name: ClassVar = "appgroup-controller"
    # A group of a thousand pods that start at once is counted a few times, not a thousand.
    rest_s: ClassVar = 0.1

    def __init__(self, hub: Hub) -> None:
        self._app_groups = hub.cache(_RESOURCE)
        self._pods = hub.cache("pods")
        self._orderings: dict[Key, tuple[bytes, Ordering]] = {}

    def interests(self) -> Mapping[str, Interest[Key]]:
        """AppGroups by name, pods by label."""
        return {_RESOURCE: self._on_app_group, "pods": self._on_pod}

    def _on_app_group(self, change: Change) -> Iterable[Key]:
        key = key_of(change.newest)
        if change.new is None:
            self._orderings.pop(key, None)
        return (key,)

    def _on_pod(self, change: Change) -> Iterable[Key]:
        before, after = _membership(change.old), _membership(change.new)
        if before == after:
            return ()
        return {key for key, _ in (*before, *after)}

    async def observe(self, key: Key) -> ObservedAppGroup | None:
        """The AppGroup and the pods of its own namespace that bear its label."""
        app_group = self._app_groups.get(key)
        if app_group is None or is_deleting(app_group):
            return None
        pods = self._pods.find("app-group", f"{key.namespace}/{key.name}")
        return ObservedAppGroup(app_group, self._ordering(key, app_group), pods)

    def _ordering(self, key: Key, app_group: Object) -> Ordering:
        """As `ordering`, computed once for each version of a spec."""
        spec = orjson.dumps(app_group["spec"])
        known = self._orderings.get(key)
        if known is None or known[0] != spec:
            known = self._orderings[key] = (spec, ordering(app_group))
        return known[1]

    def reconcile(self, observed: ObservedAppGroup, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)


def _membership(pod: Object | None) -> Sequence[tuple[Key, str]]:
    group = None if pod is None else labels_of(pod).get(APP_GROUP_LABEL)
    if pod is None or group is None:
        return ()
    return ((Key(key_of(pod).namespace, group), phase_of(pod)),)
