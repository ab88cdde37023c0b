"""Objects for the engine's tests, in JSON as the API server sends it."""

import json

import netcore


def encode(**fields):
    return json.dumps(fields).encode()


def node(name, *, cpu="4", **spec):
    return encode(
        metadata={"name": name, "labels": {"kubernetes.io/hostname": name}},
        spec=spec,
        status={"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}},
    )


def pod(name, *, cpu="1", labels=None, metadata=None, phase="Pending", **spec):
    return encode(
        metadata={
            "namespace": "ns",
            "name": name,
            "uid": f"uid-{name}",
            "labels": labels or {},
            **(metadata or {}),
        },
        spec={"containers": [{"resources": {"requests": {"cpu": cpu}}}], **spec},
        status={"phase": phase},
    )


FILTERS = (
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "NetworkLimits",
)
SCORES = {
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodeResourcesFit": 1,
    "NodeResourcesBalancedAllocation": 1,
    "NetworkCost": 5,
}


def profile(*, queue_sort="AppGroupSort", filters=FILTERS, scores=None, name="netcore"):
    weights = SCORES if scores is None else scores
    return netcore.Profile(
        encode(
            schedulerName=name,
            queueSort={"name": queue_sort},
            filters=[{"name": plugin} for plugin in filters],
            scores=[{"name": plugin, "weight": weight} for plugin, weight in weights.items()],
        )
    )


def cluster(*objects):
    """A state of (kind, JSON) pairs."""
    state = netcore.ClusterState()
    for kind, obj in objects:
        state.apply(kind, obj)
    return state


def app_group(name, workloads, algorithm="TrafficSort"):
    """`workloads`: selector → {callee: fields of the dependency}."""

    def reference(selector):
        return {"kind": "Deployment", "name": selector, "selector": selector}

    return encode(
        metadata={"namespace": "ns", "name": name},
        spec={
            "numMembers": len(workloads),
            "topologySortingAlgorithm": algorithm,
            "workloads": [
                {
                    "workload": reference(selector),
                    "dependencies": [
                        {"workload": reference(callee), **fields}
                        for callee, fields in dependencies.items()
                    ],
                }
                for selector, dependencies in workloads.items()
            ],
        },
    )


def member(name, group, workload, **fields):
    labels = {"appgroup.diktyo.x-k8s.io": group, "appgroup.diktyo.x-k8s.io.workload": workload}
    return pod(name, labels=labels, **fields)
