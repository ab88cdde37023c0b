"""Diktyo's own benchmark case: one pod of Online Boutique to place, the other ten placed.

The Go plugin takes 86.6 ms on two cores for PreFilter, Filter and Score over 10,000 nodes. Here it
is one call of `plan`, with all that a plan does besides: the best node, its explanation, the
decision as an object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import netcore
from harness.timing import in_turns

if TYPE_CHECKING:
    from harness.recorder import Report

GROUP_LABEL = "appgroup.diktyo.x-k8s.io"
REGIONS, ZONES = 5, 50
CALLS = {
    "frontend": ["cart", "catalog", "currency", "shipping", "checkout", "ad"],
    "cart": ["frontend", "redis"],
    "catalog": ["frontend", "checkout", "recommendation"],
    "currency": ["frontend", "checkout"],
    "payment": ["checkout"],
    "shipping": ["frontend", "checkout"],
    "email": ["checkout"],
    "checkout": ["frontend", "cart", "catalog", "currency", "payment", "shipping", "email"],
    "recommendation": ["frontend", "catalog"],
    "ad": ["frontend"],
    "redis": ["cart"],
}


def metadata(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "default", "uid": name}


def app_group() -> bytes:
    def reference(name: str) -> dict[str, str]:
        return {"kind": "Deployment", "name": name, "selector": name}

    workloads = [
        {
            "workload": reference(caller),
            "dependencies": [
                {"workload": reference(callee), "minBandwidth": "100Mi", "maxNetworkCost": 80}
                for callee in callees
            ],
        }
        for caller, callees in CALLS.items()
    ]
    spec = {"topologySortingAlgorithm": "KahnSort", "workloads": workloads}
    return json.dumps({"metadata": metadata("app"), "spec": spec}).encode()


def declared_costs() -> bytes:
    def costs(key: str, prefix: str, count: int) -> dict[str, object]:
        origins = [
            {
                "origin": f"{prefix}{origin}",
                "costList": [
                    {
                        "destination": f"{prefix}{other}",
                        "networkCost": 1 + (origin * 31 + other * 17) % 100,
                    }
                    for other in range(count)
                    if other != origin
                ],
            }
            for origin in range(count)
        ]
        return {"topologyKey": f"topology.kubernetes.io/{key}", "originList": origins}

    lists = [costs("region", "r", REGIONS), costs("zone", "z", ZONES)]
    spec = {"weights": [{"name": "UserDefined", "topologyList": lists}]}
    return json.dumps({"metadata": metadata("nt-default"), "spec": spec}).encode()


def node(index: int) -> bytes:
    labels = {
        "topology.kubernetes.io/region": f"r{index % REGIONS}",
        "topology.kubernetes.io/zone": f"z{index % ZONES}",
    }
    return json.dumps({"metadata": {"name": f"n{index:05}", "labels": labels}}).encode()


def pod(workload: str, on: str | None = None) -> bytes:
    labels = {GROUP_LABEL: "app", f"{GROUP_LABEL}.workload": workload}
    spec = {"nodeName": on} if on else {}
    return json.dumps({"metadata": metadata(workload) | {"labels": labels}, "spec": spec}).encode()


@pytest.mark.parametrize("pending", ["checkout", "frontend"])
def test_one_pod_of_online_boutique(report: Report, pending: str) -> None:
    nodes = 10_000
    state = netcore.ClusterState()
    for index in range(nodes):
        state.apply("Node", node(index))
    state.apply("AppGroup", app_group())
    state.apply("NetworkTopology", declared_costs())
    for index, workload in enumerate(name for name in CALLS if name != pending):
        state.apply("Pod", pod(workload, f"n{index * 7919 % nodes:05}"))
    state.apply("Pod", pod(pending))
    plugin = "NetworkOverhead"
    profile = netcore.Profile(
        json.dumps(
            {
                "schedulerName": "s",
                "queueSort": {"name": "TopologicalSort"},
                "filters": [{"name": plugin}],
                "scores": [{"name": plugin, "weight": 1}],
            }
        ).encode()
    )
    keys = [f"default/{pending}"]
    (taken,) = in_turns(lambda: state.plan(profile, keys, commit=False), rounds=400, warmups=20)
    decision = state.plan(profile, keys, commit=False).decisions[0]
    assert decision.evaluated == nodes
    assert 0 < decision.feasible < nodes
    report.row(
        f"one pod ({pending}) by NetworkOverhead, 10 placed, {nodes:,} nodes, through Python",
        taken.median_s * 1e6,
        "µs",
        at_most=90.0,
    )
