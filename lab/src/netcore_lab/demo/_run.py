"""The demo from start to end."""

import asyncio
import json
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import yaml

from netcore.kube import KubeClient
from netcore.resources import NETWORK_TOPOLOGY, NODE, REGION_LABEL, ZONE_LABEL
from netcore_lab.demo._accuracy import accuracy
from netcore_lab.demo._collection import Collection
from netcore_lab.demo._network import NETCORE, first_line, measured, start_measuring
from netcore_lab.demo._placement import PlacementError, most_linked_pod, place, remove
from netcore_lab.demo._processes import Processes, ProgramEndedError, unless_ended
from netcore_lab.demo._profiles import (
    TOPOLOGY_NAME,
    TOPOLOGY_NAMESPACE,
    WAYS,
    scheduler_configuration,
)
from netcore_lab.demo._report import Placed, Report
from netcore_lab.evaluate import evaluate
from netcore_lab.topology import EmulatedTopology, TopologyError, load_topology
from netcore_lab.workloads import ONLINE_BOUTIQUE

_READY_S = 30.0
_MEASURED_S = 60.0


class DemoError(Exception):
    """The demo cannot go on; the message tells what failed and where to read more."""


async def run_demo(
    *,
    topology_file: str | None,
    replicas: int,
    keep: bool,
    progress: Callable[[str], None],
    result: Callable[[Report], None],
) -> None:
    """Emulate, measure, place three ways, compare.

    Args:
        topology_file: Topology file; None is the lab's own.
        replicas: Of each service.
        keep: Leave everything running after the result, until SIGINT or SIGTERM.
        progress: Told what happens, a line each.
        result: Given the report.

    Raises:
        DemoError: A program ended, or something took too long.
    """
    started = time.monotonic()
    try:
        topology = load_topology(topology_file)
    except TopologyError as error:
        raise DemoError(str(error)) from error
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netcore-demo-")))
        processes = await stack.enter_async_context(Processes(folder))
        demo = _Demo(processes, folder, topology, topology_file, replicas, progress)
        try:
            report = await unless_ended(processes, demo.run(started))
        except (ProgramEndedError, PlacementError) as error:
            raise DemoError(str(error)) from error
        except TimeoutError as error:
            raise DemoError(f"{demo.step}: took too long\n{_tails(processes)}") from error
        except json.JSONDecodeError as error:
            raise DemoError(f"{demo.step}: a program ended\n{_tails(processes)}") from error
        result(report)
        if keep:
            progress(
                f"\nEverything runs on. Try:\n  export KUBECONFIG={demo.kubeconfig}\n"
                "  kubectl get nodes,appgroups,nodenetworks\n  netcore topology\n"
                f"Logs are in {folder}. Ctrl-C ends it."
            )
            await unless_ended(processes, _until_signal())


class _Demo:
    """The steps, each with its name for error messages."""

    def __init__(
        self,
        processes: Processes,
        folder: Path,
        topology: EmulatedTopology,
        topology_file: str | None,
        replicas: int,
        progress: Callable[[str], None],
    ) -> None:
        self.step = "starting"
        self.kubeconfig = folder / "kubeconfig"
        self._processes = processes
        self._folder = folder
        self._topology = topology
        self._topology_file = topology_file
        self._replicas = replicas
        self._progress = progress

    async def run(self, started: float) -> Report:
        """Do all steps and return what they found."""
        count = len(self._topology.nodes)
        self._say(f"starting a cluster of {count} nodes")
        await self._start_cluster()
        async with await KubeClient.connect(self.kubeconfig) as kube:
            await self._wait_for_nodes(kube)
            self._say(
                f"starting {count} agents behind a relay; waiting until all pairs are measured"
            )
            await start_measuring(
                self._processes,
                self._topology,
                topology_file=self._topology_file,
                kubeconfig=self.kubeconfig,
            )
            networks = await measured(kube, self._topology, timeout_s=_MEASURED_S)
            await self._wait_for_costs(kube)
            network = self._topology.network()
            placed: list[Placed] = []
            for way in WAYS:
                if placed:
                    await remove(kube, ONLINE_BOUTIQUE)
                self._say(f"placing Online Boutique: {way.title}")
                placement = await place(kube, ONLINE_BOUTIQUE, way, replicas=self._replicas)
                placed.append(Placed(way, placement, evaluate(ONLINE_BOUTIQUE, placement, network)))
            pod = await most_linked_pod(kube, ONLINE_BOUTIQUE)
        self._say("explaining a pod")
        return Report(
            network=network,
            accuracy=accuracy(network, networks),
            placed=tuple(placed),
            explanation=await self._explain(pod),
            elapsed_s=time.monotonic() - started,
        )

    async def _start_cluster(self) -> None:
        nodes = self._folder / "nodes.yaml"
        nodes.write_text(yaml.safe_dump_all(map(_manifest, self._topology.nodes)), "utf-8")
        config = self._folder / "scheduler.yaml"
        config.write_text(yaml.safe_dump(scheduler_configuration()), "utf-8")
        up = await self._processes.start(
            "cluster",
            NETCORE,
            "up",
            *("--port", "0"),
            *("--data", self._folder / "data"),
            *("--kubeconfig", self.kubeconfig),
            *("--nodes", nodes),
            *("--scheduler-config", config),
            *("-o", "json"),
            capture=True,
        )
        await first_line(up, timeout_s=_READY_S)

    async def _wait_for_nodes(self, kube: KubeClient) -> None:
        names = {node.name for node in self._topology.nodes}
        async with Collection(kube, NODE) as nodes:
            await nodes.wait(lambda known: names <= known.keys(), timeout_s=_READY_S)

    async def _wait_for_costs(self, kube: KubeClient) -> None:
        """Wait for the costs between all regions, which NetworkOverhead decides by."""
        regions = {node.region for node in self._topology.nodes}
        async with Collection(kube, NETWORK_TOPOLOGY, namespace=TOPOLOGY_NAMESPACE) as found:
            await found.wait(
                lambda known: (
                    TOPOLOGY_NAME in known
                    and _origins(known[TOPOLOGY_NAME], REGION_LABEL) >= regions
                ),
                timeout_s=_READY_S,
            )

    async def _explain(self, pod: str) -> str:
        explain = await asyncio.create_subprocess_exec(
            *self._processes.command(NETCORE, "explain", pod, "--kubeconfig", self.kubeconfig),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await explain.communicate()
        return output.decode().rstrip()

    def _say(self, step: str) -> None:
        self.step = step
        self._progress(f"… {step}")


def _manifest(node: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {REGION_LABEL: node.region, ZONE_LABEL: node.zone},
        },
        "status": {"capacity": node.capacity},
    }


def _origins(topology: dict[str, Any], key: str) -> set[str]:
    """Origins that have costs under a topology key."""
    return {
        origin["origin"]
        for weights in topology["spec"]["weights"]
        for entry in weights["topologyList"]
        if entry["topologyKey"] == key
        for origin in entry["originList"]
    }


def _tails(processes: Processes) -> str:
    return "\n".join(
        f"--- {name}\n{processes.tail(name, 3)}"
        for name in ("cluster", "aggregator", "relay")
        if name in processes.ids
    )


async def _until_signal() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
