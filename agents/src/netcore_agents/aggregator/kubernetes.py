"""NodeNetworks and the NetworkTopology in a cluster: written there, and its Nodes read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from netcore.kube import ApiError, KubeClient
from netcore.resources import NETWORK_TOPOLOGY, NODE_NETWORK, REGION_LABEL, ZONE_LABEL
from netcore_agents.aggregator.costs import Costs, merge_costs
from netcore_agents.aggregator.members import Place
from netcore_agents.aggregator.publication import Row

_MANAGER: Final = "netcore-aggregator"
# Somebody else's write came between: read again. More often than this is no accident.
_MOST_CONFLICTS: Final = 5


def place_of(node: Mapping[str, Any]) -> Place:
    """Where a Node object stands."""
    metadata = node["metadata"]
    labels = metadata.get("labels") or {}
    return Place(metadata["uid"], labels.get(REGION_LABEL, ""), labels.get(ZONE_LABEL, ""))


class KubernetesWriter:
    """Writes what the core asks for; each write is one that may be repeated.

    Args:
        kube: An open client.
        topology: Namespace and name of the NetworkTopology.
        valid_for_s: How long a measurement counts.
    """

    def __init__(self, kube: KubeClient, topology: tuple[str, str], *, valid_for_s: float) -> None:
        self._kube = kube
        self._namespace, self._name = topology
        self._valid_for_s = valid_for_s
        # Nodes whose object is there, and the uid of the Node that owns it.
        self._owned: dict[str, str] = {}

    async def write_row(self, row: Row, place: Place) -> None:
        """Apply the status of a node's NodeNetwork, which is made first where it is not there."""
        if self._owned.get(row.node) != place.uid:
            await self._own(row.node, place)
        status = node_network_status(row, valid_for_s=self._valid_for_s)
        body = _body(row.node) | {"status": status}
        try:
            await self._apply(body, subresource="status")
        except ApiError as error:
            if error.code != 404:
                raise
            # Somebody deleted it: made anew.
            await self._own(row.node, place)
            await self._apply(body, subresource="status")

    async def _own(self, node: str, place: Place) -> None:
        """Make the node's object, which goes when its Node goes."""
        body = _body(node) | {"spec": {"node": node}}
        owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": place.uid}
        body["metadata"]["ownerReferences"] = [owner]
        await self._apply(body)
        self._owned[node] = place.uid

    async def _apply(self, body: Mapping[str, Any], *, subresource: str = "") -> None:
        await self._kube.apply(NODE_NETWORK, body, field_manager=_MANAGER, subresource=subresource)

    async def write_costs(self, costs: Costs, places: Mapping[str, Place], *, wall_us: int) -> None:
        """Put the costs into the NetworkTopology, beside what people declared there."""
        for attempt in range(_MOST_CONFLICTS):
            try:
                await self._write_costs_once(costs, places, wall_us)
            except ApiError as error:
                if error.code != 409 or attempt == _MOST_CONFLICTS - 1:
                    raise
            else:
                return

    async def _write_costs_once(
        self, costs: Costs, places: Mapping[str, Place], wall_us: int
    ) -> None:
        try:
            found = await self._kube.get(NETWORK_TOPOLOGY, self._name, namespace=self._namespace)
        except ApiError as error:
            if error.code != 404:
                raise
            found = None
        spec: dict[str, Any] = found["spec"] if found else {"configmapName": self._name}
        topology: dict[str, Any] = {
            "apiVersion": NETWORK_TOPOLOGY.api_version,
            "kind": NETWORK_TOPOLOGY.kind,
            "metadata": found["metadata"] if found else {"name": self._name},
            "spec": merge_costs(spec, costs, places),
            # The definition has no status subresource, as upstream: it is written with the rest.
            "status": {"nodeCount": len(places), "weightCalculationTime": _stamp(wall_us)},
        }
        if found:
            await self._kube.replace(NETWORK_TOPOLOGY, topology, namespace=self._namespace)
        else:
            await self._kube.create(NETWORK_TOPOLOGY, topology, namespace=self._namespace)


def node_network_status(row: Row, *, valid_for_s: float) -> dict[str, Any]:
    """A row as parallel arrays over its peers, sorted by name."""
    peers = sorted(row.links)
    links = [row.links[peer] for peer in peers]
    return {
        "observedAt": _stamp(row.observed_us),
        "validUntil": _stamp(row.observed_us + round(valid_for_s * 1e6)),
        "bootId": row.boot,
        "peerCount": len(peers),
        "medianRtt": f"{median(link.rtt_us for link in links) / 1000:.1f}ms",
        "peers": peers,
        "rttMicros": [link.rtt_us for link in links],
        "rttP90Micros": [link.rtt_p90_us for link in links],
        "jitterMicros": [link.jitter_us for link in links],
        "lossToPpm": [link.loss_to_ppm for link in links],
        "lossFromPpm": [link.loss_from_ppm for link in links],
        "bandwidthBps": [link.bandwidth_bps for link in links],
        "samples": [link.samples for link in links],
    }


def _body(node: str) -> dict[str, Any]:
    return {
        "apiVersion": NODE_NETWORK.api_version,
        "kind": NODE_NETWORK.kind,
        "metadata": {"name": node},
    }


def _stamp(wall_us: int) -> str:
    return datetime.fromtimestamp(wall_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
