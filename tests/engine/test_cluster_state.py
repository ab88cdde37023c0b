import threading

import pytest

import netcore
from engine.objects import app_group, cluster, encode, member, node, pod, profile


def test_what_is_kept_of_a_pod():
    state = netcore.ClusterState()
    summary = state.apply(
        "Pod",
        pod(
            "p",
            labels={
                "appgroup.diktyo.x-k8s.io": "shop",
                "appgroup.diktyo.x-k8s.io.workload": "web",
            },
            metadata={
                "resourceVersion": "7",
                "creationTimestamp": "2026-01-31T23:59:59Z",
                "deletionTimestamp": "2026-02-01T00:00:00Z",
            },
            schedulerName="netcore",
            priority=5,
            schedulingGates=[{"name": "wait"}],
        ),
    )
    assert summary is not None
    assert summary.key == "ns/p"
    assert summary.uid == "uid-p"
    assert summary.resource_version == "7"
    assert summary.scheduler_name == "netcore"
    assert summary.priority == 5
    assert summary.node_name is None
    assert summary.phase == "Pending"
    assert summary.app_group == "ns/shop"
    assert summary.workload == "web"
    assert summary.scheduling_gates == ["wait"]
    assert summary.is_deleting
    assert not summary.is_assumed
    assert summary.created_at == 1_769_903_999.0
    assert repr(summary) == 'PodSummary(key="ns/p", node_name=None)'
    plain = state.apply("Pod", pod("q"))
    assert (plain.app_group, plain.workload, plain.scheduler_name) == (
        None,
        None,
        "default-scheduler",
    )
    assert state.pod("ns/nobody") is None


def test_assume_until_the_binding_is_seen():
    state = cluster(("Node", node("a")), ("Pod", pod("p", cpu="4")), ("Pod", pod("q", cpu="4")))
    state.assume("ns/p", "a")
    assert state.pod("ns/p").node_name == "a"
    assert state.pod("ns/p").is_assumed
    assert state.plan(profile(), ["ns/q"]).decisions[0].node is None
    # An event that does not know of the node yet does not take the assumption back.
    state.apply("Pod", pod("p", cpu="4", priority=1))
    assert state.pod("ns/p").is_assumed
    state.apply("Pod", pod("p", cpu="4", nodeName="a", phase="Running"))
    assert not state.pod("ns/p").is_assumed
    state.forget("ns/p")
    assert state.pod("ns/p").node_name == "a"
    state.apply("Pod", pod("p", cpu="4", nodeName="a", phase="Succeeded"))
    assert state.plan(profile(), ["ns/q"]).decisions[0].node == "a"


def test_forget_and_delete_give_room_back():
    state = cluster(("Node", node("a")), ("Pod", pod("p", cpu="4")), ("Pod", pod("q", cpu="4")))
    state.assume("ns/p", "a")
    state.forget("ns/p")
    state.forget("ns/p")
    state.forget("ns/nobody")
    assert state.plan(profile(), ["ns/q"]).decisions[0].node == "a"
    assert state.delete("Pod", "ns", "q")
    assert not state.delete("Pod", "ns", "q")
    assert state.plan(profile(), ["ns/p"]).decisions[0].node == "a"


def test_a_node_that_goes_and_comes_back_still_holds_its_pods():
    state = cluster(
        ("Node", node("a")), ("Pod", pod("p", cpu="4", nodeName="a")), ("Pod", pod("q"))
    )
    assert state.delete("Node", "", "a")
    assert state.nodes == []
    assert state.plan(profile(), ["ns/q"]).decisions[0].message == (
        "no nodes available to schedule pods"
    )
    state.apply("Node", node("a"))
    [decision] = state.plan(profile(), ["ns/q"]).decisions
    assert decision.message == "0/1 nodes are available: 1 Insufficient cpu."


def test_counts_generation_and_nodes():
    state = cluster(
        ("Node", node("b")),
        ("Node", node("a")),
        ("Namespace", encode(metadata={"name": "ns"})),
        ("Service", encode(metadata={"namespace": "ns", "name": "s"})),
        ("Pod", pod("bound", nodeName="a")),
        ("Pod", pod("pending")),
        ("Pod", pod("assumed")),
    )
    state.assume("ns/assumed", "b")
    counts = {kind: count for kind, count in state.counts().items() if count}
    assert counts == {
        "Node": 2,
        "Namespace": 1,
        "Service": 1,
        "Pod": 3,
        "bound": 1,
        "assumed": 1,
        "pending": 1,
    }
    assert state.nodes == ["a", "b"]
    before = state.generation
    assert state.apply("Secret", b"not even JSON") is None
    assert state.generation == before
    state.apply("Node", node("c"))
    assert state.generation > before


def test_another_pod_of_the_same_name_takes_the_place_of_the_first():
    state = cluster(("Node", node("a")), ("Pod", pod("p", nodeName="a")))
    state.apply("Pod", pod("p", metadata={"uid": "another"}))
    assert state.pod("ns/p").node_name is None
    assert state.plan(profile(), ["ns/p"]).decisions[0].node == "a"


@pytest.mark.parametrize(
    ("kind", "obj", "said"),
    [
        ("Pod", b"{", 'Pod "" is not valid: .*EOF'),
        ("Pod", b"[]", 'Pod "" is not valid'),
        ("Pod", pod(""), "metadata.name: Required value"),
        ("Node", node("n" * 254), r'"n{32}\.\.\." .*metadata.name: Too long: .* 253 bytes'),
        ("Pod", pod("q", metadata={"namespace": "s" * 64}), "metadata.namespace: Too long: .* 63"),
        ("Pod", pod("p", cpu="1 Core"), r'"ns/p" .*resources\.requests\.cpu: "1 Core": quantities'),
        ("Node", node("a", cpu="4Kii"), "unable to parse quantity's suffix"),
        ("Node", node("a", taints={}), r"spec\.taints: invalid type: map, expected a sequence"),
        ("AppGroup", app_group("g", {"": {}}), r"selector"),
        ("NodeNetwork", encode(metadata={"name": "a"}, status={"peers": 1}), "NodeNetwork"),
        ("Pod", pod("p", priority=2**40), r"spec\.priority: "),
    ],
)
def test_what_does_not_decode_is_refused_and_the_last_form_stands(kind, obj, said):
    state = cluster(("Node", node("a")), ("Pod", pod("p", priority=3)))
    before = state.generation
    with pytest.raises(netcore.InvalidInputError, match=said) as caught:
        state.apply(kind, obj)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, netcore.NetcoreError)
    assert state.generation == before
    assert state.pod("ns/p").priority == 3
    assert state.nodes == ["a"]


def test_what_is_not_there():
    state = cluster(("Node", node("a")), ("Pod", pod("p")), ("Pod", pod("bound", nodeName="a")))
    for action in (
        lambda: state.assume("ns/nobody", "a"),
        lambda: state.assume("ns/p", "nowhere"),
        lambda: state.assume("ns/bound", "a"),
        lambda: state.plan(profile(), ["ns/p", "ns/nobody"]),
        lambda: state.plan(profile(), ["ns/bound"]),
        lambda: state.sort(profile(), ["ns/nobody"], [0.0]),
    ):
        with pytest.raises(netcore.UnknownObjectError) as caught:
            action()
        assert isinstance(caught.value, KeyError)
    assert state.pod("ns/p").node_name is None, "a plan that is refused places nothing"
    for action in (
        lambda: state.plan(profile(), ["ns/p", "ns/p"]),
        lambda: state.plan(profile(), ["ns/p"], detail="more"),
        lambda: state.sort(profile(), ["ns/p"], []),
        lambda: state.sort(profile(), ["ns/p"], [float("nan")]),
        lambda: state.sort(profile(), ["ns/p", "ns/p"], [0.0, float("inf")]),
    ):
        with pytest.raises(netcore.InvalidInputError):
            action()


def test_queue_sorts():
    workloads = {"web": {"cart": {"weight": 1}}, "cart": {"redis": {"weight": 9}}, "redis": {}}
    state = cluster(
        ("AppGroup", app_group("shop", workloads)),
        ("Pod", member("web", "shop", "web")),
        ("Pod", member("cart", "shop", "cart")),
        ("Pod", member("redis", "shop", "redis")),
        ("Pod", member("stranger", "shop", "unknown")),
        ("Pod", pod("alone")),
        ("Pod", pod("urgent", priority=1)),
    )
    pods = {"web": 1.0, "cart": 5.0, "redis": 6.0, "stranger": 0.5, "alone": 2.0, "urgent": 9.0}

    def order(queue_sort):
        keys = [f"ns/{name}" for name in pods]
        found = state.sort(profile(queue_sort=queue_sort), keys, list(pods.values()))
        assert {id(key) for key in found} == {id(key) for key in keys}, "no text is copied"
        return [key.removeprefix("ns/") for key in found]

    assert order("PrioritySort") == ["urgent", "stranger", "web", "alone", "cart", "redis"]
    # The group takes its turn together, when the one that waits longest would.
    assert order("AppGroupSort") == ["urgent", "cart", "redis", "web", "stranger", "alone"]


def test_warnings_tell_what_is_wrong_in_the_objects_held():
    cycle = {"a": {"b": {}}, "b": {"a": {}, "c": {}}}
    state = cluster(("AppGroup", app_group("g", cycle, "KahnSort")))
    assert all(warning.startswith("AppGroup ns/g: ") for warning in state.warnings())
    assert any('"c"' in warning for warning in state.warnings())
    assert state.delete("AppGroup", "ns", "g")
    assert state.warnings() == []


def test_two_threads_at_once_are_told_apart():
    state = cluster(*(("Node", node(f"n{i}")) for i in range(500)))
    pods = [f"ns/p{i}" for i in range(200)]
    for key in pods:
        state.apply("Pod", pod(key.removeprefix("ns/"), cpu="1m"))
    refusals = []

    def until_one_is_refused(call):
        # A plan runs without the GIL: a call made meanwhile is refused, not kept waiting.
        while not refusals:
            try:
                call()
            except RuntimeError as error:
                refusals.append(str(error))

    planner = threading.Thread(
        target=until_one_is_refused, args=[lambda: state.plan(profile(), pods, commit=False)]
    )
    planner.start()
    until_one_is_refused(lambda: state.pod("ns/p0"))
    planner.join()
    assert all("another thread" in said for said in refusals)
    assert state.pod("ns/p0").node_name is None
