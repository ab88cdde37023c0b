"""PodDisruptionBudget: counts how many of the pods that it protects may be disrupted now.

The eviction subresource reads `disruptionsAllowed` and notes each eviction in `disruptedPods`; a
pod noted there counts as disrupted until its deletion is seen, or for two minutes.

Source: kubernetes ``pkg/controller/disruption/disruption.go``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Emit, Requeue, Update
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.int_or_percent import scaled
from netcore_cluster.controllers.objects import (
    Key,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    reference_to,
    seconds,
    uid_of,
)
from netcore_cluster.controllers.pods import is_ready, is_terminal
from netcore_cluster.kinds.selectors import matches_label_selector

_RESOURCE: Final = "poddisruptionbudgets.policy"
_SCALED_RESOURCES: Final = {
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "Deployment": "deployments.apps",
    "ReplicationController": "replicationcontrollers",
}

# How long an eviction counts whose deletion never came.
_EVICTION_COUNTS_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class ObservedBudget:
    """A budget and what it protects.

    Attributes:
        pods: The pods that its selector picks.
        sizes: How many pods each controller of these pods is to have, by the controller's uid.
        unmanaged: Names of the pods whose size nothing tells.
    """

    budget: Object
    pods: Sequence[Object]
    sizes: Mapping[str, int]
    unmanaged: Sequence[str]


def reconcile(observed: ObservedBudget, now: float) -> list[Action]:
    """Write the counts, and look again when a noted eviction no longer counts."""
    budget = observed.budget
    old = budget.get("status") or {}
    live = [pod for pod in observed.pods if not is_terminal(pod)]
    disrupted = _disrupted(old.get("disruptedPods") or {}, live, now)
    expected, desired = _wanted(budget["spec"], len(live), sum(observed.sizes.values()))
    healthy = sum(
        is_ready(pod) and not is_deleting(pod) and pod["metadata"]["name"] not in disrupted
        for pod in live
    )
    allowed = max(healthy - desired, 0) if expected > 0 else 0
    status: Object = {
        "observedGeneration": budget["metadata"]["generation"],
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": with_condition(
            old.get("conditions") or (),
            "DisruptionAllowed",
            "True" if allowed else "False",
            "SufficientPods" if allowed else "InsufficientPods",
            "",
            now=now,
            generation=budget["metadata"]["generation"],
        ),
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    actions: list[Action] = []
    if status != old:
        actions.append(Update(_RESOURCE, {**budget, "status": status}, "status"))
        actions += _complaints(observed)
    if disrupted:
        oldest = min(map(seconds, disrupted.values()))
        actions.append(Requeue(max(oldest + _EVICTION_COUNTS_S - now, 0.0) + 1.0))
    return actions


def _wanted(spec: Object, found: int, size: int) -> tuple[int, int]:
    """How many pods there are to be, and how many of them must be healthy.

    Args:
        spec: The budget's spec.
        found: How many pods there are.
        size: How many their controllers are to have.
    """
    if "maxUnavailable" in spec:
        unavailable = scaled(spec["maxUnavailable"], size, round_up=True)
        return size, max(size - unavailable, 0)
    minimum = spec.get("minAvailable", 0)
    if isinstance(minimum, int):
        return found, minimum
    return size, scaled(minimum, size, round_up=True)


def _disrupted(noted: Mapping[str, str], pods: Sequence[Object], now: float) -> dict[str, str]:
    """The noted evictions whose deletion is still to be seen."""
    waiting = {pod["metadata"]["name"] for pod in pods if not is_deleting(pod)}
    return {
        name: at
        for name, at in noted.items()
        if name in waiting and seconds(at) + _EVICTION_COUNTS_S > now
    }


def _complaints(observed: ObservedBudget) -> list[Action]:
    about = reference_to(observed.budget, api_version="policy/v1", kind="PodDisruptionBudget")
    if not observed.pods:
        return [Emit(about, "NoPods", "No matching pods found")]
    if not observed.unmanaged or isinstance(observed.budget["spec"].get("minAvailable"), int):
        return []
    message = (
        f"Pods selected by this PodDisruptionBudget ({', '.join(observed.unmanaged[:5])}) were "
        "found to be unmanaged. As a result, the status of the PDB cannot be calculated "
        "correctly, which may result in undefined behavior. To account for these pods please set "
        '".spec.minAvailable" field of the PDB to an integer value.'
    )
    return [Emit(about, "UnmanagedPods", message, warning=True)]


class DisruptionController(Controller[Key, ObservedBudget]):
    """Watches budgets, the pods they select, and what sizes these pods."""

    name: ClassVar = "controllermanager"

    def __init__(self, hub: Hub) -> None:
        self._budgets = hub.cache(_RESOURCE)
        self._pods = hub.cache("pods")
        self._scaled = {kind: hub.cache(name) for kind, name in _SCALED_RESOURCES.items()}

    def interests(self) -> Mapping[str, Interest[Key]]:
        """Budgets by name, pods by labels, and every change of size in the namespace."""
        sized = dict.fromkeys(_SCALED_RESOURCES.values(), self._on_size)
        return {_RESOURCE: self._on_budget, "pods": self._on_pod, **sized}

    def _on_budget(self, change: Change) -> Iterable[Key]:
        return (key_of(change.newest),)

    def _on_pod(self, change: Change) -> Iterable[Key]:
        budgets = self._budgets.find("namespace", key_of(change.newest).namespace)
        if not budgets:
            return ()
        versions = [each for each in (change.old, change.new) if each is not None]
        return [
            key_of(budget)
            for budget in budgets
            if any(
                matches_label_selector(budget["spec"].get("selector"), labels_of(pod))
                for pod in versions
            )
        ]

    def _on_size(self, change: Change) -> Iterable[Key]:
        if change.old is not None and change.new is not None:
            before, after = (each["spec"].get("replicas") for each in (change.old, change.new))
            if before == after:
                return ()
        budgets = self._budgets.find("namespace", key_of(change.newest).namespace)
        return [key_of(budget) for budget in budgets]

    async def observe(self, key: Key) -> ObservedBudget | None:
        """The budget, its pods and the sizes of what manages them."""
        budget = self._budgets.get(key)
        if budget is None or is_deleting(budget):
            return None
        selector = budget["spec"].get("selector")
        pods = [
            pod
            for pod in self._pods.find("namespace", key.namespace)
            if matches_label_selector(selector, labels_of(pod))
        ]
        sizes: dict[str, int] = {}
        unmanaged = []
        for pod in pods:
            owner = self._sized_owner(pod)
            if owner is None:
                unmanaged.append(pod["metadata"]["name"])
            else:
                sizes[uid_of(owner)] = owner["spec"].get("replicas", 1)
        return ObservedBudget(budget, pods, sizes, unmanaged)

    def _sized_owner(self, obj: Object) -> Object | None:
        """What sizes a pod: its controller, or that one's controller where it has one."""
        reference = controller_of(obj)
        cache = self._scaled.get(reference["kind"]) if reference is not None else None
        if reference is None or cache is None:
            return None
        owner = cache.get(Key(key_of(obj).namespace, reference["name"]))
        if owner is None or uid_of(owner) != reference["uid"]:
            return None
        return self._sized_owner(owner) or owner

    def reconcile(self, observed: ObservedBudget, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)
