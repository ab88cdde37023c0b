"""Queue sorts of many pods through `ClusterState.sort`, against Python's own `sorted`.

100,000 pods of 1,000 applications, created in waves (so that many wait equally long), with some of
another priority and some of no application. Python gets the keys for nothing: the tuples that say
the same stand ready, and all it does is sort them. The engine gets the names of the pods, as the
scheduler has them, and has to look up what each one is.
"""

import json
import random
from typing import Any

import pytest

import netcore
from harness.recorder import Report
from harness.timing import in_turns

PODS = 100_000
APPLICATIONS = 1000
WORKLOADS = 10
ROUNDS = 7

GROUP_LABEL = "appgroup.diktyo.x-k8s.io"

Key = tuple[Any, ...]


def encode(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def app_group(name: str) -> bytes:
    """One workload calls the others, each less than the one before: placed in this order."""
    references = [
        {"kind": "Deployment", "name": f"w{index}", "selector": f"w{index}"}
        for index in range(WORKLOADS)
    ]
    hub, *others = references
    calls = [{"workload": it, "weight": 1 / index} for index, it in enumerate(others, start=1)]
    workloads = [
        {"workload": hub, "dependencies": calls},
        *({"workload": other} for other in others),
    ]
    order = [{"workload": it, "index": index + 1} for index, it in enumerate(references)]
    return encode(
        metadata={"namespace": "default", "name": name},
        spec={
            "numMembers": WORKLOADS,
            "topologySortingAlgorithm": "TrafficSort",
            "workloads": workloads,
        },
        status={"topologyOrder": order},
    )


class Cluster:
    """The pods, in the engine and as what Python would sort them by."""

    def __init__(self) -> None:
        self.state = netcore.ClusterState()
        self.names: list[str] = []
        self.queued_at: list[float] = []
        # Of each pod: priority descending, time, name; its application, and its workload's place.
        self.turns: list[Key] = []
        self.members: list[tuple[str | None, int]] = []
        for index in range(APPLICATIONS):
            self.state.apply("AppGroup", app_group(f"app-{index:04}"))
        random_ = random.Random(7)
        for index in range(PODS):
            self.add(index, random_)

    def add(self, index: int, random_: random.Random) -> None:
        """A pod of an application drawn at random; one of 50 has none, one of 20 is urgent."""
        app = None if index % 50 == 0 else f"app-{random_.randrange(APPLICATIONS):04}"
        workload = random_.randrange(WORKLOADS)
        priority = 100 if index % 20 == 0 else 0
        labels = {GROUP_LABEL: app, f"{GROUP_LABEL}.workload": f"w{workload}"} if app else {}
        metadata = {"namespace": "default", "name": f"pod-{random_.getrandbits(40):010x}-{index}"}
        summary = self.state.apply(
            "Pod",
            encode(metadata={**metadata, "labels": labels}, spec={"priority": priority}),
        )
        assert summary is not None
        since = 1.7e9 + index // 500
        self.names.append(summary.key)
        self.queued_at.append(since)
        self.turns.append((-priority, since, summary.key))
        self.members.append((app, workload))

    def keys(self, queue_sort: str) -> list[Key]:
        """Tuples that compare as the queue sort does; the last part is the pod's name."""
        if queue_sort == "PrioritySort":
            return self.turns
        keeps_priorities_apart = queue_sort == "AppGroupSort"
        blocks = [
            (app, turn[0] if keeps_priorities_apart else 0) if app else turn
            for (app, _), turn in zip(self.members, self.turns, strict=True)
        ]
        heads: dict[Key, Key] = {}
        for block, turn in zip(blocks, self.turns, strict=True):
            heads[block] = min(turn, heads.get(block, turn))
        parts = zip(blocks, self.members, self.turns, strict=True)
        return [(*heads[block], workload, *turn) for block, (_, workload), turn in parts]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize("queue_sort", ["PrioritySort", "AppGroupSort", "TopologicalSort"])
def test_a_queue_sort_beside_pythons(cluster: Cluster, queue_sort: str, report: Report) -> None:
    profile = netcore.Profile(
        encode(schedulerName="s", queueSort={"name": queue_sort}, filters=[], scores=[])
    )
    keys = cluster.keys(queue_sort)
    random_ = random.Random(11)
    order = random_.sample(range(PODS), PODS)
    names = [cluster.names[at] for at in order]
    queued_at = [cluster.queued_at[at] for at in order]
    keys = [keys[at] for at in order]

    def sort() -> list[str]:
        return cluster.state.sort(profile, names, queued_at)

    def python() -> list[str]:
        return [key[-1] for key in sorted(keys)]

    assert sort() == python()
    engine, reference = in_turns(sort, python, rounds=ROUNDS)
    report.row(
        f"{queue_sort} of {PODS:,} pods of {APPLICATIONS:,} applications",
        engine.median_s * 1e3,
        "ms",
        reference="Python's sorted() of tuples that are ready",
        reference_value=reference.median_s * 1e3,
        ratio_at_most=1.0,
    )
