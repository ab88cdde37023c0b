"""Node health: a node whose lease is not renewed is Unknown, and its taints say how it stands.

A node is heard of when its lease or its own status changes, by the clock of this process: a lease
that was old when the controllers started gets a full grace period, as a node's clock that is off
does no harm. A node that fell silent keeps its last conditions but for their status, `Unknown`.

Source: kubernetes ``pkg/controller/nodelifecycle/node_lifecycle_controller.go``.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Action, Emit, Patch, Requeue
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import (
    Key,
    condition_of,
    find_condition,
    is_deleting,
    key_of,
    reference_to,
    seconds,
)
from netcore_cluster.controllers.pods import is_ready, is_terminal

LEASE_NAMESPACE: Final = "kube-node-lease"
NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
_UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"

_PRESSURES: Final = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
_MANAGED: Final = frozenset({NOT_READY, UNREACHABLE, _UNSCHEDULABLE, *_PRESSURES.values()})
# A node that is younger when it is first seen is welcomed with an event; the others had theirs.
_NEW_S: Final = 30.0
_HEARTBEAT_CONDITIONS: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


@dataclass(frozen=True, slots=True)
class ObservedNode:
    """A node and its pods.

    Attributes:
        grace_left_s: How long it may still be silent; 0 or less where it was for too long.
        is_first_look: Whether it was not known before.
    """

    node: Object
    pods: Sequence[Object]
    grace_left_s: float
    is_first_look: bool = False


def reconcile(observed: ObservedNode, now: float) -> list[Action]:
    """Mark a silent node, taint it by its conditions; where it is not ready, its pods are not."""
    node = observed.node
    conditions: Sequence[Object] = (node.get("status") or {}).get("conditions") or ()
    actions: list[Action] = []
    if observed.is_first_look and _age_s(node, now) < _NEW_S:
        name = key_of(node).name
        actions.append(
            _event(node, "RegisteredNode", f"event: Registered Node {name} in Controller")
        )
    if observed.grace_left_s <= 0:
        silenced = _silenced(conditions, now)
        if silenced != list(conditions):
            change = {"status": {"conditions": silenced}}
            actions.append(Patch("nodes", "", key_of(node).name, change, "status"))
            conditions = silenced
    else:
        actions.append(Requeue(observed.grace_left_s))
    taints = _taints(node, conditions, now)
    if taints != (node["spec"].get("taints") or []):
        metadata = {"resourceVersion": node["metadata"]["resourceVersion"]}
        patch: Object = {"metadata": metadata, "spec": {"taints": taints or None}}
        # Before the status, which would change the version.
        actions.insert(0, Patch("nodes", "", key_of(node).name, patch))
    if not _is_ready(conditions):
        actions += _mark_pods(observed, now)
        ready = condition_of(node, "Ready")
        if ready is not None and ready["status"] == "True":
            actions.append(_event(node, "NodeNotReady", "status is now: NodeNotReady"))
    return actions


def _silenced(conditions: Sequence[Object], now: float) -> list[Object]:
    found = list(conditions)
    for kind in _HEARTBEAT_CONDITIONS:
        known = find_condition(found, kind)
        if known is None:
            reason, message = "NodeStatusNeverUpdated", "Kubelet never posted node status."
            found = with_condition(found, kind, "Unknown", reason, message, now=now)
        elif known["status"] != "Unknown":
            reason, message = "NodeStatusUnknown", "Kubelet stopped posting node status."
            beat = known.get("lastHeartbeatTime")
            found = with_condition(found, kind, "Unknown", reason, message, now=now)
            if beat is not None:
                found = [
                    {**each, "lastHeartbeatTime": beat} if each["type"] == kind else each
                    for each in found
                ]
    return found


def _taints(node: Object, conditions: Sequence[Object], now: float) -> list[Object]:
    """The node's own taints, and those that its conditions call for."""
    old: list[Object] = node["spec"].get("taints") or []
    wanted: list[tuple[str, str]] = []
    ready = find_condition(conditions, "Ready")
    if ready is not None and ready["status"] != "True":
        key = NOT_READY if ready["status"] == "False" else UNREACHABLE
        wanted += [(key, "NoSchedule"), (key, "NoExecute")]
    for kind, key in _PRESSURES.items():
        pressure = find_condition(conditions, kind)
        if pressure is not None and pressure["status"] == "True":
            wanted.append((key, "NoSchedule"))
    if node["spec"].get("unschedulable"):
        wanted.append((_UNSCHEDULABLE, "NoSchedule"))
    kept = [
        taint
        for taint in old
        if taint["key"] not in _MANAGED or (taint["key"], taint["effect"]) in wanted
    ]
    known = {(taint["key"], taint["effect"]) for taint in kept}
    added = [
        {"key": key, "effect": effect, "timeAdded": timestamp(now)}
        for key, effect in wanted
        if (key, effect) not in known
    ]
    return [*kept, *added]


def _mark_pods(observed: ObservedNode, now: float) -> list[Action]:
    """No pod of a node that is not ready is ready."""
    actions: list[Action] = []
    for pod in observed.pods:
        if not is_ready(pod) or is_terminal(pod):
            continue
        conditions = [
            {**each, "status": "False", "lastTransitionTime": timestamp(now)}
            if each["type"] == "Ready"
            else each
            for each in pod["status"]["conditions"]
        ]
        patch = {"status": {"conditions": conditions}}
        actions.append(Patch("pods", *key_of(pod), patch, "status"))
    return actions


def _is_ready(conditions: Sequence[Object]) -> bool:
    ready = find_condition(conditions, "Ready")
    return ready is not None and ready["status"] == "True"


def _age_s(node: Object, now: float) -> float:
    return now - seconds(node["metadata"]["creationTimestamp"])


def _beats(node: Object | None) -> str | None:
    """When its agent last posted the status, by the agent's clock."""
    ready = None if node is None else condition_of(node, "Ready")
    return None if ready is None else ready.get("lastHeartbeatTime")


def _event(node: Object, reason: str, text: str) -> Emit:
    about = reference_to(node, api_version="v1", kind="Node")
    return Emit(about, reason, f"Node {about.name} {text}")


class NodeHealthController(Controller[str, ObservedNode]):
    """Watches nodes and their leases; looks at a silent node when its grace period ends."""

    name: ClassVar = "node-controller"

    def __init__(
        self,
        hub: Hub,
        *,
        grace_s: float,
        startup_grace_s: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """How long a node may be silent, and one that has posted no status yet, by which clock."""
        self._nodes = hub.cache("nodes")
        self._pods = hub.cache("pods")
        self._grace_s: Final = grace_s
        self._startup_grace_s: Final = startup_grace_s
        self._steady: Final = steady
        self._heard_at: dict[str, float] = {}
        self._looked_at: set[str] = set()

    def interests(self) -> Mapping[str, Interest[str]]:
        """Nodes, and the leases by which they say that they live."""
        return {"nodes": self._on_node, "leases.coordination.k8s.io": self._on_lease}

    def _on_node(self, change: Change) -> Iterable[str]:
        name = key_of(change.newest).name
        if change.new is None:
            self._heard_at.pop(name, None)
            self._looked_at.discard(name)
            return ()
        if name not in self._heard_at or _beats(change.old) != _beats(change.new):
            self._heard_at[name] = self._steady()
        return (name,)

    def _on_lease(self, change: Change) -> Iterable[str]:
        key = key_of(change.newest)
        if change.new is not None and key.namespace == LEASE_NAMESPACE:
            self._heard_at[key.name] = self._steady()
        return ()

    async def observe(self, key: str) -> ObservedNode | None:
        """The node and its pods."""
        node = self._nodes.get(Key("", key))
        if node is None or is_deleting(node):
            return None
        has_posted = condition_of(node, "Ready") is not None
        grace_s = self._grace_s if has_posted else self._startup_grace_s
        grace_left_s = self._heard_at[key] + grace_s - self._steady()
        is_first_look = key not in self._looked_at
        self._looked_at.add(key)
        return ObservedNode(node, self._pods.find("node", key), grace_left_s, is_first_look)

    def reconcile(self, observed: ObservedNode, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)
