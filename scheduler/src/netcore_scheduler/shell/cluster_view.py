"""What the watches say: into the engine's state, and told to the scheduling core.

The engine gets every object as the server sent it. The core gets what it decides by: pods that
are ours to place, and which kind of change may help a waiting one.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import orjson

from netcore import ClusterState, InvalidInputError
from netcore.kube import ResourceEvent
from netcore_scheduler.core import (
    Change,
    ClusterChanged,
    Condition,
    Event,
    NodeLost,
    PodLeft,
    PodSeen,
)

log = logging.getLogger(__name__)

_TERMINAL: Final = frozenset({"Succeeded", "Failed"})
_NETWORK: Final = {
    "AppGroup": Change.APP_GROUP,
    "NetworkTopology": Change.NETWORK_TOPOLOGY,
    "NodeNetwork": Change.NODE_NETWORK,
}
# An object that the engine refuses is logged once, and again when it is refused after being good.
_Facts = tuple[int, ...]


class ClusterView:
    """Applies watch events.

    Args:
        state: The engine's state; must be free while `apply` runs.
        scheduler_names: Pods that name one of these are ours.

    Attributes:
        refused: Kind → objects that the engine did not take; the last good version stands.
    """

    def __init__(self, state: ClusterState, scheduler_names: Collection[str]) -> None:
        self.refused: Counter[str] = Counter()
        self._state = state
        self._names = frozenset(scheduler_names)
        self._nodes: dict[str, _Facts] = {}
        self._placed: dict[str, int] = {}
        self._foreign: set[str] = set()
        self._bad: set[tuple[str, str, str]] = set()

    @property
    def foreign_pending(self) -> int:
        """Pending pods that name other schedulers."""
        return len(self._foreign)

    def apply(self, event: ResourceEvent) -> list[Event]:
        """Take in one event and return what it means to the core."""
        kind = event.resource.kind
        if event.type == "delete":
            self._state.delete(kind, event.namespace, event.name)
            self._bad.discard((kind, event.namespace, event.name))
        elif not self._take(kind, event):
            return []
        match kind:
            case "Node":
                return list(self._node(event))
            case "Pod":
                return list(self._pod(event))
        change = _NETWORK.get(kind)
        return [ClusterChanged(change)] if change else []

    def _take(self, kind: str, event: ResourceEvent) -> bool:
        key = (kind, event.namespace, event.name)
        try:
            self._state.apply(kind, event.raw)
        except InvalidInputError as error:
            self.refused[kind] += 1
            if key not in self._bad:
                self._bad.add(key)
                log.warning(
                    "an object was refused; its last good version stands",
                    extra={"kind": kind, "object": _name(event), "error": str(error)},
                )
            return False
        self._bad.discard(key)
        return True

    def _node(self, event: ResourceEvent) -> Iterator[Event]:
        before = self._nodes.get(event.name)
        if event.type == "delete":
            if before is not None:
                del self._nodes[event.name]
                yield NodeLost(event.name)
            return
        facts = _node_facts(event.obj)
        self._nodes[event.name] = facts
        if before is None:
            yield ClusterChanged(Change.NODE_ADDED)
            return
        kinds = (Change.NODE_LABELS, Change.NODE_TAINTS, Change.NODE_ALLOCATABLE)
        for kind, old, new in zip(kinds, before, facts, strict=True):
            if old != new:
                yield ClusterChanged(kind)

    def _pod(self, event: ResourceEvent) -> Iterator[Event]:
        key = f"{event.namespace}/{event.name}"
        obj = event.obj
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        metadata = obj.get("metadata") or {}
        is_over = event.type == "delete" or status.get("phase") in _TERMINAL
        self._foreign.discard(key)
        if is_over:
            yield PodLeft(key)
            if self._placed.pop(key, None) is not None:
                yield ClusterChanged(Change.POD_FREED)
        elif spec.get("nodeName"):
            yield PodLeft(key)
            before = self._placed.get(key)
            now = _fingerprint(metadata.get("labels"), spec.get("containers"))
            self._placed[key] = now
            if before is None:
                yield ClusterChanged(Change.POD_BOUND)
            elif before != now:
                yield ClusterChanged(Change.POD_CHANGED)
        elif metadata.get("deletionTimestamp"):
            yield PodLeft(key)
        elif spec.get("schedulerName", "default-scheduler") in self._names:
            yield PodSeen(
                key,
                metadata["uid"],
                spec.get("schedulerName", "default-scheduler"),
                _fingerprint(metadata.get("labels"), spec),
                is_gated=bool(spec.get("schedulingGates")),
                condition=_unschedulable(status),
            )
        else:
            self._foreign.add(key)


def _name(event: ResourceEvent) -> str:
    return f"{event.namespace}/{event.name}" if event.namespace else event.name


def _node_facts(node: Mapping[str, Any]) -> _Facts:
    """Fingerprints of labels, of taints, of room: what waiting pods may be helped by."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    return (
        _fingerprint((node.get("metadata") or {}).get("labels")),
        _fingerprint(spec.get("taints"), spec.get("unschedulable")),
        _fingerprint(status.get("allocatable")),
    )


def _fingerprint(*parts: Any) -> int:
    return hash(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS))


def _unschedulable(status: Mapping[str, Any]) -> Condition | None:
    """The PodScheduled=False condition that the pod carries."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return Condition(condition.get("reason", ""), condition.get("message", ""))
    return None
