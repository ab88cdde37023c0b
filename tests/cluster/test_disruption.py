import pytest

from cluster.world import World, pod
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Requeue, Update
from netcore_cluster.controllers.disruption import ObservedBudget, reconcile

NOW = 1_700_000_000.0


def budget(disrupted: dict | None = None, **spec) -> dict:
    metadata = {"name": "b", "namespace": "ns", "uid": "u", "generation": 3, "resourceVersion": "1"}
    status = {"disruptedPods": disrupted} if disrupted else {}
    return {"metadata": metadata, "spec": {"selector": {}, **spec}, "status": status}


def look(spec: dict, ready: int, not_ready: int = 0, *, size: int | None = None) -> dict:
    pods = [pod(f"p{i}", ready=i < ready) for i in range(ready + not_ready)]
    sizes = {} if size is None else {"rs": size}
    actions = reconcile(ObservedBudget(budget(**spec), pods, sizes, []), NOW)
    (update,) = [a for a in actions if isinstance(a, Update)]
    return update.obj["status"]


@pytest.mark.parametrize(
    ("spec", "ready", "not_ready", "size", "expected"),
    [
        # (expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed)
        ({"minAvailable": 2}, 3, 0, None, (3, 2, 3, 1)),
        ({"minAvailable": 2}, 2, 1, None, (3, 2, 2, 0)),
        ({"minAvailable": 5}, 3, 0, None, (3, 5, 3, 0)),
        ({"minAvailable": 0}, 3, 0, None, (3, 0, 3, 3)),
        ({"minAvailable": "50%"}, 5, 0, 5, (5, 3, 5, 2)),
        ({"maxUnavailable": 1}, 3, 0, 3, (3, 2, 3, 1)),
        ({"maxUnavailable": 1}, 2, 1, 3, (3, 2, 2, 0)),
        ({"maxUnavailable": "30%"}, 10, 0, 10, (10, 7, 10, 3)),
        ({"maxUnavailable": "1%"}, 10, 0, 10, (10, 9, 10, 1)),
        ({"maxUnavailable": 5}, 3, 0, 3, (3, 0, 3, 3)),
        ({"minAvailable": 1}, 0, 0, None, (0, 1, 0, 0)),
    ],
)
def test_counts(spec, ready, not_ready, size, expected):
    status = look(spec, ready, not_ready, size=size)
    counts = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
    assert tuple(status[count] for count in counts) == expected
    assert status["observedGeneration"] == 3
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"]) == (
        "DisruptionAllowed",
        "True" if expected[-1] else "False",
    )


def test_a_noted_eviction_counts_until_its_deletion_is_seen_or_two_minutes_passed():
    world = World(NOW)
    pods = [world.put("pods", pod(name)) for name in ("fresh", "stale", "other")]
    noted = {"fresh": timestamp(NOW - 10), "stale": timestamp(NOW - 121), "gone": timestamp(NOW)}
    observed = ObservedBudget(budget(noted, minAvailable=1), pods, {}, [])
    update, requeue = (a for a in reconcile(observed, NOW) if isinstance(a, (Update, Requeue)))
    assert update.obj["status"]["disruptedPods"] == {"fresh": timestamp(NOW - 10)}
    assert update.obj["status"]["currentHealthy"] == 2
    assert requeue.after_s == pytest.approx(111.0)


def test_the_second_look_finds_nothing_to_do():
    found = budget(minAvailable=1)
    pods = [pod("p")]
    (update,) = reconcile(ObservedBudget(found, pods, {}, []), NOW)
    again = ObservedBudget(update.obj, pods, {}, [])
    assert reconcile(again, NOW + 60) == []


def test_unmanaged_pods_are_complained_about_where_a_size_is_needed():
    pods = [pod("bare")]
    observed = ObservedBudget(budget(maxUnavailable=1), pods, {}, ["bare"])
    emits = reconcile(observed, NOW)[1:]
    assert [(e.reason, e.warning) for e in emits] == [("UnmanagedPods", True)]
    fine = ObservedBudget(budget(minAvailable=1), pods, {}, ["bare"])
    assert len(reconcile(fine, NOW)) == 1
