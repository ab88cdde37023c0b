import gzip
import json
from pathlib import Path

import pytest

import netcore
from engine.objects import FILTERS, SCORES, app_group, cluster, encode, member, node, pod, profile

GOLDEN = Path(__file__).parents[1] / "golden" / "default-plugins.jsonl.gz"


def test_commit_and_its_absence():
    state = cluster(("Node", node("a")), ("Pod", pod("p")), ("Pod", pod("q")))
    before = state.generation
    plan = state.plan(profile(), ["ns/p", "ns/q"], commit=False, seed=3)
    assert (plan.seed, plan.snapshot) == (3, before)
    assert [decision.node for decision in plan.decisions] == ["a", "a"]
    assert state.generation == before
    assert not state.pod("ns/p").is_assumed
    state.plan(profile(), ["ns/p"])
    assert state.pod("ns/p").is_assumed
    assert state.generation > before


def test_a_decision_tells_what_it_looked_at():
    state = cluster(
        ("Node", node("a", unschedulable=True)),
        ("Node", node("b", cpu="1")),
        ("Node", node("c")),
        ("Pod", pod("p", cpu="2")),
    )
    [decision] = state.plan(profile(), ["ns/p"], detail="full").decisions
    assert (decision.pod, decision.node) == ("ns/p", "c")
    assert (decision.evaluated, decision.feasible) == (3, 1)
    assert decision.rejected_by == ["NodeResourcesFit", "NodeUnschedulable"]
    assert decision.message == "Successfully assigned ns/p to c"
    assert [verdict["node"] for verdict in decision.nodes()] == ["a", "b", "c"]
    assert decision.codes() == {
        "a": "UnschedulableAndUnresolvable",
        "b": "UnschedulableAndUnresolvable",
    }
    summary = json.loads(decision.summary())
    assert summary["rejected"] == [
        {"plugin": "NodeResourcesFit", "reason": "Insufficient cpu", "count": 1, "nodes": ["b"]},
        {
            "plugin": "NodeUnschedulable",
            "reason": "node(s) were unschedulable",
            "count": 1,
            "nodes": ["a"],
        },
    ]
    [best] = summary["top"]
    assert best["total"] == sum(weighted for _, _, weighted in best["scores"].values())
    assert (summary["links"], summary["runnerUpLinks"]) == ([], [])
    assert state.plan(profile(), []).decisions == []


def test_the_verdict_on_each_node_must_be_asked_for():
    state = cluster(("Node", node("a")), ("Pod", pod("p")))
    [decision] = state.plan(profile(), ["ns/p"]).decisions
    for ask in (decision.nodes, decision.codes):
        with pytest.raises(netcore.InvalidInputError, match='detail="full"'):
            ask()


def test_a_summary_stays_small_however_large_the_cluster():
    names = [f"{'n' * 200}-{i}" for i in range(300)]
    workloads = {f"w{i}": {"hub": {"weight": 1}} for i in range(60)} | {"hub": {}}
    state = cluster(
        ("AppGroup", app_group("g", workloads)),
        *(("Node", node(name)) for name in names),
        *(
            ("Pod", member(f"peer-{i}-{'p' * 150}", "g", f"w{i}", nodeName=names[i]))
            for i in range(60)
        ),
        ("Pod", member("new", "g", "hub")),
    )
    [decision] = state.plan(profile(), ["ns/new"]).decisions
    summary = decision.summary()
    assert len(summary) <= 4000
    told = json.loads(summary)
    assert told["node"] == decision.node
    assert told["top"][0]["node"] == decision.node


def test_links_of_the_chosen_node():
    network = encode(
        metadata={"name": "a"},
        spec={"node": "a"},
        status={
            "observedAt": "2026-01-01T00:00:00Z",
            "validUntil": "2026-01-01T00:10:00Z",
            "peers": ["b"],
            "rttMicros": [2500],
        },
    )
    state = cluster(
        ("Node", node("a", unschedulable=True)),
        ("Node", node("b")),
        ("AppGroup", app_group("g", {"web": {"db": {"weight": 3}}, "db": {}})),
        ("NodeNetwork", network),
        ("Pod", member("db-0", "g", "db", nodeName="a")),
        ("Pod", member("web-0", "g", "web")),
    )
    state.set_time(1_767_225_630.0)
    [decision] = state.plan(profile(), ["ns/web-0"]).decisions
    summary = json.loads(decision.summary())
    [link] = summary["links"]
    assert (link["peer"], link["pod"], link["direction"]) == ("db", "ns/db-0", "to")
    assert (link["node"], link["rttMs"], link["source"]) == ("a", 2.5, "measured")
    assert (link["ageSeconds"], link["weight"]) == (30.0, 3.0)
    assert 0 <= link["cost"] <= 1


def test_seeds_break_ties_and_nothing_else():
    state = cluster(*(("Node", node(f"n{i}")) for i in range(30)), ("Pod", pod("p")))

    def chosen(seed):
        return state.plan(profile(), ["ns/p"], seed=seed, commit=False).decisions[0].node

    assert chosen(1) == chosen(1)
    assert len({chosen(seed) for seed in range(20)}) > 5
    state.apply("Node", node("n7", cpu="64"))
    best = profile(filters=FILTERS, scores={"NodeResourcesFit": 1})
    assert {
        state.plan(best, ["ns/p"], seed=seed, commit=False).decisions[0].node for seed in range(20)
    } == {"n7"}


def test_affinity_to_a_name_narrows_the_nodes():
    def affine(name, *values):
        terms = [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [value]}]}
            for value in values
        ]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        return pod(name, affinity={"nodeAffinity": required})

    fields = [{"key": "metadata.name", "operator": "In", "values": [value]} for value in ("a", "b")]
    required = {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": fields}]
        }
    }
    state = cluster(
        *(("Node", node(name)) for name in "abc"),
        ("Pod", affine("one", "b")),
        ("Pod", affine("none", "x")),
        ("Pod", pod("torn", affinity={"nodeAffinity": required})),
    )
    one, none, torn = state.plan(
        profile(), ["ns/one", "ns/none", "ns/torn"], detail="full"
    ).decisions
    assert one.node == "b"
    outside = [verdict for verdict in one.nodes() if not verdict["accepted"]]
    assert [verdict["plugin"] for verdict in outside] == ["NodeAffinity", "NodeAffinity"]
    assert outside[0]["reasons"] == ["node(s) didn't satisfy plugin(s) [NodeAffinity]"]
    assert none.message == (
        "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity]."
    )
    assert torn.message == "0/3 nodes are available: pod affinity terms conflict."
    assert torn.rejected_by == ["NodeAffinity"]


def test_codes_are_those_of_kube_scheduler():
    compared = 0
    filters = [name for name in FILTERS if name != "NetworkLimits"]
    scores = {name: weight for name, weight in SCORES.items() if name != "NetworkCost"}
    with gzip.open(GOLDEN, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            state = netcore.ClusterState()
            for kind, objects in (("Node", case["nodes"]), ("Pod", case["pods"] or [])):
                for obj in objects:
                    state.apply(kind, encode(**obj))
            summary = state.apply("Pod", encode(**case["pod"]))
            own = profile(queue_sort="PrioritySort", filters=filters, scores=scores)
            [decision] = state.plan(own, [summary.key], detail="full").decisions
            codes = decision.codes()
            for verdict in case["verdicts"]:
                if verdict.get("plugin") in filters:
                    assert codes[verdict["node"]] == verdict["code"], (case["name"], verdict)
                    compared += 1
    assert compared == 1979


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (b"", "EOF"),
        (encode(schedulerName="s"), "missing field"),
        (
            encode(schedulerName="s", queueSort={"name": "Fifo"}, filters=[], scores=[]),
            'queueSort plugin "Fifo" is unknown; known are PrioritySort, AppGroupSort and',
        ),
        (
            encode(
                schedulerName="s",
                queueSort={"name": "PrioritySort"},
                filters=[{"name": "ImageLocality"}],
                scores=[],
            ),
            'filter plugin "ImageLocality" is unknown',
        ),
        (
            encode(
                schedulerName="s",
                queueSort={"name": "PrioritySort"},
                filters=[{"name": "NodeName", "args": {"x": 1}}],
                scores=[],
            ),
            "unknown field `x`",
        ),
        (
            encode(
                schedulerName="s",
                queueSort={"name": "PrioritySort"},
                filters=[],
                scores=[{"name": "NodeAffinity", "weight": 0}],
            ),
            "weight: 0 is not 1 to",
        ),
        (
            encode(
                schedulerName="s",
                queueSort={"name": "PrioritySort"},
                filters=[],
                scores=[
                    {
                        "name": "NodeResourcesFit",
                        "weight": 1,
                        "args": {"scoringStrategy": {"type": "RequestedToCapacityRatio"}},
                    }
                ],
            ),
            "a shape must be given",
        ),
    ],
)
def test_profiles_are_checked(config, said):
    with pytest.raises(netcore.InvalidInputError, match=said):
        netcore.Profile(config)


def test_what_a_profile_tells():
    own = profile(name="mine")
    assert own.scheduler_name == "mine"
    assert own.filters == list(FILTERS)
    assert own.scores == list(SCORES)
    assert repr(own) == 'Profile(scheduler_name="mine")'


@pytest.mark.parametrize("first", ["NetworkLimits", "NodeResourcesFit"])
def test_the_first_filter_of_the_profile_that_rejects_a_node_is_told(first):
    far = encode(
        metadata={"name": "far"},
        spec={"node": "far"},
        status={
            "observedAt": "2026-01-01T00:00:00Z",
            "validUntil": "2026-01-01T00:10:00Z",
            "peers": ["db"],
            "rttMicros": [50_000],
        },
    )
    limit = {"maxNetworkCost": 10}
    state = cluster(
        ("Node", node("db", cpu="1")),
        ("Node", node("far", cpu="1")),
        ("AppGroup", app_group("g", {"web": {"db": limit}, "db": {}})),
        ("NodeNetwork", far),
        ("Pod", member("db-0", "g", "db", nodeName="db")),
        ("Pod", member("web-0", "g", "web", cpu="2")),
    )
    second = {"NetworkLimits", "NodeResourcesFit"} - {first}
    own = profile(filters=[first, *second])
    for _ in range(2):
        [decision] = state.plan(own, ["ns/web-0"], detail="full").decisions
        plugins = {verdict["node"]: verdict["plugin"] for verdict in decision.nodes()}
        assert plugins == {"db": "NodeResourcesFit", "far": first}
