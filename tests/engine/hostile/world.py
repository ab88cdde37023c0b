"""A small cluster with an application and a network, and what must hold of it at all times."""

import json

import numpy as np
import orjson

import netcore
from engine.objects import FILTERS, SCORES, app_group, encode, member, node, pod

NODES = [f"n{index}" for index in range(6)]
PENDING = [f"ns/p{index}" for index in range(4)]
NOW = 1_767_225_600.0


def labelled(name: str, index: int) -> bytes:
    found = json.loads(node(name, taints=[{"key": "spot", "effect": "PreferNoSchedule"}]))
    found["metadata"]["labels"] |= {
        "topology.kubernetes.io/region": f"r{index % 2}",
        "topology.kubernetes.io/zone": f"z{index % 3}",
    }
    return json.dumps(found).encode()


def costs(key: str, names: list[str]) -> dict:
    return {
        "topologyKey": f"topology.kubernetes.io/{key}",
        "originList": [
            {
                "origin": origin,
                "costList": [
                    {"destination": other, "networkCost": 20, "bandwidthCapacity": "1Gi"}
                    for other in names
                    if other != origin
                ],
            }
            for origin in names
        ],
    }


def profile_form() -> dict:
    return {
        "schedulerName": "netcore",
        "queueSort": {"name": "AppGroupSort"},
        "filters": [{"name": name} for name in (*FILTERS, "NetworkOverhead")],
        "scores": [
            *({"name": name, "weight": weight} for name, weight in SCORES.items()),
            {"name": "NetworkOverhead", "weight": 1},
        ],
    }


# One good object of each kind, to be spoilt.
DOCUMENTS = {
    "Node": labelled("n1", 1),
    "Pod": member(
        "p0",
        "g",
        "web",
        nodeSelector={"kubernetes.io/hostname": "n1"},
        tolerations=[{"key": "spot", "operator": "Exists", "tolerationSeconds": 3}],
        priority=5,
    ),
    "Namespace": encode(metadata={"name": "ns", "labels": {"a": "b"}}),
    "Service": encode(metadata={"namespace": "ns", "name": "s"}, spec={"selector": {"a": "b"}}),
    "AppGroup": app_group(
        "g",
        {
            "web": {
                "cart": {"weight": 2.5, "maxNetworkCost": 90},
                "ads": {"minBandwidth": "10Mi"},
            },
            "cart": {"redis": {"weight": 9}},
            "ads": {},
            "redis": {},
        },
    ),
    "NetworkTopology": encode(
        metadata={"namespace": "ns", "name": "nt-default"},
        spec={
            "weights": [
                {
                    "name": "UserDefined",
                    "topologyList": [costs("region", ["r0", "r1"]), costs("zone", ["z0", "z1"])],
                }
            ]
        },
    ),
    "NodeNetwork": encode(
        metadata={"name": "n0"},
        spec={"node": "n0"},
        status={
            "observedAt": "2026-01-01T00:00:00Z",
            "validUntil": "2026-01-01T00:10:00Z",
            "peers": ["n1", "n2"],
            "rttMicros": [1500, 90],
            "jitterMicros": [10, 5],
            "rttP90Micros": [1900, 200],
            "lossToPpm": [100, 0],
            "lossFromPpm": [0, 999],
            "bandwidthBps": [1_000_000_000, 0],
        },
    ),
}
COSTS = np.abs(np.subtract.outer(np.arange(6, dtype="f4"), np.arange(6, dtype="f4")))
# What is known is the way to the next node only.
NEAR = np.where(COSTS == 1, COSTS, np.float32(np.nan))
PROFILE = encode(**profile_form())


class World:
    """The cluster and what else of the engine a hostile caller can reach."""

    def __init__(self) -> None:
        self.state = netcore.ClusterState()
        for index, name in enumerate(NODES):
            self.state.apply("Node", labelled(name, index))
        for kind in ("Namespace", "Service", "AppGroup", "NetworkTopology", "NodeNetwork"):
            self.state.apply(kind, DOCUMENTS[kind])
        for index, workload in enumerate(("web", "cart", "ads", "redis")):
            self.state.apply("Pod", member(f"p{index}", "g", workload, cpu="100m"))
            self.state.apply("Pod", member(f"b{index}", "g", workload, nodeName=NODES[index]))
        self.state.apply("Pod", pod("alone"))
        self.state.set_time(NOW)
        self.profile = netcore.Profile(PROFILE)
        self.topology = netcore.Topology(NODES, np.ones((6, 6), np.float32))
        self.sparse = netcore.Topology(NODES, NEAR)
        self.estimate = self.sparse.estimate()
        self.costs = {
            "f32": netcore.CostMatrix(COSTS),
            "asymmetric": netcore.CostMatrix(np.triu(COSTS)),
            "u16": netcore.CostMatrix(COSTS, storage="u16", largest_cost=100.0),
            "zones": netcore.CostMatrix(COSTS, storage="zones", zones=np.arange(6) % 2),
        }
        self.graph = netcore.AppGraph.from_app_group(DOCUMENTS["AppGroup"])


def wrong_in_plan(
    state: netcore.ClusterState, plan: netcore.Plan, detail: str, *, is_group: bool = False
) -> str | None:
    """What is impossible in a plan; one of a group may put a pod on another than its best node."""
    nodes = set(state.nodes)
    for decision in plan.decisions:
        if decision.node is not None and decision.node not in nodes:
            return f"{decision.pod} goes to {decision.node!r}, which is no node"
        if not 0 <= decision.feasible <= decision.evaluated <= len(nodes):
            return f"{decision.feasible} feasible of {decision.evaluated} of {len(nodes)} nodes"
        if (decision.node is None) != (decision.feasible == 0):
            return f"{decision.feasible} feasible nodes, placed on {decision.node!r}"
        summary = decision.summary()
        if len(summary) >= 4096:
            return f"a summary of {len(summary)} bytes: {summary[:600]!r}"
        for best in orjson.loads(summary)["top"]:
            if wrong := wrong_in_scores(best["total"], best["scores"].values()):
                return wrong
        if detail == "full" and (wrong := wrong_in_verdicts(decision, is_group=is_group)):
            return wrong
    return None


def wrong_in_verdicts(decision: netcore.Decision, *, is_group: bool) -> str | None:
    totals = {}
    for verdict in decision.nodes():
        if verdict["accepted"]:
            scores = [
                (score["raw"], score["normalized"], score["weighted"])
                for score in verdict["scores"].values()
            ]
            if wrong := wrong_in_scores(verdict["total"], scores):
                return wrong
            totals[verdict["node"]] = verdict["total"]
        elif not verdict["reasons"]:
            return f"{verdict['node']} is rejected for no reason"
    rejected = {verdict["node"] for verdict in decision.nodes()} - totals.keys()
    if set(decision.codes()) != rejected:
        return f"codes {decision.codes()} of {rejected}"
    if (decision.node is None) != (not totals) or (totals and decision.node not in totals):
        return f"placed on {decision.node!r} of {totals}"
    if len(totals) != decision.feasible:
        return f"{decision.feasible} feasible, {len(totals)} accepted"
    if totals and not is_group and totals[decision.node] != max(totals.values()):
        return f"{decision.node} is not the best of {totals}"
    return None


def wrong_in_scores(total, scores) -> str | None:
    scores = list(scores)
    if type(total) is not int or total != sum(weighted for _, _, weighted in scores):
        return f"total {total} of {scores}"
    for _, normalized, weighted in scores:
        if not 0 <= normalized <= 100 or (weighted < normalized):
            return f"scores {scores}"
    return None


def wrong_in_state(state: netcore.ClusterState) -> str | None:
    """What is impossible in a state, whatever was put into it."""
    counts = state.counts()
    if counts["Node"] != len(set(state.nodes)):
        return f"{counts['Node']} nodes, named {state.nodes}"
    if counts["Pod"] != counts["bound"] + counts["assumed"] + counts["pending"]:
        return f"pods do not add up: {counts}"
    if any(count < 0 for count in counts.values()):
        return f"a negative count: {counts}"
    topology = state.topology()
    if topology.nodes != state.nodes:
        return "the topology has other nodes"
    for quantity in (topology.rtt_ms(), topology.loss(), topology.cost("slo"), topology.age_s()):
        known = quantity[~np.isnan(quantity)]
        if not (np.isfinite(known) & (known >= 0)).all():
            return f"an impossible link: {quantity}"
    return None
