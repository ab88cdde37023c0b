"""Placement by the network that NodeNetworks tell of, for the workloads of an AppGroup."""

from datetime import UTC, datetime, timedelta

import pytest

from integration import manifests
from integration.scheduler.conftest import Site

GROUP = "appgroup.diktyo.x-k8s.io"
NODE_NETWORKS = "/apis/netcore.dev/v1alpha1/nodenetworks"
FAR_MICROS = 80_000
NEAR_MICROS = 500


def labels(workload: str) -> dict[str, str]:
    return {GROUP: "shop", f"{GROUP}.workload": workload}


async def measure(site: Site, rtt_micros: dict[tuple[str, str], int]) -> None:
    """Writes the NodeNetworks of the test's nodes, as the aggregator does."""
    now = datetime.now(UTC)
    stamps = {
        "observedAt": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "validUntil": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    for origin in site.made:
        peers = [peer for peer in site.made if peer != origin]
        column = [rtt_micros.get(tuple(sorted((origin, peer))), FAR_MICROS) for peer in peers]
        node = await site.api.get(f"/api/v1/nodes/{origin}")
        owner = {"apiVersion": "v1", "kind": "Node", "name": origin, "uid": node["metadata"]["uid"]}
        body = {
            "apiVersion": "netcore.dev/v1alpha1",
            "kind": "NodeNetwork",
            "metadata": {"name": origin, "ownerReferences": [owner]},
            "spec": {"node": origin},
        }
        await site.api.apply(f"{NODE_NETWORKS}/{origin}", body, manager="test")
        body["status"] = stamps | {
            "peers": peers,
            "peerCount": len(peers),
            "rttMicros": column,
            "rttP90Micros": column,
            "jitterMicros": [10] * len(peers),
            "lossToPpm": [0] * len(peers),
            "lossFromPpm": [0] * len(peers),
            "bandwidthBps": [1_000_000_000] * len(peers),
            "samples": [50] * len(peers),
        }
        await site.api.apply(f"{NODE_NETWORKS}/{origin}/status", body, manager="test")


@pytest.mark.parametrize("nearest", ["n1", "n2", "n3"])
async def test_a_caller_is_placed_next_to_what_it_calls(site: Site, nearest: str) -> None:
    # `back` fills the node that it is on: the nearest of the others is the best.
    names = [await site.node(f"n{index}", cpu="1") for index in range(4)]
    pair = tuple(sorted((names[0], site.node_name(nearest))))
    await measure(site, {pair: NEAR_MICROS})
    await site.api.create(
        site.namespace.group(f"{GROUP}/v1alpha1", "appgroups"), manifests.app_group()
    )
    await site.pod("back", cpu="1", labels=labels("back"), nodeName=names[0])
    await settled(site)
    await site.pod("front", labels=labels("front"))
    assert await site.bound("front") == nearest


async def test_a_limit_on_the_cost_rejects_nodes(site: Site) -> None:
    names = [await site.node(f"n{index}", cpu="1") for index in range(3)]
    await measure(site, {})
    group = manifests.app_group(maxNetworkCost=20)
    await site.api.create(site.namespace.group(f"{GROUP}/v1alpha1", "appgroups"), group)
    await site.pod("back", cpu="1", labels=labels("back"), nodeName=names[0])
    await settled(site)
    await site.pod("front", labels=labels("front"))
    await site.unschedulable("front")
    # A better network is something that can help.
    pair = tuple(sorted((names[0], names[2])))
    await measure(site, {pair: NEAR_MICROS})
    assert await site.bound("front") == "n2"


async def settled(site: Site) -> None:
    """Returns when the scheduler has taken in what was written before."""
    await site.pod("probe", cpu="1m")
    await site.bound("probe")
