"""The agent of some nodes: admits the pods bound to them, has them run, and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Delete, Emit, Patch
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, is_deleting, key_of, reference_to, uid_of
from netcore_cluster.controllers.pods import is_ready, is_terminal
from netcore_cluster.nodes.ledger import Ledger, Rejection
from netcore_cluster.nodes.pod_status import rejected_status, running_status
from netcore_cluster.nodes.runtime import Runtime


class BoundPod(NamedTuple):
    """A pod on one of our nodes."""

    key: Key
    uid: str
    node: str


@dataclass(frozen=True, slots=True)
class ObservedPod:
    """A pod and how its containers stand: they run at an address, were refused, or have ended."""

    pod: Object
    host_address: str
    address: str | None = None
    rejection: Rejection | None = None


def reconcile(observed: ObservedPod, now: float) -> list[Action]:
    """Report how the pod stands; pure."""
    pod = observed.pod
    key = key_of(pod)
    if observed.rejection is not None:
        status = rejected_status(observed.rejection, now=now)
        about = reference_to(pod, api_version="v1", kind="Pod")
        reason, message = observed.rejection.reason, observed.rejection.message
        return [
            Patch("pods", *key, {"status": status}, "status"),
            Emit(about, reason, message, warning=True),
        ]
    if observed.address is None:
        if is_deleting(pod):
            # Nothing runs any more: it may go now, whatever grace it had.
            return [Delete("pods", *key, uid_of(pod), grace_s=0)]
        return []
    status = running_status(
        pod, host_address=observed.host_address, address=observed.address, now=now
    )
    if (pod.get("status") or {}).items() >= status.items():
        return []
    return [Patch("pods", *key, {"status": status}, "status")]


class NodeAgent(Controller[BoundPod, ObservedPod]):
    """Watches its nodes and their pods."""

    name: ClassVar = "kubelet"
    # So many status writes share one commit of the store.
    workers: ClassVar = 32

    def __init__(self, hub: Hub, ledgers: Mapping[str, Ledger], runtime: Runtime) -> None:
        """`ledgers` holds the books of each node, by the node's name."""
        self._pods = hub.cache("pods")
        self._nodes = hub.cache("nodes")
        self._ledgers: Final = ledgers
        self._runtime: Final = runtime

    def interests(self) -> Mapping[str, Interest[BoundPod]]:
        """Pods that are bound to one of the nodes, and a node that comes (back)."""
        return {"pods": self._on_pod, "nodes": self._on_node}

    def _on_node(self, change: Change) -> Sequence[BoundPod]:
        name = key_of(change.newest).name
        if change.old is not None or name not in self._ledgers:
            return ()
        pods = self._pods.find("node", name)
        return [BoundPod(key_of(pod), uid_of(pod), name) for pod in pods]

    def _on_pod(self, change: Change) -> Sequence[BoundPod]:
        pod = change.newest
        name = pod["spec"].get("nodeName")
        ledger = self._ledgers.get(name) if name else None
        if ledger is None:
            return ()
        address = (pod.get("status") or {}).get("podIP")
        if change.new is not None and address and not is_terminal(pod):
            # Before any pod is admitted: what an earlier agent gave away stays given.
            ledger.adopt(uid_of(pod), pod, address)
            if is_ready(pod) and not is_deleting(pod) and not pod["spec"].get("readinessGates"):
                # It runs and says so: the echo of our own report, most of the time.
                return ()
        return (BoundPod(key_of(pod), uid_of(pod), name),)

    async def observe(self, key: BoundPod) -> ObservedPod | None:
        """Have the runtime run or end the pod, and say how that stands."""
        ledger = self._ledgers[key.node]
        pod = self._pods.get(key.key)
        if pod is None or uid_of(pod) != key.uid:
            await self._end(ledger, key.uid, grace_s=0)
            return None
        observed = ObservedPod(pod, ledger.spec.address)
        if is_deleting(pod) or is_terminal(pod):
            grace_s = pod["metadata"].get("deletionGracePeriodSeconds", 0)
            await self._end(ledger, key.uid, grace_s=grace_s)
            return observed
        if ledger.address_of(key.uid) is None:
            node = self._nodes.get(Key("", key.node))
            if node is None:
                return None
            rejection = ledger.admit(key.uid, pod, node)
            if rejection is not None:
                return ObservedPod(pod, ledger.spec.address, rejection=rejection)
        address = ledger.address_of(key.uid)
        assert address is not None
        await self._runtime.start(pod, address)
        return ObservedPod(pod, ledger.spec.address, address)

    async def _end(self, ledger: Ledger, uid: str, *, grace_s: int) -> None:
        if ledger.address_of(uid) is not None:
            await self._runtime.stop(uid, grace_s=grace_s)
            ledger.release(uid)

    def reconcile(self, observed: ObservedPod, now: float) -> Sequence[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)
