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
        "args": {"weightsName": "NetperfCosts"},
    }


def test_what_upstream_has_and_netcore_lacks_is_said():
    configuration = decode_configuration(
        profile(plugins={"multiPoint": {"enabled": [{"name": "InterPodAffinity", "weight": 2}]}})
    )
    assert configuration.warnings == ("InterPodAffinity is not in netcore yet: it is left out",)


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
        ({"profiles": [{"schedulerName": "a"}, {"schedulerName": "a"}]}, "Duplicate value: 'a'"),
        ({"podInitialBackoffSeconds": 20, "podMaxBackoffSeconds": 5}, "must not be less"),
        ({"leaderElection": {"leaseDuration": "15"}}, "duration such as 15s"),
        ({"leaderElection": {"renewDeadline": "30s"}}, "leaseDuration must exceed"),
        ({"profiles": {}}, "profiles: must be a list"),
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
