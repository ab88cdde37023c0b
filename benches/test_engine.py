"""What the engine itself takes, at the boundary to Python: decoding, and placing.

A cluster of ordinary nodes and pods whose JSON is as long as an API server's (1.6 kB a pod); 50
Deployments, so that most pods share their specification with others, as they do in practice.
"""

import json

import pytest

import netcore
from engine.objects import FILTERS, SCORES, profile
from harness.recorder import Report
from harness.timing import in_turns

DEPLOYMENTS = 50


def node(index: int) -> bytes:
    name = f"node-{index:05}"
    conditions = [
        {
            "type": kind,
            "status": "False",
            "lastHeartbeatTime": "2026-01-01T00:00:00Z",
            "reason": "KubeletHasSufficientMemory",
            "message": "kubelet has sufficient memory available",
        }
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    ]
    return json.dumps(
        {
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/hostname": name,
                    "topology.kubernetes.io/zone": f"zone-{index % 10}",
                },
            },
            "spec": {"taints": [{"key": "spot", "effect": "PreferNoSchedule"}] * (index % 7 == 0)},
            "status": {
                "allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110"},
                "conditions": conditions,
            },
        }
    ).encode()


def pod(index: int) -> bytes:
    app = f"app-{index % DEPLOYMENTS}"
    fields = {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:containers": {}}}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{app}-{index:06}",
                "namespace": "default",
                "uid": f"uid-{index}",
                "resourceVersion": str(index),
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"app": app},
                "managedFields": [{"manager": "controller", "fieldsV1": fields}] * 4,
            },
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "registry.example.com/app:v1",
                        "resources": {
                            "requests": {
                                "cpu": f"{100 + index % DEPLOYMENTS}m",
                                "memory": "128Mi",
                            }
                        },
                        "volumeMounts": [{"name": "api-access", "mountPath": "/var/run/secrets"}],
                    }
                ],
                "schedulerName": "netcore",
                "tolerations": [
                    {
                        "key": f"node.kubernetes.io/{state}",
                        "operator": "Exists",
                        "effect": "NoExecute",
                        "tolerationSeconds": 300,
                    }
                    for state in ("not-ready", "unreachable")
                ],
            },
            "status": {"phase": "Pending"},
        }
    ).encode()


def test_taking_in_pods(report: Report) -> None:
    pods = [pod(index) for index in range(5000)]

    def apply() -> None:
        state = netcore.ClusterState()
        for each in pods:
            state.apply("Pod", each)

    def parse() -> None:
        for each in pods:
            json.loads(each)

    applied, parsed = in_turns(apply, parse, rounds=7)
    report.row(
        f"take in a pod of {len(pods[0]) / 1000:.1f} kB",
        applied.median_s / len(pods) * 1e6,
        "µs",
        reference="json.loads of the same bytes",
        reference_value=parsed.median_s / len(pods) * 1e6,
        ratio_at_most=1.0,
    )


@pytest.mark.parametrize("nodes", [500, 5000, 15000])
def test_placing_pods(report: Report, nodes: int) -> None:
    state = netcore.ClusterState()
    for index in range(nodes):
        state.apply("Node", node(index))
    keys = [state.apply("Pod", pod(index)).key for index in range(2000)]
    own = profile()

    def place() -> None:
        for start in range(0, len(keys), 250):
            state.plan(own, keys[start : start + 250])

    def give_back() -> None:
        for key in keys:
            state.forget(key)

    placed, _ = in_turns(place, give_back, rounds=3)
    report.row(
        f"place a pod among {nodes:,} nodes: {len(FILTERS)} filters, {len(SCORES)} scores",
        placed.median_s / len(keys) * 1e6,
        "µs",
    )
