"""The measuring part of the demo: a relay, an aggregator with its broker, an agent a node."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any, Final

from netcore.kube import KubeClient
from netcore.resources import NODE_NETWORK
from netcore_lab.demo._collection import Collection
from netcore_lab.demo._processes import Processes
from netcore_lab.demo._profiles import TOPOLOGY_NAME, TOPOLOGY_NAMESPACE
from netcore_lab.topology import EmulatedTopology

NETCORE: Final = "netcore.cli"
_CLUSTER: Final = "demo"
# Ten probes to each peer before the first report: a median needs no more.
_PROBE_EVERY: Final = "200ms"
_REPORT_EVERY: Final = "2s"


async def first_line(process: asyncio.subprocess.Process, *, timeout_s: float) -> dict[str, Any]:
    """The JSON line with which a program says that it is ready.

    Raises:
        TimeoutError: It said nothing in time.
        json.JSONDecodeError: It ended without a word.
    """
    assert process.stdout is not None
    async with asyncio.timeout(timeout_s):
        line: dict[str, Any] = json.loads(await process.stdout.readline())
        return line


async def start_measuring(
    processes: Processes, topology: EmulatedTopology, *, topology_file: str | None, kubeconfig: Path
) -> None:
    """Start all that measures.

    Args:
        processes: What to start it in.
        topology: The emulated network.
        topology_file: The file it came from, for the relay; None is the lab's own.
        kubeconfig: Of the cluster that the measurements go to.
    """
    words = ["--topology", topology_file] if topology_file else []
    relay = await processes.start("relay", "netcore_lab.relay", *words, capture=True)
    broker = f"127.0.0.1:{_free_port()}"
    aggregator = await processes.start(
        "aggregator",
        NETCORE,
        "aggregator",
        *("--cluster", _CLUSTER),
        *("--embedded-broker", broker),
        *("--listen", "127.0.0.1:0"),
        *("--kubeconfig", kubeconfig),
        *("--topology", f"{TOPOLOGY_NAMESPACE}/{TOPOLOGY_NAME}"),
        # Few nodes: each may probe all others, and be written at once.
        *("--peers", max(1, len(topology.nodes) - 1)),
        *("--writes-per-second", "50"),
        *("-o", "json"),
        capture=True,
    )
    addresses = (await first_line(relay, timeout_s=20))["nodes"]
    await first_line(aggregator, timeout_s=30)
    for node in topology.nodes:
        await processes.start(
            f"agent-{node.name}",
            "netcore_agents.probe.command",
            *("--node", node.name),
            *("--cluster", _CLUSTER),
            *("--bind", addresses[node.name]["agent"]),
            *("--advertise", addresses[node.name]["public"]),
            *("--broker", f"mqtt://{broker}"),
            *("--interval", _PROBE_EVERY),
            *("--report-interval", _REPORT_EVERY),
        )


async def measured(
    kube: KubeClient, topology: EmulatedTopology, *, timeout_s: float
) -> list[dict[str, Any]]:
    """Wait until each node has measured each other; return the NodeNetworks.

    Raises:
        TimeoutError: Some pair is still missing.
    """
    names = {node.name for node in topology.nodes}

    def is_complete(objects: dict[str, dict[str, Any]]) -> bool:
        return all(
            names - {name} <= set(objects.get(name, {}).get("status", {}).get("peers", ()))
            for name in names
        )

    async with Collection(kube, NODE_NETWORK) as networks:
        await networks.wait(is_complete, timeout_s=timeout_s)
        return list(networks.objects.values())


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
