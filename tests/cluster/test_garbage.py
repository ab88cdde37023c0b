"""Garbage collection: the pure core, played out over random graphs of owners."""

import random
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.world import World
from netcore_cluster.controllers.garbage import ObservedItem, OwnerState, reconcile
from netcore_cluster.controllers.objects import Key, is_deleting, key_of, owners_of, uid_of
from netcore_cluster.controllers.owner_graph import Item, OwnerGraph, is_waiting_for_dependents
from netcore_cluster.controllers.resources import KindName, ServedResource

THINGS = ServedResource("things", KindName("", "Thing"), "things", namespaced=True)


def thing(name: str, *owners: dict, finalizers: tuple[str, ...] = (), **metadata) -> dict:
    found = {"metadata": {"name": name, "namespace": "ns", **metadata}, "spec": {}}
    if owners:
        found["metadata"]["ownerReferences"] = list(owners)
    if finalizers:
        found["metadata"]["finalizers"] = list(finalizers)
    return found


def owned_by(owner: dict, *, blocks: bool = True) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "name": owner["metadata"]["name"],
        "uid": uid_of(owner),
        "blockOwnerDeletion": blocks,
    }


class Collector(World):
    """A world with a collector whose graph follows the watch."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = OwnerGraph()
        self.due: list[Item] = []
        self.hub.listen(lambda change: self.due.extend(self.graph.apply(change)))

    def observe(self, item: Item) -> ObservedItem | None:
        obj = self.hub.cache("things").get(item.key)
        if obj is None or uid_of(obj) != item.uid:
            return None
        owners = {owner["uid"]: self.state(owner) for owner in owners_of(obj)}
        dependents = [(each.resource, found) for each, found in self.graph.dependents(item.uid)]
        return ObservedItem(THINGS, obj, owners, dependents)

    def state(self, owner: dict) -> OwnerState:
        found = self.get("things", owner["name"])
        if found is None or uid_of(found) != owner["uid"]:
            return OwnerState.GONE
        return OwnerState.WAITING if is_waiting_for_dependents(found) else OwnerState.STAYING

    def work(self, *, limit: int = 500) -> None:
        for _ in range(limit):
            if not self.due:
                return
            observed = self.observe(self.due.pop(0))
            if observed is not None:
                self.perform(reconcile(observed))
        raise AssertionError("the collector does not come to rest")

    def names(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.all("things")]

    def remove(self, obj: dict, *finalizers: str) -> None:
        """What the API server does on a delete request."""
        held = [*(obj["metadata"].get("finalizers") or ()), *finalizers]
        if not held:
            self.drop("things", obj)
            return
        marks = {"deletionTimestamp": "2023-11-14T22:13:20Z", "finalizers": held}
        self.put("things", {**obj, "metadata": {**obj["metadata"], **marks}})


def family(world: Collector) -> tuple[dict, dict, dict]:
    parent = world.put("things", thing("parent"))
    child = world.put("things", thing("child", owned_by(parent)))
    grandchild = world.put("things", thing("grandchild", owned_by(child)))
    world.work()
    return parent, child, grandchild


def test_background_what_a_gone_object_owned_follows():
    world = Collector()
    parent, *_ = family(world)
    world.remove(parent)
    world.work()
    assert world.names() == []


def test_foreground_the_owner_goes_last():
    world = Collector()
    parent, *_ = family(world)
    gone = []
    world.hub.listen(lambda c: gone.append(key_of(c.newest).name) if c.new is None else None)
    world.remove(parent, "foregroundDeletion")
    world.work()
    assert gone == ["grandchild", "child", "parent"]


def test_foreground_waits_only_for_what_blocks():
    world = Collector()
    parent = world.put("things", thing("parent"))
    world.put("things", thing("free", owned_by(parent, blocks=False), finalizers=("test/hold",)))
    world.work()
    world.remove(parent, "foregroundDeletion")
    world.work()
    assert world.names() == ["free"]
    assert is_deleting(world.get("things", "free"))


def test_orphan_what_it_owned_stays_and_forgets_it():
    world = Collector()
    parent, *_ = family(world)
    world.remove(parent, "orphan")
    world.work()
    assert world.names() == ["child", "grandchild"]
    assert owners_of(world.get("things", "child")) == ()


def test_one_living_owner_is_enough():
    world = Collector()
    one, other = (world.put("things", thing(name)) for name in ("one", "other"))
    world.put("things", thing("child", owned_by(one), owned_by(other)))
    world.work()
    world.remove(one)
    world.work()
    assert world.names() == ["child", "other"]
    assert [o["name"] for o in owners_of(world.get("things", "child"))] == ["other"]
    world.remove(other)
    world.work()
    assert world.names() == []


def test_an_owner_is_known_by_uid_not_by_name():
    world = Collector()
    parent = world.put("things", thing("parent"))
    world.put("things", thing("child", owned_by(parent)))
    world.work()
    world.drop("things", parent)
    world.put("things", thing("parent"))
    world.work()
    assert world.names() == ["parent"]


def test_what_is_created_with_a_dangling_owner_goes():
    world = Collector()
    gone = {"metadata": {"name": "gone", "uid": "never-was"}}
    world.put("things", thing("child", owned_by(gone)))
    world.work()
    assert world.names() == []


def test_a_version_that_changed_meanwhile_is_spared():
    world = Collector()
    gone = {"metadata": {"name": "gone", "uid": "never-was"}}
    child = world.put("things", thing("child", owned_by(gone)))
    (delete,) = reconcile(world.observe(Item("things", Key("ns", "child"), uid_of(child))))
    assert delete.version == int(child["metadata"]["resourceVersion"])


@pytest.mark.parametrize("state", [OwnerState.UNKNOWN, OwnerState.UNREACHABLE])
def test_an_owner_that_cannot_be_looked_up_counts_as_staying(state):
    world = Collector()
    child = world.put("things", thing("child", owned_by({"metadata": {"name": "x", "uid": "u"}})))
    observed = ObservedItem(THINGS, child, {"u": state}, [])
    world.perform(reconcile(observed))
    assert world.names() == ["child"]
    assert owners_of(world.get("things", "child"))


def test_two_that_wait_for_each_other_both_go():
    world = Collector()
    one = world.put("things", thing("one"))
    two = world.put("things", thing("two", owned_by(one)))
    one = world.put(
        "things", {**one, "metadata": {**one["metadata"], "ownerReferences": [owned_by(two)]}}
    )
    world.work()
    world.remove(one, "foregroundDeletion")
    world.work()
    assert world.names() == []


class _Plan:
    modes: ClassVar = ("", "foregroundDeletion", "orphan")


@settings(max_examples=150, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=18),
    removals=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(_Plan.modes)), max_size=5),
    seed=st.integers(0, 2**16),
)
def test_never_deletes_what_has_a_living_owner_and_leaves_no_garbage(edges, removals, seed):
    """Owners point from a higher to a lower number: a graph without circles, as in life."""
    dice = random.Random(seed)
    world = Collector()
    things: dict[int, dict] = {}
    for number in range(10):
        owners = {a: blocks for a, b, blocks in edges if b == number and a < b}
        references = [owned_by(things[a], blocks=blocks) for a, blocks in owners.items()]
        things[number] = world.put("things", thing(f"t{number}", *references))
    removed_by_user: set[str] = set()

    def check(change) -> None:
        """The moment something goes, none of its owners may be alive and staying."""
        if change.new is not None or uid_of(change.old) in removed_by_user:
            return
        # While it was being deleted it may have had an owner that stays only if a user asked.
        assert all(world.state(owner) is not OwnerState.STAYING for owner in owners_of(change.old))

    world.hub.listen(check)
    for number, finalizer in removals:
        found = world.get("things", f"t{number}")
        if found is not None and not is_deleting(found):
            removed_by_user.add(uid_of(found))
            world.remove(found, *([finalizer] if finalizer else []))
        for _ in range(dice.randrange(4)):
            if world.due:
                observed = world.observe(world.due.pop(dice.randrange(len(world.due))))
                if observed is not None:
                    world.perform(reconcile(observed))
    world.work()
    for each in world.all("things"):
        assert not is_deleting(each)
        assert all(world.state(owner) is OwnerState.STAYING for owner in owners_of(each))
