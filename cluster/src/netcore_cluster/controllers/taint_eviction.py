"""Taint eviction: deletes the pods of a node that do not tolerate its NoExecute taints.

A pod that tolerates a taint for a while is deleted when that while has passed since the taint was
set, so a restart of this process neither shortens nor prolongs it.

Source: kubernetes ``pkg/controller/tainteviction/taint_eviction.go``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Delete, Emit, Patch, Requeue
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import (
    Key,
    is_deleting,
    key_of,
    reference_to,
    seconds,
    uid_of,
)


@dataclass(frozen=True, slots=True)
class ObservedTaintedPod:
    """A pod and the NoExecute taints of its node."""

    pod: Object
    taints: Sequence[Object]


def reconcile(observed: ObservedTaintedPod, now: float) -> list[Action]:
    """Delete the pod once a taint is no longer tolerated; look again when that will be."""
    pod = observed.pod
    evicted_at = _evicted_at(pod, observed.taints, now)
    if evicted_at == inf:
        return []
    if evicted_at > now:
        return [Requeue(evicted_at - now)]
    key = key_of(pod)
    old: Sequence[Object] = (pod.get("status") or {}).get("conditions") or ()
    message = "Taint manager: deleting due to NoExecute taint"
    conditions = with_condition(
        old, "DisruptionTarget", "True", "DeletionByTaintManager", message, now=now
    )
    about = reference_to(pod, api_version="v1", kind="Pod")
    marked = f"Marking for deletion Pod {key.namespace}/{key.name}"
    return [
        Patch("pods", *key, {"status": {"conditions": conditions}}, "status"),
        Delete("pods", *key, uid_of(pod), event=Emit(about, "TaintManagerEviction", marked)),
    ]


def _evicted_at(pod: Object, taints: Sequence[Object], now: float) -> float:
    """Unix seconds at which the first taint stops being tolerated; `inf` where none does."""
    tolerations = pod["spec"].get("tolerations") or ()
    earliest = inf
    for taint in taints:
        tolerated_s = _tolerated_s(taint, tolerations)
        if tolerated_s is None:
            return now
        since = seconds(taint["timeAdded"]) if taint.get("timeAdded") else now
        earliest = min(earliest, since + tolerated_s)
    return earliest


def _tolerated_s(taint: Object, tolerations: Iterable[Object]) -> float | None:
    """For how long the taint is tolerated; None where it is not at all."""
    matching = [each for each in tolerations if _tolerates(each, taint)]
    if not matching:
        return None
    times = (each.get("tolerationSeconds") for each in matching)
    return min((max(float(time), 0.0) for time in times if time is not None), default=inf)


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    same_value: bool = toleration.get("value", "") == taint.get("value", "")
    return bool(toleration.get("key")) and same_value


class TaintEvictionController(Controller[Key, ObservedTaintedPod]):
    """Watches nodes with such taints, and the pods that come onto them."""

    name: ClassVar = "taint-eviction-controller"

    def __init__(self, hub: Hub) -> None:
        self._nodes = hub.cache("nodes")
        self._pods = hub.cache("pods")

    def interests(self) -> Mapping[str, Interest[Key]]:
        """Nodes by their taints, pods by their node."""
        return {"nodes": self._on_node, "pods": self._on_pod}

    def _on_node(self, change: Change) -> Iterable[Key]:
        if change.new is None:
            return ()
        before = _no_execute(change.old) if change.old is not None else []
        if _no_execute(change.new) == before:
            return ()
        return [key_of(pod) for pod in self._pods.find("node", key_of(change.new).name)]

    def _on_pod(self, change: Change) -> Iterable[Key]:
        pod = change.new
        node = None if pod is None else self._node_of(pod)
        if pod is None or node is None or not _no_execute(node):
            return ()
        return (key_of(pod),)

    def _node_of(self, pod: Object) -> Object | None:
        name = pod["spec"].get("nodeName")
        return self._nodes.get(Key("", name)) if name else None

    async def observe(self, key: Key) -> ObservedTaintedPod | None:
        """The pod and the taints of its node."""
        pod = self._pods.get(key)
        if pod is None or is_deleting(pod):
            return None
        node = self._node_of(pod)
        return None if node is None else ObservedTaintedPod(pod, _no_execute(node))

    def reconcile(self, observed: ObservedTaintedPod, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)


def _no_execute(node: Object) -> list[Object]:
    return [each for each in node["spec"].get("taints") or () if each["effect"] == "NoExecute"]
