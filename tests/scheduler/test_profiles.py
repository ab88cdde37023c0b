"""Scheduler names and the profiles that serve them."""

from contextlib import aclosing
from pathlib import Path

import orjson
import pytest

from integration import manifests
from integration.process import Program, netcore
from integration.server import Server
from netcore.kube import KubeClient, load_credentials
from netcore.resources import NAMESPACE, NODE, POD
from netcore_scheduler.config import decode_configuration
from netcore_scheduler.shell.settings import profiles_by_name

TWO = {"profiles": [{"schedulerName": "a"}, {"schedulerName": "b"}]}
LABEL = "example.com/profiles"


@pytest.mark.parametrize(
    ("names", "served"),
    [
        ((), {"a": "a", "b": "b"}),
        (("b",), {"b": "b"}),
        # A name without a profile gets the first one's plugins.
        (("b", "c"), {"b": "b", "c": "a"}),
    ],
)
def test_each_name_gets_its_profile(names: tuple[str, ...], served: dict[str, str]) -> None:
    configuration = decode_configuration(
        {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"} | TWO
    )
    own = {profile.scheduler_name: profile for profile in configuration.profiles}
    found = profiles_by_name(configuration, names)
    assert found == {name: own[profile].renamed(name) for name, profile in served.items()}
    for name, profile in found.items():
        assert orjson.loads(profile.engine_json)["schedulerName"] == name


async def test_one_process_serves_profiles_that_disagree(server: Server, tmp_path: Path) -> None:
    """One packs pods together, the other spreads them; each places only those that name it."""

    def strategy(kind: str) -> list[dict]:
        strategy = {"type": kind, "resources": [{"name": "cpu", "weight": 1}]}
        return [{"name": "NodeResourcesFit", "args": {"scoringStrategy": strategy}}]

    alone = {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 1}]}
    config = tmp_path / "config.yaml"
    config.write_bytes(
        orjson.dumps(
            {
                "apiVersion": "kubescheduler.config.k8s.io/v1",
                "kind": "KubeSchedulerConfiguration",
                "profiles": [
                    {
                        "schedulerName": name,
                        "plugins": {"score": alone},
                        "pluginConfig": strategy(kind),
                    }
                    for name, kind in (("packs", "MostAllocated"), ("spreads", "LeastAllocated"))
                ],
            }
        )
    )
    command = netcore(
        *("scheduler", "--kubeconfig", server.kubeconfig, "--listen", "127.0.0.1:0"),
        *("--config", config),
    )
    room = {"cpu": "4", "memory": "8Gi", "pods": "20"}
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "500m"}}}
    names = {
        "packs": [f"packs-{n}" for n in range(4)],
        "spreads": [f"spreads-{n}" for n in range(4)],
    }
    async with KubeClient(await load_credentials(server.kubeconfig)) as kube:
        created = await kube.create(NAMESPACE, {"metadata": {"generateName": "profiles-"}})
        namespace = created["metadata"]["name"]
        for name in (name for nodes in names.values() for name in nodes):
            metadata = {"name": name, "labels": {LABEL: name.split("-")[0]}}
            status = {"capacity": room, "allocatable": room}
            await kube.create(NODE, {"metadata": metadata, "status": status})
        with Program(command, log=tmp_path / "log") as program:
            assert "packs, spreads" in program.first_line()
            for number in range(8):
                name = ("packs", "spreads")[number % 2]
                pod = manifests.pod(
                    f"p-{number}",
                    schedulerName=name,
                    nodeSelector={LABEL: name},
                    containers=[container],
                )
                await kube.create(POD, pod, namespace=namespace)
            used = await nodes_of_bound(kube, namespace, count=8)
        await kube.delete(NAMESPACE, namespace)
        for name in (name for nodes in names.values() for name in nodes):
            await kube.delete(NODE, name)
    assert len({node for node in used if node.startswith("packs")}) == 1
    assert len({node for node in used if node.startswith("spreads")}) == 4


async def nodes_of_bound(kube: KubeClient, namespace: str, *, count: int) -> list[str]:
    """The nodes of the namespace's pods, once so many have one."""
    nodes: dict[str, str] = {}
    items, version = await kube.list_all(POD, namespace=namespace)
    for pod in items:
        if node := pod["spec"].get("nodeName"):
            nodes[pod["metadata"]["name"]] = node
    if len(nodes) < count:
        watch = kube.watch(POD, namespace=namespace, resource_version=version)
        async with aclosing(watch) as events:
            async for _, _, pod in events:
                if node := pod.get("spec", {}).get("nodeName"):
                    nodes[pod["metadata"]["name"]] = node
                if len(nodes) == count:
                    break
    return list(nodes.values())
