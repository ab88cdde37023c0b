"""Pod garbage: removes the pods of a node that is gone.

No agent is left to end them, so they are marked as failed and deleted at once, after a quarantine
in which the node may come back.

Source: kubernetes ``pkg/controller/podgc/gc_controller.go``.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.actions import Action, Delete, Patch, Requeue
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, key_of, uid_of
from netcore_cluster.controllers.pods import is_terminal


@dataclass(frozen=True, slots=True)
class ObservedMissingNode:
    """A node that is gone, the pods on it, and how long these are still left alone."""

    pods: Sequence[Object]
    left_alone_s: float


def reconcile(observed: ObservedMissingNode, now: float) -> list[Action]:
    """Wait out the quarantine, then fail and delete the pods."""
    if observed.left_alone_s > 0:
        return [Requeue(observed.left_alone_s)]
    marks: list[Action] = [_mark(pod, now) for pod in observed.pods if not is_terminal(pod)]
    return [
        *marks,
        *(Delete("pods", *key_of(pod), uid_of(pod), grace_s=0) for pod in observed.pods),
    ]


def _mark(pod: Object, now: float) -> Patch:
    conditions = with_condition(
        (pod.get("status") or {}).get("conditions") or (),
        "DisruptionTarget",
        "True",
        "DeletionByPodGC",
        "PodGC: node no longer exists",
        now=now,
    )
    patch = {"status": {"phase": "Failed", "conditions": conditions}}
    return Patch("pods", *key_of(pod), patch, "status")


class PodGarbageCollector(Controller[str, ObservedMissingNode]):
    """Watches pods whose node is unknown, and nodes that go."""

    name: ClassVar = "pod-garbage-collector"

    def __init__(
        self,
        hub: Hub,
        client: Client,
        *,
        quarantine_s: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """How long the pods of a missing node are left alone, by which clock."""
        self._client = client
        self._nodes = hub.cache("nodes")
        self._pods = hub.cache("pods")
        self._quarantine_s: Final = quarantine_s
        self._steady: Final = steady
        self._missing_since: dict[str, float] = {}

    def interests(self) -> Mapping[str, Interest[str]]:
        """Nodes and pods."""
        return {"nodes": self._on_node, "pods": self._on_pod}

    def _on_node(self, change: Change) -> Iterable[str]:
        name = key_of(change.newest).name
        if change.new is not None:
            self._missing_since.pop(name, None)
            return ()
        return self._missing(name)

    def _on_pod(self, change: Change) -> Iterable[str]:
        name = change.new["spec"].get("nodeName") if change.new is not None else None
        return self._missing(name) if name else ()

    def _missing(self, name: str) -> Iterable[str]:
        if self._nodes.get(Key("", name)) is not None:
            return ()
        self._missing_since.setdefault(name, self._steady())
        return (name,)

    async def observe(self, key: str) -> ObservedMissingNode | None:
        """The pods of a node that the API server, too, no longer knows."""
        pods = self._pods.find("node", key)
        since = self._missing_since.get(key)
        if since is None:
            return None
        if not pods or await self._exists(key):
            self._missing_since.pop(key, None)
            return None
        return ObservedMissingNode(pods, since + self._quarantine_s - self._steady())

    async def _exists(self, name: str) -> bool:
        try:
            await self._client.get("nodes", name)
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True

    def reconcile(self, observed: ObservedMissingNode, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)
