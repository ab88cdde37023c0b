"""A cache fed by a watch and by the answers to writes, in any order."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.controllers.cache import (
    ObjectCache,
    by_controller,
    by_lack_of_controller,
    by_namespace,
)
from netcore_cluster.controllers.objects import Key


def obj(name: str, version: int, *, uid: str = "", owner: str = "") -> dict:
    metadata = {
        "name": name,
        "namespace": "ns",
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
    }
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": metadata}


def cache() -> ObjectCache:
    indexes = {
        "namespace": by_namespace,
        "controller": by_controller,
        "orphan": by_lack_of_controller,
    }
    return ObjectCache("pods", indexes)


def test_an_own_write_is_read_at_once_and_its_echo_tells_nothing():
    found = cache()
    assert found.learn(obj("a", 5)).new == obj("a", 5)
    assert found.see("ADDED", obj("a", 5)) is None
    assert found.get(Key("ns", "a")) == obj("a", 5)


def test_an_older_event_does_not_undo_an_own_write():
    found = cache()
    found.see("ADDED", obj("a", 1))
    found.learn(obj("a", 7, owner="o"))
    assert found.see("MODIFIED", obj("a", 3)) is None
    assert found.find("controller", "o") == [obj("a", 7, owner="o")]
    assert found.find("orphan", "ns") == []


def test_an_answer_that_comes_after_the_deletion_raises_no_ghost():
    found = cache()
    found.see("ADDED", obj("a", 1))
    found.see("MODIFIED", obj("a", 2))
    found.see("DELETED", obj("a", 3))
    assert found.learn(obj("a", 2)) is None
    assert len(found) == 0


def test_what_a_write_deleted_stays_gone_until_the_watch_says_so():
    found = cache()
    found.see("ADDED", obj("a", 1))
    assert found.bury(Key("ns", "a"), "uid-a").old == obj("a", 1)
    assert found.see("MODIFIED", obj("a", 2)) is None
    assert found.see("DELETED", obj("a", 3)) is None
    assert found.see("ADDED", obj("a", 4, uid="other")).new is not None


def test_a_deletion_of_the_former_object_of_a_name_spares_the_new_one():
    found = cache()
    found.see("ADDED", obj("a", 1, uid="one"))
    found.learn(obj("a", 5, uid="two"))
    assert found.see("DELETED", obj("a", 4, uid="one")) is None
    assert found.get(Key("ns", "a"))["metadata"]["uid"] == "two"


def test_a_list_removes_what_it_lacks_but_not_what_was_written_since():
    found = cache()
    found.see("ADDED", obj("old", 1))
    found.learn(obj("new", 9))
    changes = found.replace([obj("other", 3)], 5)
    assert {change.newest["metadata"]["name"] for change in changes} == {"other", "old"}
    assert [each["metadata"]["name"] for each in found] == ["new", "other"]


EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["write", "delete"]), st.booleans()),
    max_size=25,
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_interleaving_of_answers_and_events_ends_in_the_truth(history, random):
    """Writes answer before, between or after the events of the watch, which keep their order."""
    truth: dict[str, dict] = {}
    log: list[tuple[str, dict]] = []
    answers: list[tuple[int, dict]] = []
    for version, (name, verb, is_own) in enumerate(history, start=1):
        old = truth.get(name)
        if verb == "delete":
            if old is not None:
                gone = copy.deepcopy(old)
                gone["metadata"]["resourceVersion"] = str(version)
                log.append(("DELETED", gone))
                del truth[name]
            continue
        uid = old["metadata"]["uid"] if old else f"{name}-{version}"
        truth[name] = obj(name, version, uid=uid, owner=f"owner-{version % 2}")
        log.append(("MODIFIED" if old else "ADDED", truth[name]))
        if is_own:
            answers.append((len(log), truth[name]))
    found = cache()
    delivered = 0
    for position, answer in answers:
        # An answer comes once the write is done, with the watch up to any point of the log.
        goal = random.randint(delivered, len(log))
        for event in log[delivered : max(goal, 0)]:
            found.see(*event)
        delivered = max(delivered, goal)
        if delivered < position or random.random() < 0.5:
            found.learn(answer)
    for event in log[delivered:]:
        found.see(*event)
    assert {each["metadata"]["name"]: each for each in found} == truth
    for owner in ("owner-0", "owner-1"):
        listed = {each["metadata"]["name"] for each in found.find("controller", owner)}
        assert listed == {
            name
            for name, each in truth.items()
            if each["metadata"]["ownerReferences"][0]["uid"] == owner
        }
