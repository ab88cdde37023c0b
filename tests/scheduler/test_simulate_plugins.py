"""Arguments of plugins, seen by what they change in a decision."""

import pytest

from netcore_scheduler import simulate


def node(name, **allocatable):
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": {"disk": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "4Gi", "pods": "9", **allocatable}},
    }


def pod(requests, **spec):
    containers = [{"name": "c", "resources": {"requests": requests}}]
    return {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}


def decide(objects, plugin, **arguments):
    config = {"profiles": [{"pluginConfig": [{"name": plugin, "args": arguments}]}]}
    [decision] = simulate(objects, config)
    return {verdict["node"]: verdict for verdict in decision["nodes"]}


def disk(operator, value):
    return {"matchExpressions": [{"key": "disk", "operator": operator, "values": [value]}]}


def test_the_profile_may_require_and_prefer_labels():
    required = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [disk("In", "a")]}
    }
    found = decide([node("a"), node("b"), pod({})], "NodeAffinity", addedAffinity=required)
    assert found["a"]["accepted"]
    assert found["b"]["plugin"] == "NodeAffinity"
    assert found["b"]["reasons"] == ["node(s) didn't match scheduler-enforced node affinity"]

    preferred = {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 30, "preference": disk("In", "a")},
            {"weight": 10, "preference": disk("Exists", "a") | {"matchExpressions": []}},
        ]
    }
    own = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 60, "preference": disk("NotIn", "a")}
            ]
        }
    }
    objects = [node("a"), node("b"), pod({}, affinity=own)]
    found = decide(objects, "NodeAffinity", addedAffinity=preferred)
    scores = {name: verdict["scores"]["NodeAffinity"] for name, verdict in found.items()}
    assert scores["a"] == {"raw": 30, "normalized": 50, "weighted": 100}
    assert scores["b"] == {"raw": 60, "normalized": 100, "weighted": 200}


@pytest.mark.parametrize(
    ("arguments", "accepted"),
    [
        ({}, False),
        ({"ignoredResources": ["example.com/gpu"]}, True),
        ({"ignoredResources": ["example.com/other"]}, False),
        ({"ignoredResourceGroups": ["example.com"]}, True),
        ({"ignoredResourceGroups": ["kubernetes.io"]}, False),
    ],
)
def test_extended_resources_may_be_left_to_others(arguments, accepted):
    objects = [node("a"), pod({"example.com/gpu": "1"})]
    found = decide(objects, "NodeResourcesFit", **arguments)
    assert found["a"]["accepted"] is accepted
    if not accepted:
        assert found["a"]["reasons"] == ["Insufficient example.com/gpu"]


def test_native_resources_are_never_ignored():
    objects = [node("a"), pod({"hugepages-2Mi": "4Mi"})]
    found = decide(objects, "NodeResourcesFit", ignoredResources=["hugepages-2Mi"])
    assert found["a"]["reasons"] == ["Insufficient hugepages-2Mi"]


def test_resources_count_by_their_weights_and_only_where_they_play_a_part():
    strategy = {
        "type": "LeastAllocated",
        "resources": [
            {"name": "cpu", "weight": 3},
            {"name": "example.com/gpu", "weight": 1},
            {"name": "ephemeral-storage"},
        ],
    }
    gpus = {"example.com/gpu": "4"}
    request = {"cpu": "1", "example.com/gpu": "2"}
    objects = [node("a", **gpus), node("b"), pod(request)]
    found = decide(objects, "NodeResourcesFit", scoringStrategy=strategy)
    # 3/4 of the processor and half of the accelerators stay free: (75 * 3 + 50) / 4.
    assert found["a"]["scores"]["NodeResourcesFit"]["raw"] == 68
    assert not found["b"]["accepted"]
    found = decide([*objects[:2], pod({"cpu": "1"})], "NodeResourcesFit", scoringStrategy=strategy)
    assert [found[name]["scores"]["NodeResourcesFit"]["raw"] for name in "ab"] == [75, 75]


def test_balance_over_three_resources():
    resources = [{"name": name} for name in ("cpu", "memory", "example.com/gpu")]
    objects = [
        node("a", **{"example.com/gpu": "4"}),
        pod({"cpu": "1", "memory": "2Gi", "example.com/gpu": "3"}),
    ]
    found = decide(objects, "NodeResourcesBalancedAllocation", resources=resources)
    # Shares of 1/4, 1/2 and 3/4 deviate by sqrt(1/24).
    assert found["a"]["scores"]["NodeResourcesBalancedAllocation"]["raw"] == 79
