import orjson
import pytest

from netcore_scheduler.config import ConfigurationError, decode_configuration, load_configuration


def engine(document):
    [profile] = decode_configuration(document).profiles
    return orjson.loads(profile.engine_json)


def profile(**keys):
    return {"profiles": [{"schedulerName": "s", **keys}]}


def names(entries):
    return [entry["name"] for entry in entries]


def test_the_default_is_kubernetes_and_the_network():
    found = engine(None)
    assert found["schedulerName"] == "netcore"
    assert found["queueSort"]["name"] == "AppGroupSort"
    assert names(found["filters"]) == [
        "NodeUnschedulable",
        "NodeName",
        "TaintToleration",
        "NodeAffinity",
        "NodePorts",
        "NodeResourcesFit",
        "NetworkLimits",
    ]
    weights = {entry["name"]: entry["weight"] for entry in found["scores"]}
    assert weights == {
        "TaintToleration": 3,
        "NodeAffinity": 2,
        "NodeResourcesFit": 1,
        "NodeResourcesBalancedAllocation": 1,
        "NetworkCost": 5,
    }


def test_a_lone_nameless_profile_is_the_default_scheduler():
    assert decode_configuration({}).profiles[0].scheduler_name == "default-scheduler"


def test_star_in_multi_point_leaves_only_what_is_enabled():
    found = engine(
        profile(
            plugins={
                "multiPoint": {
                    "disabled": [{"name": "*"}],
                    "enabled": [{"name": "NodeResourcesFit"}, {"name": "TaintToleration"}],
                }
            }
        )
    )
    assert names(found["filters"]) == ["NodeResourcesFit", "TaintToleration"]
    # A weight that is not given is 1, also where the default set would give more.
    assert [entry["weight"] for entry in found["scores"]] == [1, 1]
    assert found["queueSort"]["name"] == "PrioritySort"


def test_star_at_a_point_spares_the_other_points():
    found = engine(
        profile(
            plugins={"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NetworkCost"}]}}
        )
    )
    assert names(found["scores"]) == ["NetworkCost"]
    assert "NodeResourcesFit" in names(found["filters"])


def test_a_points_weight_beats_that_of_multi_point():
    found = engine(profile(plugins={"score": {"enabled": [{"name": "NodeAffinity", "weight": 7}]}}))
    assert found["scores"][0] == {"name": "NodeAffinity", "weight": 7, "args": {}}
    assert names(found["scores"]).count("NodeAffinity") == 1


def test_diktyos_plugins_take_the_place_of_netcores():
    found = engine(
        profile(
            plugins={
                "multiPoint": {"enabled": [{"name": "NetworkOverhead", "weight": 5}]},
                "queueSort": {"enabled": [{"name": "TopologicalSort"}]},
                "score": {"disabled": [{"name": "NodeResourcesFit"}]},
            },
            pluginConfig=[
                {
                    "name": "NetworkOverhead",
                    "args": {
                        "apiVersion": "kubescheduler.config.k8s.io/v1",
                        "kind": "NetworkOverheadArgs",
                        "weightsName": "NetperfCosts",
                    },
                }
            ],
        )
    )
    assert found["queueSort"]["name"] == "TopologicalSort"
    assert not {"NetworkLimits"} & set(names(found["filters"]))
    assert not {"NetworkCost", "NodeResourcesFit"} & set(names(found["scores"]))
    overhead = next(entry for entry in found["scores"] if entry["name"] == "NetworkOverhead")
    assert overhead == {
        "name": "NetworkOverhead",
        "weight": 5,
        "args": {
            "namespaces": ["default"],
            "weightsName": "NetperfCosts",
            "networkTopologyName": "nt-default",
        },
    }


def test_what_upstream_has_and_netcore_lacks_is_said():
    only = {"disabled": [{"name": "*"}], "enabled": [{"name": "InterPodAffinity", "weight": 2}]}
    found = decode_configuration(
        profile(plugins={"multiPoint": only, "queueSort": {"enabled": [{"name": "PrioritySort"}]}})
    )
    assert found.warnings == (
        "profiles[0]: left out, since netcore does not have them yet: InterPodAffinity",
        "profiles[0]: no bind plugin is enabled; DefaultBinder is taken",
    )
    [of_the_default_set] = decode_configuration({"profiles": [{}]}).warnings
    assert of_the_default_set.endswith("DynamicResources, DefaultPreemption")
    assert "PodTopologySpread" in of_the_default_set
    assert decode_configuration(None).warnings == ()


def test_what_has_no_effect_is_said():
    found = decode_configuration(
        {
            "percentageOfNodesToScore": 30,
            "extenders": [{"urlPrefix": "http://127.0.0.1:1"}],
            "profiles": [
                {
                    "percentageOfNodesToScore": 5,
                    "plugins": {
                        "preFilter": {"disabled": [{"name": "NodeAffinity"}]},
                        "permit": {"disabled": [{"name": "*"}]},
                    },
                }
            ],
        }
    )
    assert (
        found.warnings[0] == "profiles[0].percentageOfNodesToScore: netcore always scores all nodes"
    )
    assert found.warnings[2:] == (
        "profiles[0].plugins.preFilter: NodeAffinity cannot do without it: it stays with filter",
        "profiles[0].plugins.permit: netcore has no plugin to run there yet",
        "percentageOfNodesToScore: netcore always scores all nodes",
        "extenders: netcore calls no extenders yet",
    )
    assert found.percentage_of_nodes_to_score == 30


def args(plugin, **arguments):
    return profile(pluginConfig=[{"name": plugin, "args": arguments}])


def score_args(plugin, **arguments):
    found = engine(args(plugin, **arguments))
    return next(entry["args"] for entry in found["scores"] if entry["name"] == plugin)


def test_arguments_get_the_defaults_of_upstream():
    alike = [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]
    assert score_args("NodeResourcesFit")["scoringStrategy"] == {
        "type": "LeastAllocated",
        "resources": alike,
    }
    strategy = {
        "type": "MostAllocated",
        "resources": [{"name": "cpu"}, {"name": "x/y", "weight": 5}],
    }
    assert score_args("NodeResourcesFit", scoringStrategy=strategy)["scoringStrategy"] == {
        "type": "MostAllocated",
        "resources": [{"name": "cpu", "weight": 1}, {"name": "x/y", "weight": 5}],
    }
    assert score_args("NodeResourcesBalancedAllocation") == {"resources": alike}
    # Those of plugins that netcore lacks are checked and then left out with them.
    decode_configuration(args("InterPodAffinity", hardPodAffinityWeight=100))


def term(**requirement):
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [requirement]}]
        }
    }


@pytest.mark.parametrize(
    ("plugin", "arguments", "said"),
    [
        (
            "NodeResourcesFit",
            {"ignoredResource": []},
            r"ignoredResource: unknown key; did you mean",
        ),
        (
            "NodeResourcesFit",
            {"scoringStrategy": {"type": "Least"}},
            r'args\.scoringStrategy\.type: Unsupported value: "Least": supported values: "LeastA',
        ),
        (
            "NodeResourcesFit",
            {
                "scoringStrategy": {
                    "type": "MostAllocated",
                    "resources": [{"name": "a", "weight": 101}],
                }
            },
            r"resources\[0\]\.weight: Invalid value: 101: resource weight of a not in valid",
        ),
        (
            "NodeResourcesFit",
            {
                "scoringStrategy": {
                    "type": "RequestedToCapacityRatio",
                    "requestedToCapacityRatio": {
                        "shape": [{"utilization": 9, "score": 1}, {"utilization": 9, "score": 1}]
                    },
                }
            },
            r"shape\[1\]\.utilization: Invalid value: 9: values must be sorted in increasing order",
        ),
        (
            "NodeResourcesFit",
            {"scoringStrategy": {"type": "RequestedToCapacityRatio"}},
            r"scoringStrategy\.shape: Required value",
        ),
        (
            "NodeResourcesFit",
            {"ignoredResourceGroups": ["example.com/gpu"]},
            "resource group name can't contain '/'",
        ),
        (
            "NodeResourcesBalancedAllocation",
            {"resources": [{"name": "cpu", "weight": 2}]},
            "weight: Invalid value: 2: must be 1",
        ),
        ("NodeAffinity", {"addedAffinity": []}, "addedAffinity: must be a mapping"),
        (
            "NodeAffinity",
            {"addedAffinity": term(key="a", operator="Is")},
            r'NodeAffinity: addedAffinity: operator: Unsupported value: "Is"',
        ),
        ("NetworkCost", {"policy": "fast"}, r"profiles\[0\]: .*NetworkCost\.policy"),
        ("NetworkOverhead", {"namespaces": "default"}, "namespaces: Invalid value"),
        ("NodePorts", {"x": 1}, r"pluginConfig\[0\]\.args\.x: unknown key"),
        ("InterPodAffinity", {"hardPodAffinityWeight": 101}, r"not in valid range \[0, 100\]"),
        (
            "PodTopologySpread",
            {"defaultConstraints": [{"maxSkew": 1}]},
            r"defaultingType: Invalid value: \"System\": when \.defaultConstraints are not empty",
        ),
        (
            "DefaultPreemption",
            {"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0},
            "cannot be zero at the same time",
        ),
        ("VolumeBinding", {"bindTimeoutSeconds": -1}, "should not be a negative value"),
        ("NodeAffinity", {"kind": "NodePortsArgs"}, "were not of type NodeAffinityArgs"),
    ],
)
def test_arguments_are_refused_in_upstreams_words(plugin, arguments, said):
    with pytest.raises(ConfigurationError, match=said):
        decode_configuration(args(plugin, **arguments))


def test_each_profile_sorts_its_own_pods():
    found = decode_configuration(
        {
            "profiles": [
                {"schedulerName": "a"},
                {
                    "schedulerName": "b",
                    "plugins": {"queueSort": {"enabled": [{"name": "PrioritySort"}]}},
                },
            ]
        }
    )
    sorts = [orjson.loads(each.engine_json)["queueSort"]["name"] for each in found.profiles]
    assert sorts == ["AppGroupSort", "PrioritySort"]


def test_profiles_may_sort_their_queues_each_in_its_way():
    sorts = ["PrioritySort", "TopologicalSort", "PrioritySort"]
    profiles = [
        {
            "schedulerName": f"{name}-{index}",
            "plugins": {"queueSort": {"enabled": [{"name": name}]}},
        }
        for index, name in enumerate(sorts)
    ]
    first, second, third = decode_configuration({"profiles": profiles}).profiles
    assert first.queue_sort == third.queue_sort != second.queue_sort


def test_what_the_process_needs_is_kept():
    found = decode_configuration(
        {"parallelism": 4, "clientConnection": {"kubeconfig": "k", "qps": -1, "burst": 7}}
    )
    assert (found.parallelism, found.kubeconfig, found.qps, found.burst) == (4, "k", -1.0, 7)
    found = decode_configuration({"clientConnection": {"qps": 0}})
    assert (found.parallelism, found.qps, found.burst) == (16, 50.0, 100)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"profile": []}, "profile: unknown key; did you mean 'profiles'"),
        ({"apiVersion": "v2"}, "apiVersion: must be"),
        (profile(plugins={"filters": {}}), r"plugins\.filters: unknown key"),
        (
            profile(plugins={"filter": {"enabled": [{"name": "NodePort"}]}}),
            "unknown plugin 'NodePort'; did you mean NodePorts",
        ),
        (
            profile(plugins={"score": {"enabled": [{"name": "NodePorts"}]}}),
            "NodePorts does not take part in score",
        ),
        (
            profile(
                plugins={
                    "queueSort": {
                        "enabled": [{"name": "PrioritySort"}, {"name": "TopologicalSort"}]
                    }
                }
            ),
            "one queue sort plugin is needed, not 2",
        ),
        ({"profiles": [{}, {}]}, r"profiles\[0\]\.schedulerName: Required value"),
        ({"profiles": [{"schedulerName": "a"}, {"schedulerName": "a"}]}, 'Duplicate value: "a"'),
        ({"podInitialBackoffSeconds": 20, "podMaxBackoffSeconds": 5}, "greater than or equal to"),
        ({"leaderElection": {"leaseDuration": "15"}}, "duration such as 15s"),
        ({"leaderElection": {"renewDeadline": "30s"}}, "leaseDuration must exceed"),
        ({"profiles": {}}, "profiles: must be a list"),
        ({"parallelism": 0}, "parallelism: Invalid value: 0: should be an integer value greater"),
        ({"parallelism": "4"}, 'parallelism: Invalid value: "4": must be an integer'),
        ({"podInitialBackoffSeconds": 0}, "must be greater than 0"),
        ({"percentageOfNodesToScore": 101}, r"not in valid range \[0-100\]"),
        ({"clientConnection": {"burst": -1}}, "burst: Invalid value: -1: must be non-negative"),
        ({"leaderElection": {"resourceLock": "endpoints"}}, 'must be "leases"'),
        (
            profile(plugins={"score": {"enabled": [{"name": "NodeAffinity", "weight": -1}]}}),
            "weight: Invalid value: -1",
        ),
        (
            profile(pluginConfig=[{"name": "NodeName"}, {"name": "NodeName"}]),
            'Duplicate value: "NodeName"',
        ),
    ],
)  # fmt: skip
def test_errors_name_the_key_and_the_remedy(document, said):
    with pytest.raises(ConfigurationError, match=said):
        decode_configuration(document)


def test_a_file_is_named_in_its_errors(tmp_path):
    path = tmp_path / "scheduler.yaml"
    path.write_text("profiles: [{schedulerNam: x}]")
    with pytest.raises(
        ConfigurationError, match=r"scheduler\.yaml: profiles\[0\]\.schedulerNam: unknown"
    ):
        load_configuration(path)


def test_leader_election_and_backoff_are_read():
    found = decode_configuration(
        {
            "podInitialBackoffSeconds": 2,
            "leaderElection": {
                "leaderElect": True,
                "leaseDuration": "1m30s",
                "renewDeadline": "20s",
            },
        }
    )
    assert found.initial_backoff_s == 2
    assert found.leader_election.enabled
    assert found.leader_election.lease_s == 90
    assert found.leader_election.name == "netcore-scheduler"
