"""What a node is: its name, place and size, and the objects by which it shows; pure."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Final

from netcore.resources import REGION_LABEL, ZONE_LABEL
from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.conditions import with_condition
from netcore_cluster.controllers.objects import micro_timestamp, uid_of

LEASE_NAMESPACE: Final = "kube-node-lease"
LEASES: Final = "leases.coordination.k8s.io"
# The kubelet's: a lease is good for so long, and is renewed four times as often.
LEASE_S: Final = 40

_REGIONS: Final = 3
_ZONES_A_REGION: Final = 2
_POD_NETWORKS: Final = IPv4Network("10.128.0.0/9")
_POD_NETWORK_BITS: Final = 24
_NODE_ADDRESSES: Final = IPv4Network("127.64.0.0/10")
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}

# What a node that is well says of itself.
_CONDITIONS: Final = (
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node.

    Attributes:
        address: Its InternalIP.
        pod_network: CIDR of the addresses of its pods.
        labels: Beside those that every node has.
        capacity: Resource → quantity.
    """

    name: str
    address: str
    pod_network: str
    labels: Mapping[str, str] = field(default_factory=dict)
    capacity: Mapping[str, str] = field(
        default_factory=lambda: {
            "cpu": "8",
            "memory": "32Gi",
            "ephemeral-storage": "100Gi",
            "pods": "110",
        }
    )

    def all_labels(self) -> dict[str, str]:
        """Its labels as registered."""
        machine = platform.machine()
        return {
            "kubernetes.io/arch": _ARCHITECTURES.get(machine, machine),
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            **self.labels,
        }


def default_nodes(count: int) -> Sequence[NodeSpec]:
    """`count` nodes, dealt out in turn over 3 regions of 2 zones each.

    Raises:
        ValueError: There are not so many pod networks.
    """
    most = 2 ** (_POD_NETWORK_BITS - _POD_NETWORKS.prefixlen)
    if not 0 <= count <= most:
        raise ValueError(f"{count} nodes asked for, but it must be 0 to {most}")
    return [_default_node(index) for index in range(count)]


def _default_node(index: int) -> NodeSpec:
    place = index % (_REGIONS * _ZONES_A_REGION)
    region, zone = divmod(place, _ZONES_A_REGION)
    network_size = 2 ** (32 - _POD_NETWORK_BITS)
    network = IPv4Network((_POD_NETWORKS[index * network_size], _POD_NETWORK_BITS))
    return NodeSpec(
        name=f"node-{index}",
        address=str(_NODE_ADDRESSES[index + 1]),
        pod_network=str(network),
        labels={
            REGION_LABEL: f"region-{region + 1}",
            ZONE_LABEL: f"region-{region + 1}-{'ab'[zone]}",
        },
    )


def node_object(spec: NodeSpec, *, runtime: str, version: str, now: float) -> Object:
    """The Node as its agent registers it, ready from the start."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": spec.name, "labels": spec.all_labels()},
        "spec": {"podCIDR": spec.pod_network, "podCIDRs": [spec.pod_network]},
        "status": node_status(spec, {}, runtime=runtime, version=version, now=now),
    }


def node_status(spec: NodeSpec, old: Object, *, runtime: str, version: str, now: float) -> Object:
    """The status that the agent of a node that is well posts; times in `old` stay where they can.

    Args:
        spec: The node.
        old: The status as stored; may be empty.
        runtime: Name of the container runtime.
        version: Version of the agent.
        now: Unix seconds.
    """
    conditions = old.get("conditions") or []
    for kind, status, reason, message in _CONDITIONS:
        before = conditions
        conditions = with_condition(conditions, kind, status, reason, message, now=now)
        if conditions != before:
            conditions = [
                {**each, "lastHeartbeatTime": timestamp(now)} if each["type"] == kind else each
                for each in conditions
            ]
    return {
        "capacity": dict(spec.capacity),
        "allocatable": dict(spec.capacity),
        "addresses": [
            {"type": "InternalIP", "address": spec.address},
            {"type": "Hostname", "address": spec.name},
        ],
        "conditions": conditions,
        "nodeInfo": {
            "architecture": spec.all_labels()["kubernetes.io/arch"],
            "bootID": "",
            "containerRuntimeVersion": f"{runtime}://{version}",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": f"netcore-{version}",
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "netcore",
            "systemUUID": "",
        },
    }


def lease_object(node: Object, *, now: float) -> Object:
    """The lease by which a node says that it lives; it goes with the node."""
    name = node["metadata"]["name"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid_of(node)}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_S,
            "renewTime": micro_timestamp(now),
        },
    }
