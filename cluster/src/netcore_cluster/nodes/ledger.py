"""What a node has given to its pods: addresses, resources and ports; pure.

A pod that was bound is admitted only if it fits beside those that were admitted before, as the
kubelet judges: the scheduler's view may have been old, or the pod bound by hand.

Source: kubernetes ``pkg/kubelet/lifecycle/predicate.go``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.nodes.node_affinity import fits_affinity
from netcore_cluster.nodes.node_spec import NodeSpec
from netcore_cluster.nodes.requests import amounts, do_ports_clash, host_ports, pod_requests


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a pod cannot run on the node it is bound to, as its status says."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class _Entry:
    address: str
    requests: dict[str, int]
    ports: frozenset[tuple[str, str, int]]


class AddressPool:
    """The addresses of one network; one that was given back is the last to be given again."""

    def __init__(self, network: str) -> None:
        """`network` is a CIDR; its first address is the node's own side of it."""
        parsed = IPv4Network(network)
        self._first: Final = int(parsed.network_address) + 2
        self._size: Final = parsed.num_addresses - 3
        self._next = 0
        self._taken: set[int] = set()

    def take(self) -> str | None:
        """A free address; None where there is none."""
        for step in range(self._size):
            index = (self._next + step) % self._size
            if index not in self._taken:
                self._taken.add(index)
                self._next = index + 1
                return str(IPv4Address(self._first + index))
        return None

    def hold(self, address: str) -> None:
        """Mark an address as taken; one outside of the network is none of its business."""
        index = int(IPv4Address(address)) - self._first
        if 0 <= index < self._size:
            self._taken.add(index)

    def give_back(self, address: str) -> None:
        """Mark an address as free."""
        self._taken.discard(int(IPv4Address(address)) - self._first)


class Ledger:
    """One node's books."""

    def __init__(self, spec: NodeSpec) -> None:
        self.spec: Final = spec
        self._capacity: Final = amounts(spec.capacity)
        self._used: Counter[str] = Counter()
        self._entries: dict[str, _Entry] = {}
        self._pool: Final = AddressPool(spec.pod_network)

    def address_of(self, uid: str) -> str | None:
        """The address that a pod was given; None for one that was not admitted."""
        entry = self._entries.get(uid)
        return None if entry is None else entry.address

    def adopt(self, uid: str, pod: Object, address: str) -> None:
        """Take over a pod that an earlier agent of this node admitted."""
        if uid not in self._entries:
            self._pool.hold(address)
            self._enter(uid, pod, address, pod_requests(pod))

    def admit(self, uid: str, pod: Object, node: Object) -> Rejection | None:
        """Give a pod what it asks for, or say why not."""
        requests = pod_requests(pod)
        rejection = self._judge(pod, node, requests)
        if rejection is not None:
            return rejection
        address = self.spec.address if pod["spec"].get("hostNetwork") else self._pool.take()
        if address is None:
            return Rejection("OutOfpods", "Node has no address left for the pod")
        self._enter(uid, pod, address, requests)
        return None

    def release(self, uid: str) -> None:
        """Take back what a pod was given; nothing happens where it was given nothing."""
        entry = self._entries.pop(uid, None)
        if entry is not None:
            self._used.subtract(entry.requests)
            if entry.address != self.spec.address:
                self._pool.give_back(entry.address)

    def _enter(self, uid: str, pod: Object, address: str, requests: dict[str, int]) -> None:
        self._used.update(requests)
        self._entries[uid] = _Entry(address, requests, frozenset(host_ports(pod)))

    def _judge(self, pod: Object, node: Object, requests: dict[str, int]) -> Rejection | None:
        for name, requested in requests.items():
            used, capacity = self._used[name], self._capacity.get(name, 0)
            if requested and used + requested > capacity:
                return Rejection(
                    f"OutOf{name}",
                    f"Node didn't have enough resource: {name}, requested: {requested}, "
                    f"used: {used}, capacity: {capacity}",
                )
        if not fits_affinity(pod, node):
            return _failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
        if do_ports_clash(host_ports(pod), self._ports()):
            reason = "node(s) didn't have free ports for the requested pod ports"
            return _failed("NodePorts", reason)
        return None

    def _ports(self) -> Iterable[tuple[str, str, int]]:
        return (port for entry in self._entries.values() for port in entry.ports)


def _failed(predicate: str, reason: str) -> Rejection:
    return Rejection(predicate, f"Predicate {predicate} failed: {reason}")
