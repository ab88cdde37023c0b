"""What the network plugins make of an application, through the scheduler's own simulation."""

import pytest

from netcore_scheduler import simulate
from netcore_scheduler.config import ConfigurationError

NODES = {"east-1": "east", "east-2": "east", "west-1": "west", "west-2": "west"}
GROUP = "appgroup.diktyo.x-k8s.io"


def cluster():
    near, far = 1_000, 90_000
    nodes = [
        {
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {
                    "topology.kubernetes.io/region": region,
                    "topology.kubernetes.io/zone": region,
                },
            },
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
        }
        for name, region in NODES.items()
    ]
    networks = []
    for name, region in NODES.items():
        peers = [peer for peer in NODES if peer != name]
        rtts = [near if NODES[peer] == region else far for peer in peers]
        networks.append(
            {
                "kind": "NodeNetwork",
                "apiVersion": "netcore.dev/v1alpha1",
                "metadata": {"name": name},
                "spec": {"node": name},
                "status": {
                    "observedAt": "2026-01-01T00:00:00Z",
                    "validUntil": "2026-01-01T00:05:00Z",
                    "peers": peers,
                    "rttMicros": rtts,
                },
            }
        )
    return nodes + networks


def shop(*workloads, calls=()):
    def reference(name):
        return {"kind": "Deployment", "name": name, "selector": name}

    return {
        "kind": "AppGroup",
        "apiVersion": f"{GROUP}/v1alpha1",
        "metadata": {"name": "shop", "namespace": "default"},
        "spec": {
            "numMembers": len(workloads),
            "topologySortingAlgorithm": "TrafficSort",
            "workloads": [
                {
                    "workload": reference(name),
                    "dependencies": [
                        {"workload": reference(callee), **keys}
                        for caller, callee, keys in calls
                        if caller == name
                    ],
                }
                for name in workloads
            ],
        },
    }


def pod(name, workload, node=None):
    spec = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "100m"}}}]}
    if node:
        spec["nodeName"] = node
    labels = {GROUP: "shop", f"{GROUP}.workload": workload}
    metadata = {"name": name, "namespace": "default", "uid": name, "labels": labels}
    return {"kind": "Pod", "metadata": metadata, "spec": spec}


def placed(decisions):
    return {decision["pod"]: NODES.get(decision["node"]) for decision in decisions}


def test_a_pod_goes_where_its_peer_is():
    group = shop("web", "db", calls=[("web", "db", {"weight": 3})])
    for region in ("east", "west"):
        objects = [*cluster(), group, pod("db", "db", f"{region}-1"), pod("web", "web")]
        assert placed(simulate(objects)) == {"default/web": region}


def test_a_callee_follows_its_caller():
    group = shop("web", "db", calls=[("web", "db", {"weight": 3})])
    objects = [*cluster(), group, pod("web", "web", "west-2"), pod("db", "db")]
    assert placed(simulate(objects)) == {"default/db": "west"}


def test_an_application_begins_in_one_place():
    """Replicas that call no placed pod yet keep together: what they will call can follow."""
    group = shop("web", "db", calls=[("web", "db", {"weight": 3})])
    objects = [*cluster(), group, *(pod(f"web-{number}", "web") for number in range(6))]
    assert len(set(placed(simulate(objects)).values())) == 1


def test_a_limit_holds_on_every_link():
    group = shop("web", "db", calls=[("web", "db", {"maxNetworkCost": 10})])
    objects = [*cluster(), group, pod("db", "db", "east-1"), pod("web", "web")]
    [decision] = simulate(objects)
    verdicts = {node["node"]: node for node in decision["nodes"]}
    assert [name for name, node in verdicts.items() if node["accepted"]] == ["east-1", "east-2"]
    assert verdicts["west-1"]["plugin"] == "NetworkLimits"
    objects.insert(-1, pod("db-2", "db", "west-1"))
    [decision] = simulate(objects)
    assert decision["node"] is None
    assert decision["message"].startswith("0/4 nodes are available: 4 ")


def profile(**args):
    """A configuration in which NetworkCost alone decides, with these arguments."""
    plugins = ["PrioritySort", "NodeResourcesFit", "NetworkCost", "DefaultBinder"]
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [
            {
                "schedulerName": "netcore",
                "plugins": {
                    "multiPoint": {
                        "disabled": [{"name": "*"}],
                        "enabled": [{"name": name} for name in plugins],
                    },
                    "score": {"disabled": [{"name": "NodeResourcesFit"}]},
                },
                "pluginConfig": [{"name": "NetworkCost", "args": args}],
            }
        ],
    }


def test_the_policy_time_goes_where_large_messages_arrive_sooner():
    """Near the peer there are 10 Mbit/s; across the continent, 1 Gbit/s."""
    objects = cluster()
    for network in objects[len(NODES) :]:
        peers = network["status"]["peers"]
        home = NODES[network["metadata"]["name"]]
        rates = [10_000_000 if NODES[peer] == home else 1_000_000_000 for peer in peers]
        network["status"]["bandwidthBps"] = rates
    # The node of the peer is full.
    objects[0]["status"]["allocatable"]["pods"] = "1"
    group = shop("web", "db", calls=[("web", "db", {"weight": 3})])
    objects += [group, pod("db", "db", "east-1"), pod("web", "web")]

    def region(**args):
        return placed(simulate(objects, profile(**args)))["default/web"]

    assert region(policy="slo") == "east", "no dependency asks for bandwidth"
    assert region(policy="time", time={"messageBytes": 1_000}) == "east"
    # 8 Mbit: 0.8 s from near by, 0.1 s from afar.
    assert region(policy="time", time={"messageBytes": 1_000_000}) == "west"
    # Each of 20 round trips takes 89 ms longer from afar.
    assert region(policy="time", time={"messageBytes": 1_000_000, "roundTrips": 20}) == "east"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"policy": "tim"}, "policy"),
        ({"time": {"messagebytes": 1}}, "messagebytes"),
        ({"time": {"rtoMs": -1}}, "time.rtoMs is -1: it must be 0 to 1000000"),
    ],
)
def test_arguments_of_the_policy_are_decoded_strictly(args, said):
    with pytest.raises(ConfigurationError, match=said):
        simulate(cluster(), profile(**args))
