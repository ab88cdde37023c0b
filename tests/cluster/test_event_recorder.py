from netcore_cluster.controllers.actions import Create, Emit, Patch
from netcore_cluster.controllers.event_recorder import EventRecorder
from netcore_cluster.controllers.objects import Reference

NOW = 1_700_000_000.0
POD = Reference("v1", "Pod", "ns", "p", "uid-p", "7")


def say(recorder: EventRecorder, message: str, *, now: float = NOW, about: Reference = POD):
    return recorder.write(Emit(about, "Reason", message), component="c", now=now)


def test_the_first_is_created_and_its_repetitions_counted():
    recorder = EventRecorder()
    first = say(recorder, "hello")
    assert isinstance(first, Create)
    event = first.obj
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "ns",
        "name": "p",
        "uid": "uid-p",
        "resourceVersion": "7",
    }
    assert (event["type"], event["count"], event["source"]) == ("Normal", 1, {"component": "c"})
    second = say(recorder, "hello", now=NOW + 5)
    assert isinstance(second, Patch)
    assert (second.name, second.patch["count"]) == (event["metadata"]["name"], 2)
    assert second.patch["lastTimestamp"] == "2023-11-14T22:13:25Z"


def test_names_differ_even_at_the_same_instant():
    recorder = EventRecorder()
    names = {say(recorder, f"message {i}").obj["metadata"]["name"] for i in range(9)}
    assert len(names) == 9
    assert all(name.startswith("p.") for name in names)


def test_after_ten_that_differ_in_words_alone_the_others_are_combined():
    recorder = EventRecorder()
    for number in range(10):
        assert isinstance(say(recorder, f"pod-{number}"), Create)
    eleventh = say(recorder, "pod-10")
    assert eleventh.obj["message"] == "(combined from similar events): pod-10"
    twelfth = say(recorder, "pod-11")
    assert isinstance(twelfth, Patch)
    assert twelfth.patch["message"] == "(combined from similar events): pod-11"
    assert isinstance(say(recorder, "pod-3"), Patch)


def test_an_object_is_heard_no_more_than_its_bucket_holds():
    recorder = EventRecorder()
    answers = [say(recorder, "again") for _ in range(40)]
    assert sum(answer is not None for answer in answers) == 25
    assert say(recorder, "again", now=NOW + 301) is not None
    other = Reference("v1", "Pod", "ns", "q", "uid-q", "8")
    assert say(recorder, "again", about=other) is not None


def test_one_that_expired_is_written_anew():
    recorder = EventRecorder()
    name = say(recorder, "hello").obj["metadata"]["name"]
    recorder.forget(name)
    assert isinstance(say(recorder, "hello"), Create)


def test_events_of_a_clusters_own_objects_stand_in_default():
    node = Reference("v1", "Node", "", "n1", "uid-n", "9")
    write = say(EventRecorder(), "hello", about=node)
    assert write.obj["metadata"]["namespace"] == "default"
    assert "namespace" not in write.obj["involvedObject"]
