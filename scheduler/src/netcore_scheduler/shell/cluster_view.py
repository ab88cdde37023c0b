"""What the watches say: into the engine's state, and told to the scheduling core.

The engine gets every object as the server sent it. The core gets what it decides by: pods that
are ours to place, and which kind of change may help a waiting one.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
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
        self._valid_until: dict[str, float] = {}
        self._bad: set[tuple[str, str, str]] = set()
        self._warnings: frozenset[str] = frozenset()

    @property
    def foreign_pending(self) -> int:
        """Pending pods that name other schedulers."""
        return len(self._foreign)

    def stale_node_networks(self, now: float) -> int:
        """Count the NodeNetworks past their `validUntil` at a time, in Unix seconds."""
        return sum(until < now for until in self._valid_until.values())

    def apply(self, event: ResourceEvent) -> list[Event]:
        """Take in one event and return what it means to the core."""
        kind = event.resource.kind
        if kind == "Pod":
            return self._pod(event)
        if event.type == "delete":
            self._forget(kind, event)
        elif not self._take(kind, event):
            return []
        if kind == "Node":
            return list(self._node(event))
        if kind == "NodeNetwork":
            self._note_validity(event)
        elif kind == "AppGroup":
            self._tell_warnings()
        change = _NETWORK.get(kind)
        return [ClusterChanged(change)] if change else []

    def _forget(self, kind: str, event: ResourceEvent) -> None:
        self._state.delete(kind, event.namespace, event.name)
        self._bad.discard((kind, event.namespace, event.name))

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

    def _pod(self, event: ResourceEvent) -> list[Event]:
        key = f"{event.namespace}/{event.name}"
        known = self._state.pod(key)
        held_room = key in self._placed or (known is not None and known.is_assumed)
        if event.type == "delete":
            self._forget("Pod", event)
        elif not self._take("Pod", event):
            return []
        spec, status = event.obj.get("spec") or {}, event.obj.get("status") or {}
        metadata = event.obj.get("metadata") or {}
        was_replaced = known is not None and known.uid != metadata.get("uid", known.uid)
        labels = metadata.get("labels")
        self._foreign.discard(key)
        before = self._placed.pop(key, None)
        name = spec.get("schedulerName", "default-scheduler")
        events: list[Event] = []
        if event.type == "delete" or status.get("phase") in _TERMINAL:
            events.append(PodLeft(key))
        elif spec.get("nodeName"):
            events.append(PodLeft(key))
            self._placed[key] = now = _fingerprint(labels, spec.get("containers"))
            if before is None:
                events.append(ClusterChanged(Change.POD_BOUND))
            elif before != now:
                events.append(ClusterChanged(Change.POD_CHANGED))
            held_room = held_room and was_replaced
        elif metadata.get("deletionTimestamp"):
            # No node will be bound to it any more: the server refuses.
            self._state.forget(key)
            events.append(PodLeft(key))
        elif name in self._names:
            fingerprint = _fingerprint(labels, spec)
            is_gated = bool(spec.get("schedulingGates"))
            condition = _unschedulable(status)
            events.append(
                PodSeen(
                    key,
                    metadata["uid"],
                    name,
                    fingerprint,
                    is_gated=is_gated,
                    condition=condition,
                )
            )
            held_room = held_room and was_replaced
        else:
            self._foreign.add(key)
        if held_room:
            events.append(ClusterChanged(Change.POD_FREED))
        return events

    def _note_validity(self, event: ResourceEvent) -> None:
        until = (event.obj.get("status") or {}).get("validUntil")
        self._valid_until.pop(event.name, None)
        if event.type == "upsert" and until is not None:
            with contextlib.suppress(ValueError):
                self._valid_until[event.name] = datetime.fromisoformat(until).timestamp()

    def _tell_warnings(self) -> None:
        """Log what is newly wrong in the AppGroups: they are used as far as they go."""
        found = frozenset(self._state.warnings())
        for warning in sorted(found - self._warnings):
            log.warning("an object is not sound", extra={"problem": warning})
        self._warnings = found


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
