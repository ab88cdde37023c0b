"""What the aggregator writes into a cluster, and what it leaves alone there."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agents.reports import report
from integration.agents.field import Running, aggregator, ask, eventually
from integration.client import Api, Object
from integration.process import netcore
from integration.server import Server
from netcore_agents.wire import encode_report

NETWORKS = "/apis/netcore.dev/v1alpha1/nodenetworks"
TOPOLOGIES = "/apis/networktopology.diktyo.x-k8s.io/v1alpha1/namespaces/default/networktopologies"
REGION, ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"
TOKEN = "a-token-of-the-node-"


@pytest.fixture
async def placed(api: Api) -> AsyncIterator[list[str]]:
    """Three nodes in zones eu-a, eu-b and us-a, that nothing but the test speaks for."""
    names = []
    for number, zone in enumerate(("eu-a", "eu-b", "us-a")):
        name = f"measured-{number}"
        labels = {REGION: zone[:2], ZONE: zone}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        await api.create("/api/v1/nodes", node)
        names.append(name)
    yield names
    for name in names:
        await api.request("DELETE", f"/api/v1/nodes/{name}")
        # Their objects go with them; the real collector looks for new kinds each half minute.
        await api.until_gone(f"{NETWORKS}/{name}", within_s=75)
    await api.request("DELETE", f"{TOPOLOGIES}/measured")


@pytest.fixture
def running(server: Server, placed: list[str], tmp_path: Path) -> Iterator[Running]:
    tokens = tmp_path / "tokens"
    tokens.write_text("".join(f"{node} {TOKEN}{node}\n" for node in placed))
    options = [
        *("--embedded-broker", "127.0.0.1:0", "--tokens", tokens),
        *("--kubeconfig", server.kubeconfig, "--topology", "default/measured"),
    ]
    with aggregator(tmp_path, *options) as found:
        eventually(lambda: ask(f"{found.url}/readyz").status == 200, what="readiness")
        yield found


def post(running: Running, node: str, peers: tuple[str, ...], **row: int) -> None:
    now_us = time.time_ns() // 1000
    head = {"sequence": now_us, "ended_us": now_us, "started_us": now_us - 1_000_000}
    payload = encode_report(report(node, peers, row=row, **head))
    answer = ask(f"{running.url}/v1/reports", payload, token=TOKEN + node)
    assert (answer.status, answer.json) == (202, {"accepted": len(peers), "dropped": 0})


async def test_a_report_becomes_the_nodes_object(
    api: Api, server: Server, running: Running, placed: list[str]
):
    first, second, third = placed
    row = {"sent": 40, "reached": 36, "received": 27}
    post(running, first, (third, second), **row)
    found = await api.until(f"{NETWORKS}/{first}", lambda found: "status" in found)
    node = await api.get(f"/api/v1/nodes/{first}")
    [owner] = found["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Node", first, node["metadata"]["uid"])
    assert found["spec"] == {"node": first}
    status = found["status"]
    assert status.pop("observedAt") < status.pop("validUntil")
    assert status == {
        "bootId": "boot-1",
        "peerCount": 2,
        "medianRtt": "1.0ms",
        "peers": [second, third],
        "rttMicros": [1000, 1000],
        "rttP90Micros": [1200, 1200],
        "jitterMicros": [100, 100],
        "lossToPpm": [100_000, 100_000],
        "lossFromPpm": [250_000, 250_000],
        "bandwidthBps": [0, 0],
        "samples": [40, 40],
    }
    command = netcore("topology", "--kubeconfig", server.kubeconfig, "--from", first, "-o", "json")
    shown = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await shown.communicate()
    assert [
        (link["destination"], link["rtt_ms"], link["loss"]) for link in json.loads(output)["links"]
    ] == [(second, 1.0, 0.1), (third, 1.0, 0.1)]
    # Deleted by somebody, it comes back with the next news.
    await api.delete(f"{NETWORKS}/{first}")
    slow = {"rtt_min_us": 9000, "rtt_p50_us": 9000, "rtt_p90_us": 9000, "jitter_us": 0}
    for _ in range(2):
        post(running, first, (second, third), **slow)
    found = await api.until(f"{NETWORKS}/{first}", lambda found: "status" in found)
    assert found["status"]["rttMicros"] == [9000, 9000]


async def test_costs_stand_beside_what_people_declared(
    api: Api, running: Running, placed: list[str]
):
    first, second, third = placed
    declared = {
        "name": "UserDefined",
        "topologyList": [
            {
                "topologyKey": REGION,
                "originList": [
                    {
                        "origin": "eu",
                        "costList": [
                            {"destination": "us", "networkCost": 7, "bandwidthCapacity": "1Gi"}
                        ],
                    }
                ],
            }
        ],
    }
    body = {
        "apiVersion": "networktopology.diktyo.x-k8s.io/v1alpha1",
        "kind": "NetworkTopology",
        "metadata": {"name": "measured", "labels": {"team": "net"}},
        "spec": {"configmapName": "theirs", "weights": [declared]},
    }
    await api.create(TOPOLOGIES, body)
    far = {"rtt_min_us": 90_000, "rtt_p50_us": 92_400, "rtt_p90_us": 99_000}
    post(running, first, (second,))
    post(running, third, (first,), **far)

    def has_all(found: Object) -> bool:
        weights = found["spec"]["weights"]
        return len(weights) == 2 and all(
            entry["originList"] for entry in weights[1]["topologyList"]
        )

    found = await api.until(f"{TOPOLOGIES}/measured", has_all)
    assert found["metadata"]["labels"] == {"team": "net"}
    assert found["spec"]["configmapName"] == "theirs"
    kept, ours = found["spec"]["weights"]
    assert kept == declared
    assert ours == {
        "name": "NetperfCosts",
        "topologyList": [
            {
                "topologyKey": REGION,
                "originList": [
                    {
                        "origin": "eu",
                        "costList": [
                            {"destination": "us", "networkCost": 92, "bandwidthCapacity": "1Gi"}
                        ],
                    },
                    {"origin": "us", "costList": [{"destination": "eu", "networkCost": 92}]},
                ],
            },
            {
                "topologyKey": ZONE,
                "originList": [
                    {"origin": "eu-a", "costList": [{"destination": "eu-b", "networkCost": 1}]},
                    {"origin": "eu-b", "costList": [{"destination": "eu-a", "networkCost": 1}]},
                ],
            },
        ],
    }
    assert found["status"]["nodeCount"] == len((await api.get("/api/v1/nodes"))["items"])
    assert found["status"]["weightCalculationTime"]
