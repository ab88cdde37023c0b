"""What the network between the nodes takes: memory, taking in reports, placing by it.

The nodes stand in fifty zones and each reports sixteen peers, the assignment of an aggregator: of
15,000 nodes that is one link in a thousand.
"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import netcore
from harness.recorder import Report
from harness.timing import in_turns

PEERS = 16
STRIDE = 37
# Cells of a state in which everything is reported, bytes: round trip, its 90th percentile and loss
# (f32) and bandwidth (f64) each with its transpose; jitter (f32) and source (u8) without.
CELL_BYTES = 2 * (4 + 4 + 4 + 8) + 4 + 1


def node(index: int) -> bytes:
    zone = index % 50
    labels = {
        "topology.kubernetes.io/region": f"r{zone % 5}",
        "topology.kubernetes.io/zone": f"z{zone}",
    }
    return json.dumps({"metadata": {"name": f"n{index}", "labels": labels}}).encode()


def report_of(index: int, peers: Sequence[int], *, rtt_us: int = 500) -> bytes:
    name, count = f"n{index}", len(peers)
    return json.dumps(
        {
            "metadata": {"name": name},
            "spec": {"node": name},
            "status": {
                "observedAt": "2026-01-01T00:00:00Z",
                "validUntil": "2026-01-01T01:00:00Z",
                "peers": [f"n{peer}" for peer in peers],
                "rttMicros": [rtt_us + peer for peer in peers],
                "rttP90Micros": [rtt_us + 2 * peer for peer in peers],
                "jitterMicros": [50] * count,
                "lossToPpm": [peer % 100 for peer in peers],
                "lossFromPpm": [0] * count,
                "bandwidthBps": [1_000_000_000] * count,
            },
        }
    ).encode()


def peers_of(index: int, nodes: int) -> list[int]:
    return [(index + STRIDE * stride) % nodes for stride in range(1, PEERS + 1)]


def grown(nodes: int, storage: str) -> netcore.ClusterState:
    """A state whose nodes joined one after another, each with its report of those before it.

    At the end each reports once more, of all others, so that no row stays short.
    """
    state = netcore.ClusterState(storage=storage)
    for index in range(nodes):
        state.apply("Node", node(index))
        before = sorted({(index - STRIDE * stride) % (index + 1) for stride in range(1, PEERS + 1)})
        peers = [peer for peer in before if peer != index]
        state.apply("NodeNetwork", report_of(index, peers))
    for index in range(nodes):
        state.apply("NodeNetwork", report_of(index, [*peers_of(index, nodes), (index + 1) % nodes]))
    return state


def measured(nodes: int, storage: str) -> netcore.ClusterState:
    state = netcore.ClusterState(storage=storage)
    for index in range(nodes):
        state.apply("Node", node(index))
    for index in range(nodes):
        state.apply("NodeNetwork", report_of(index, peers_of(index, nodes)))
    return state


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_sparse(report: Report) -> None:
    nodes = 15_000
    state = measured(nodes, "auto")
    report.row(
        "topology of 15,000 nodes with 16 peers each, held",
        state.nbytes / 1e6,
        "MB",
        reference="the same in plain matrices, by their size",
        reference_value=nodes * nodes * CELL_BYTES / 1e6,
        ratio_at_most=0.02,
    )


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_memory_dense(report: Report) -> None:
    nodes = 2_500
    matrices = nodes * nodes * CELL_BYTES / 1e6
    # The reports themselves, and what the allocator keeps from before, are not the matrices'.
    sparse_before = resident_bytes()
    sparse = grown(nodes, "sparse")
    before = resident_bytes()
    dense = grown(nodes, "dense")
    taken = (resident_bytes() - before) - (before - sparse_before) + sparse.nbytes
    report.row(
        "dense topology of 2,500 nodes that joined one by one, held",
        dense.nbytes / 1e6,
        "MB",
        reference="its matrices, by their size",
        reference_value=matrices,
        ratio_at_most=1.1,
    )
    report.row(
        "dense topology of 2,500 nodes that joined one by one, resident",
        taken / 1e6,
        "MB",
        reference="its matrices, by their size",
        reference_value=matrices,
        ratio_at_most=1.1,
    )


def test_reports_taken_in(report: Report) -> None:
    nodes = 15_000
    reports = [report_of(index, peers_of(index, nodes)) for index in range(nodes)]

    def take_in() -> None:
        state = netcore.ClusterState()
        for index in range(nodes):
            state.apply("Node", node(index))
        for each in reports:
            state.apply("NodeNetwork", each)

    def decode() -> None:
        for index in range(nodes):
            json.loads(node(index))
        for each in reports:
            json.loads(each)

    taken, decoded = in_turns(take_in, decode, rounds=2)
    report.row(
        "15,000 nodes and their reports of 16 peers taken in",
        taken.least_s,
        "s",
        reference="json.loads of the same objects",
        reference_value=decoded.least_s,
        ratio_at_most=5,
    )


LABEL = "appgroup.diktyo.x-k8s.io"
PROFILE = json.dumps(
    {
        "schedulerName": "s",
        "queueSort": {"name": "PrioritySort"},
        "filters": [{"name": "NetworkLimits"}],
        "scores": [{"name": "NetworkCost", "weight": 1}],
    }
).encode()


def pod(name: str, workload: str, on: str | None) -> bytes:
    labels = {LABEL: "app", f"{LABEL}.workload": workload}
    return json.dumps(
        {
            "metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels},
            "spec": {"nodeName": on},
        }
    ).encode()


def placing(nodes: int, storage: str) -> Callable[[], object]:
    """Take in a report and place a pod that works with ten placed ones, by fresh links."""
    state = measured(nodes, storage)
    callees = [f"w{index}" for index in range(10)]

    def reference(name: str) -> dict[str, str]:
        return {"kind": "Deployment", "name": name, "selector": name}

    dependencies = [{"workload": reference(name), "maxNetworkCost": 60} for name in callees]
    workloads = [{"workload": reference("web"), "dependencies": dependencies}]
    workloads += [{"workload": reference(name)} for name in callees]
    group = {"metadata": {"name": "app", "namespace": "default"}, "spec": {"workloads": workloads}}
    state.apply("AppGroup", json.dumps(group).encode())
    hosts = [index * 7919 % nodes for index in range(10)]
    for host, callee in zip(hosts, callees, strict=True):
        state.apply("Pod", pod(callee, callee, f"n{host}"))
    state.apply("Pod", pod("web", "web", None))
    profile = netcore.Profile(PROFILE)
    changing = [
        [report_of(host, peers_of(host, nodes), rtt_us=rtt_us) for host in hosts]
        for rtt_us in (600, 700)
    ]
    turn = 0

    def place() -> None:
        nonlocal turn
        turn += 1
        for each in changing[turn % 2]:
            state.apply("NodeNetwork", each)
        state.plan(profile, ["default/web"], commit=False)

    return place


def test_placing_by_fresh_links(report: Report) -> None:
    sparse, dense = in_turns(
        placing(15_000, "sparse"), placing(5_000, "dense"), rounds=20, warmups=3
    )
    report.row(
        "a pod with ten peers placed after ten reports, 15,000 nodes sparse, a node",
        sparse.median_s * 1e9 / 15_000,
        "ns",
        reference="5,000 nodes dense, a node",
        reference_value=dense.median_s * 1e9 / 5_000,
        ratio_at_most=1.0,
    )
