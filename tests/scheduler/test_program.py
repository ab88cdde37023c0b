"""The `netcore scheduler` process: its start, what it serves, its end."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from integration import manifests
from integration.process import Program, netcore
from integration.server import Server

_PODS_AND_EVENTS = (("/api/v1", "pods"), ("/apis/events.k8s.io/v1", "events"))


@contextmanager
def scheduler(server: Server, log: Path, *options: object) -> Iterator[tuple[Program, str]]:
    """A scheduler for pods that name `mine`, and the URL of its health and metrics."""
    command = netcore(
        "scheduler",
        *("--kubeconfig", server.kubeconfig, "--listen", "127.0.0.1:0"),
        *("--scheduler-name", "mine", "-o", "json", *options),
    )
    with Program(command, log=log) as program:
        told = json.loads(program.first_line())
        assert told["schedulerNames"] == ["mine"]
        yield program, f"http://{told['listen']}"


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def figures(url: str) -> dict[str, float]:
    """Metrics without the comments: name and labels → value."""
    lines = [line for line in read(f"{url}/metrics").splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_health_and_metrics(server: Server, tmp_path: Path) -> None:
    pods = "/api/v1/namespaces/default/pods"
    name = f"hopeless-{tmp_path.name[:20].replace('_', '-')}"
    pod = manifests.pod(name, schedulerName="mine", nodeSelector={"nowhere": "yes"})
    with scheduler(server, tmp_path / "log") as (_, url):
        for path in ("healthz", "livez", "readyz"):
            assert read(f"{url}/{path}") == "ok"
        with pytest.raises(HTTPError) as refused:
            read(f"{url}/nothing")
        assert refused.value.code == 404
        refused.value.close()
        server.endpoint.send("POST", pods, pod)
        unschedulable = 'scheduler_schedule_attempts_total{profile="mine",result="unschedulable"}'
        deadline = time.monotonic() + 30
        while not (found := figures(url)).get(unschedulable):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        assert found['scheduler_pending_pods{queue="unschedulable"}'] == 1
        assert found['scheduler_queue_incoming_pods_total{event="PodAdd",queue="active"}'] == 1
        assert found["netcore_stale_node_networks"] == 0
        assert found["netcore_object_warnings"] == 0
        assert 0 < found["process_resident_memory_bytes"] < 90e6
        server.endpoint.send("DELETE", f"{pods}/{name}")


def test_it_ends_within_its_grace_on_sigterm(server: Server, tmp_path: Path) -> None:
    with scheduler(server, tmp_path / "log") as (program, _):
        pass
    assert program.process.returncode == 0
    assert '"ERROR"' not in program.log_tail()


def test_what_is_bound_at_the_end_is_told_of(server: Server, tmp_path: Path) -> None:
    """SIGTERM in the middle of placing: bindings under way end, and their events are posted."""
    pods, events = (f"{root}/namespaces/default/{kind}" for root, kind in _PODS_AND_EVENTS)
    with scheduler(server, tmp_path / "log") as (program, _):
        for number in range(100):
            server.endpoint.send("POST", pods, manifests.pod(f"end-{number}", schedulerName="mine"))
            if number == 50:
                program.process.terminate()
        assert program.process.wait(10) == 0
    found = json.loads(server.endpoint.send("GET", pods))["items"]
    bound = {pod["metadata"]["uid"] for pod in found if pod["spec"].get("nodeName")}
    assert 0 < len(bound) < 100
    told = [
        event["regarding"]["uid"]
        for event in json.loads(server.endpoint.send("GET", events))["items"]
        if event["reason"] == "Scheduled"
    ]
    assert sorted(uid for uid in told if uid in bound) == sorted(bound)
    server.endpoint.send("DELETE", pods, {"gracePeriodSeconds": 0})


def test_it_ends_with_its_parent(server: Server, tmp_path: Path) -> None:
    command = netcore(
        *("scheduler", "--kubeconfig", server.kubeconfig, "--listen", "127.0.0.1:0"),
        "--until-stdin-ends",
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"scheduling pods of netcore")
        process.communicate(timeout=10)
        assert process.returncode == 0


def test_a_leader_says_so_in_its_lease(server: Server, tmp_path: Path) -> None:
    path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/netcore-scheduler"
    with scheduler(server, tmp_path / "log", "--leader-elect"):
        deadline = time.monotonic() + 30
        while not (holder := _holder(server, path)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "_" in holder
    # Given up at the end, for the next one.
    assert _holder(server, path) is None


def _holder(server: Server, path: str) -> str | None:
    try:
        return json.loads(server.endpoint.send("GET", path))["spec"].get("holderIdentity")
    except HTTPError as error:
        error.close()
        return None


def refusal(*arguments: object) -> str:
    done = subprocess.run(
        netcore("scheduler", *arguments), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
        "profiles: [{schedulerName: a, plugin: {}}]\n"
    )
    message = refusal("--config", config)
    assert "config.yaml" in message
    assert "plugin" in message


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    assert "nothing-here" in refusal("--kubeconfig", tmp_path / "nothing-here")


def test_a_taken_address_is_named(server: Server, tmp_path: Path) -> None:
    with scheduler(server, tmp_path / "log") as (_, url):
        taken = url.removeprefix("http://")
        assert taken in refusal("--kubeconfig", server.kubeconfig, "--listen", taken)
