"""ReplicaSet: the pure core, by tables and played out in a world."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.world import World, pod, replica_set
from netcore_cluster.api import errors
from netcore_cluster.controllers.actions import Create, Delete, Emit, Patch, Requeue, Update
from netcore_cluster.controllers.objects import Key
from netcore_cluster.controllers.pods import is_active
from netcore_cluster.controllers.replica_set import (
    ObservedReplicaSet,
    ReplicaSetController,
    on_failed_write,
    reconcile,
)
from netcore_cluster.controllers.replica_set_ranking import pods_to_delete

NOW = 1_700_000_000.0


def observed(world: World, name: str = "rs") -> ObservedReplicaSet:
    found = world.get("replicasets.apps", name)
    return ObservedReplicaSet(found, world.all("pods"), world.all("pods"))


def settle(world: World, name: str = "rs", rounds: int = 10) -> None:
    """Look until there is nothing to do."""
    for _ in range(rounds):
        actions = [
            action
            for action in reconcile(observed(world, name), world.now)
            if not isinstance(action, Requeue)
        ]
        if not actions:
            return
        world.perform(actions)
    raise AssertionError("the reconciler does not come to rest")


def test_creates_what_is_missing_and_says_so():
    world = World()
    world.put("replicasets.apps", replica_set(3))
    settle(world)
    pods = world.all("pods")
    assert len(pods) == 3
    assert pods[0]["metadata"]["labels"] == {"app": "rs"}
    assert pods[0]["metadata"]["generateName"] == "rs-"
    owner = pods[0]["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["controller"], owner["blockOwnerDeletion"]) == (
        "ReplicaSet",
        True,
        True,
    )
    assert [(each.reason, each.message) for each in world.events] == [
        ("SuccessfulCreate", "Created pod: {name}")
    ] * 3
    status = world.get("replicasets.apps", "rs")["status"]
    assert status == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
    }


def test_deletes_what_is_too_much():
    world = World()
    rs = world.put("replicasets.apps", replica_set(1))
    for name in "abc":
        world.put("pods", pod(name, owner=rs, ready=name == "b"))
    settle(world)
    assert [each["metadata"]["name"] for each in world.all("pods")] == ["b"]
    assert {each.message for each in world.events} == {"Deleted pod: a", "Deleted pod: c"}


def test_adopts_matching_orphans_and_releases_what_no_longer_matches():
    world = World()
    rs = world.put("replicasets.apps", replica_set(2))
    world.put("pods", pod("orphan"))
    world.put("pods", pod("stranger", labels={"app": "other"}))
    world.put("pods", pod("strayed", owner=rs, labels={"app": "debug"}))
    settle(world)
    owners = {
        each["metadata"]["name"]: bool(each["metadata"].get("ownerReferences"))
        for each in world.all("pods")
    }
    assert owners.pop("orphan")
    assert not owners.pop("stranger")
    assert not owners.pop("strayed")
    assert list(owners.values()) == [True]


def test_leaves_alone_what_is_ending_or_belongs_to_another():
    world = World()
    world.put("replicasets.apps", replica_set(0))
    other = world.put("replicasets.apps", replica_set(1, name="other"))
    world.put("pods", pod("done", phase="Succeeded"))
    world.put("pods", pod("going", deletionTimestamp="2023-11-14T22:13:20Z"))
    world.put("pods", pod("theirs", owner=other))
    assert [a for a in reconcile(observed(world), NOW) if not isinstance(a, Update)] == []


def test_a_terminating_replica_set_creates_adopts_and_deletes_nothing():
    world = World()
    rs = replica_set(3)
    rs["metadata"] |= {"deletionTimestamp": "2023-11-14T22:13:20Z", "finalizers": ["x"]}
    world.put("replicasets.apps", rs)
    world.put("pods", pod("orphan"))
    assert {type(a) for a in reconcile(observed(world), NOW)} == {Update}


def test_availability_waits_for_min_ready_seconds():
    world = World(NOW)
    rs = world.put("replicasets.apps", replica_set(1, minReadySeconds=30))
    world.put("pods", pod("a", owner=rs, ready_at=NOW - 10))
    actions = reconcile(observed(world), NOW)
    assert [a.after_s for a in actions if isinstance(a, Requeue)] == [20.0]
    world.perform(actions)
    assert "availableReplicas" not in world.get("replicasets.apps", "rs")["status"]
    world.perform(reconcile(observed(world), NOW + 20))
    assert world.get("replicasets.apps", "rs")["status"]["availableReplicas"] == 1


def test_a_refused_create_is_an_event_and_a_condition_that_passes():
    world = World()
    world.put("replicasets.apps", replica_set(1))
    seen = observed(world)
    create = next(a for a in reconcile(seen, NOW) if isinstance(a, Create))
    error = errors.forbidden("pods", "", "rs-x", "exceeded quota")
    world.perform(on_failed_write(seen, create, error, NOW))
    assert [(e.reason, e.warning) for e in world.events] == [("FailedCreate", True)]
    condition = world.get("replicasets.apps", "rs")["status"]["conditions"][0]
    assert condition["type"] == "ReplicaFailure"
    assert "exceeded quota" in condition["message"]
    settle(world)
    assert "conditions" not in world.get("replicasets.apps", "rs")["status"]


def test_a_terminating_namespace_is_no_failure():
    world = World()
    world.put("replicasets.apps", replica_set(1))
    seen = observed(world)
    create = next(a for a in reconcile(seen, NOW) if isinstance(a, Create))
    causes = [{"reason": "NamespaceTerminating"}]
    error = errors.forbidden("pods", "", "", "it is being terminated", causes=causes)
    assert on_failed_write(seen, create, error, NOW) == []


RANKS = [
    ("without a node first", {"node": ""}, {"node": "n1"}),
    ("pending first", {"phase": "Pending"}, {}),
    ("not ready first", {"ready": False}, {}),
    (
        "lower deletion cost first",
        {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-5"}},
        {},
    ),
    ("ready since later first", {"ready_at": NOW - 10}, {"ready_at": NOW - 1000}),
    ("restarted more often first", {"restarts": 3}, {"restarts": 1}),
    (
        "younger first",
        {"creationTimestamp": "2023-11-14T22:13:00Z"},
        {"creationTimestamp": "2023-11-14T20:00:00Z"},
    ),
]


@pytest.mark.parametrize(("goes", "stays"), [rank[1:] for rank in RANKS], ids=[r[0] for r in RANKS])
def test_deletion_rank(goes, stays):
    defaults = {"node": "n1", "ready_at": NOW - 500, "creationTimestamp": "2023-11-14T22:00:00Z"}
    first = pod("first", uid="z", **(defaults | goes))
    second = pod("second", uid="a", **(defaults | stays))
    related = [first, second]
    for order in ([first, second], [second, first]):
        doomed = pods_to_delete(order, related=related, count=1, now=NOW)
        assert [each["metadata"]["name"] for each in doomed] == ["first"]


def test_of_equal_pods_the_one_in_company_goes():
    pods = [
        pod(name, node=node, uid=name) for name, node in (("a", "n1"), ("b", "n2"), ("c", "n2"))
    ]
    doomed = pods_to_delete(pods, related=pods, count=1, now=NOW)
    assert doomed[0]["spec"]["nodeName"] == "n2"


@given(
    size=st.integers(0, 8),
    there=st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from(["Running", "Pending", "Failed"])),
        max_size=10,
    ),
)
def test_comes_to_rest_at_its_size_from_anywhere(size, there):
    world = World()
    rs = world.put("replicasets.apps", replica_set(size))
    for number, (is_owned, is_ready, phase) in enumerate(there):
        owner = rs if is_owned else None
        world.put("pods", pod(f"p{number}", owner=owner, ready=is_ready, phase=phase))
    settle(world)
    active = [each for each in world.all("pods") if is_active(each)]
    assert len(active) == size
    assert world.get("replicasets.apps", "rs")["status"]["replicas"] == size


def test_nothing_is_created_twice_while_the_watch_lags():
    """The answers of the creates stand in the cache before the key is looked at again."""
    world = World()
    world.put("replicasets.apps", replica_set(3))
    controller = ReplicaSetController(world.hub, client=None)
    created = 0
    for round_number in range(3):
        seen = asyncio.run(controller.observe(Key("ns", "rs")))
        for action in controller.reconcile(seen, NOW):
            if isinstance(action, Create):
                created += 1
                obj = {**action.obj, "metadata": {**action.obj["metadata"]}}
                obj["metadata"] |= {
                    "name": f"rs-{created}",
                    "uid": f"uid-{created}",
                    # Far ahead of what the watch has delivered.
                    "resourceVersion": str(1000 + created),
                    "creationTimestamp": "2023-11-14T22:00:00Z",
                }
                world.hub.written("pods", obj)
        assert created == 3, round_number


def test_pods_wake_their_replica_set_and_orphans_every_one_that_selects_them():
    world = World()
    woken = []
    controller = ReplicaSetController(world.hub, client=None)
    on_pod = controller.interests()["pods"]
    world.hub.listen(
        lambda change: (
            woken.append({k.name for k in on_pod(change)}) if change.resource == "pods" else None
        )
    )
    rs = world.put("replicasets.apps", replica_set(1))
    owned = world.put("pods", pod("owned", owner=rs))
    world.put("pods", pod("orphan"))
    world.put("pods", pod("other", labels={"app": "x"}))
    world.drop("pods", owned)
    assert woken == [{"rs"}, {"rs"}, set(), {"rs"}]


def test_the_same_look_twice_decides_the_same():
    world = World()
    rs = world.put("replicasets.apps", replica_set(2))
    for name in "abcd":
        world.put("pods", pod(name, owner=rs))
    assert reconcile(observed(world), NOW) == reconcile(observed(world), NOW)
    kinds = [type(a) for a in reconcile(observed(world), NOW)]
    assert kinds == [Delete, Delete, Update]
    assert not any(isinstance(a, (Emit, Patch)) for a in reconcile(observed(world), NOW))
