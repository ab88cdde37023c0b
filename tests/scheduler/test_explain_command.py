"""`netcore explain` on a cluster where the scheduler is at work."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from integration import manifests
from integration.process import Program, netcore
from integration.server import Server
from netcore.resources import DECISION_ANNOTATION

PODS = "/api/v1/namespaces/default/pods"
NODES = "/api/v1/nodes"
LABEL = "example.com/explain"


class Cluster:
    """Two nodes of the module's own, and a scheduler for pods that name `explained`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.send = server.endpoint.send
        self.made: list[str] = []

    def node(self, name: str, cpu: str) -> None:
        room = {"cpu": cpu, "memory": "8Gi", "pods": "20"}
        self.send(
            "POST",
            NODES,
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": {LABEL: "yes"}},
                "status": {"capacity": room, "allocatable": room},
            },
        )

    def pod(
        self,
        name: str,
        *,
        scheduler: str = "explained",
        annotations: dict[str, str] | None = None,
        **spec: object,
    ) -> None:
        spec = {"nodeSelector": {LABEL: "yes"}, "schedulerName": scheduler} | spec
        body = manifests.pod(name, **spec)
        body["metadata"]["annotations"] = annotations or {}
        self.send("POST", PODS, body)
        self.made.append(name)

    def clear(self) -> None:
        for name in self.made:
            self.send("DELETE", f"{PODS}/{name}", {"gracePeriodSeconds": 0})

    def until(self, name: str, holds: Callable[[dict], object]) -> dict:
        deadline = time.monotonic() + 30
        while True:
            found = json.loads(self.send("GET", f"{PODS}/{name}"))
            if holds(found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def bound(self, name: str) -> str:
        return self.until(name, lambda pod: pod["spec"].get("nodeName"))["spec"]["nodeName"]

    def explain(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            netcore("explain", *arguments, "--kubeconfig", self.server.kubeconfig),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def told(self, *arguments: object) -> str:
        done = self.explain(*arguments)
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if len(line) > 100] == []
        return done.stdout


@pytest.fixture(scope="module")
def cluster(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(server)
    cluster.node("explain-large", "8")
    cluster.node("explain-small", "2")
    command = netcore(
        *("scheduler", "--kubeconfig", server.kubeconfig, "--listen", "127.0.0.1:0"),
        *("--scheduler-name", "explained"),
    )
    log = tmp_path_factory.mktemp("explain") / "scheduler.log"
    with Program(command, log=log) as program:
        assert "scheduling pods of explained" in program.first_line()
        yield cluster
    cluster.clear()
    for name in ("explain-large", "explain-small"):
        cluster.send("DELETE", f"{NODES}/{name}")


@pytest.fixture(scope="module")
def placed(cluster: Cluster) -> str:
    cluster.pod("placed")
    return cluster.bound("placed")


def test_a_placed_pod_is_explained_by_what_the_scheduler_recorded(
    cluster: Cluster, placed: str
) -> None:
    text = cluster.told("placed")
    assert f"default/placed → {placed}" in text
    assert "recorded" in text
    assert "explain-small" in text
    assert "didn't match Pod's node affinity/selector (NodeAffinity)" in text
    found = json.loads(cluster.told("placed", "-o", "json").replace("\n", ""))
    assert found["node"] == found["boundTo"] == placed
    assert found["feasible"] == 2
    assert {entry["node"] for entry in found["top"]} == {"explain-large", "explain-small"}
    assert found["top"][0]["total"] >= found["top"][1]["total"]


def test_it_is_planned_anew_on_demand_with_its_own_room_free(cluster: Cluster, placed: str) -> None:
    text = cluster.told("placed", "--now")
    assert f"default/placed → {placed}" in text
    assert "planned now" in text


def test_a_pod_that_another_placed_is_planned_on_the_live_cluster(cluster: Cluster) -> None:
    cluster.pod("theirs", scheduler="nobody", nodeName="explain-small")
    text = cluster.told("theirs")
    assert "planned now" in text
    assert "→ explain-large (it is bound to explain-small)" in text


def test_a_waiting_pod_is_told_what_it_waits_for(cluster: Cluster) -> None:
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "99"}}}
    cluster.pod("large", containers=[container])
    cluster.until("large", lambda pod: pod["status"].get("conditions"))
    text = cluster.told("large", "-n", "default")
    assert "default/large → no node" in text
    assert "Insufficient cpu (NodeResourcesFit)" in text


def test_what_cannot_be_explained(cluster: Cluster) -> None:
    missing = cluster.explain("missing")
    assert missing.returncode == 1
    assert 'pods "missing" not found' in missing.stderr
    cluster.pod("garbled", nodeName="explain-large", annotations={DECISION_ANNOTATION: "{"})
    garbled = cluster.explain("garbled")
    assert garbled.returncode == 1
    assert "try --now" in garbled.stderr
