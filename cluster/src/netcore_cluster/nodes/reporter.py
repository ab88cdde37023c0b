"""Keeps the Node objects of some nodes as their agents say: well."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Patch
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, key_of, labels_of
from netcore_cluster.nodes.node_spec import NodeSpec, node_status


class NodeReporter(Controller[str, Object]):
    """Watches the nodes: one that was marked as silent, or lost a label, is set right."""

    name: ClassVar = "kubelet-node-status"

    def __init__(self, hub: Hub, specs: Mapping[str, NodeSpec], runtime: str, version: str) -> None:
        self._nodes = hub.cache("nodes")
        self._specs: Final = specs
        self._runtime: Final = runtime
        self._version: Final = version

    def interests(self) -> Mapping[str, Interest[str]]:
        """Its nodes."""
        return {"nodes": self._on_node}

    def _on_node(self, change: Change) -> Iterable[str]:
        name = key_of(change.newest).name
        return (name,) if name in self._specs and change.new is not None else ()

    async def observe(self, key: str) -> Object | None:
        """The Node as known; an agent does not register again a node that was deleted."""
        return self._nodes.get(Key("", key))

    def reconcile(self, observed: Object, now: float) -> Sequence[Action]:
        """Say that the node is well, where its object says something else."""
        name = key_of(observed).name
        spec = self._specs[name]
        old = observed.get("status") or {}
        status = node_status(spec, old, runtime=self._runtime, version=self._version, now=now)
        actions: list[Action] = []
        if not labels_of(observed).items() >= spec.all_labels().items():
            actions.append(Patch("nodes", "", name, {"metadata": {"labels": spec.all_labels()}}))
        if not old.items() >= status.items():
            actions.append(Patch("nodes", "", name, {"status": status}, "status"))
        return actions
