"""What watch events mean to the scheduling core, with the real engine behind."""

import logging
from typing import Any

import orjson
import pytest

from netcore import ClusterState, Profile
from netcore.kube import ResourceEvent
from netcore.resources import APP_GROUP, NODE, NODE_NETWORK, POD, SERVICE, Resource
from netcore_scheduler.core import (
    Change,
    ClusterChanged,
    Condition,
    Event,
    NodeLost,
    PodLeft,
    PodSeen,
)
from netcore_scheduler.shell.cluster_view import ClusterView

PROFILE = Profile(
    b'{"schedulerName": "netcore", "queueSort": {"name": "PrioritySort"},'
    b' "filters": [{"name": "NodeResourcesFit"}], "scores": []}'
)
KEY = "shop/cart"
FREED = ClusterChanged(Change.POD_FREED)


class Cluster:
    """A state, a view on it, and objects."""

    def __init__(self) -> None:
        self.state = ClusterState()
        self.view = ClusterView(self.state, ["netcore"])

    def send(self, resource: Resource, obj: dict[str, Any], *, gone: bool = False) -> list[Event]:
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "")
        kind = "delete" if gone else "upsert"
        raw = orjson.dumps(obj)
        event = ResourceEvent(kind, resource, namespace, metadata["name"], raw, obj)
        return self.view.apply(event)

    def node(self, name: str = "n1", *, gone: bool = False, **parts: Any) -> list[Event]:
        allocatable = {"cpu": "2", "memory": "4Gi", "pods": "10"}
        status = {"allocatable": allocatable} | parts.pop("status", {})
        metadata = {"name": name, "labels": parts.pop("labels", {})}
        return self.send(NODE, {"metadata": metadata, "spec": parts, "status": status}, gone=gone)

    def pod(
        self,
        *,
        uid: str = "u1",
        gone: bool = False,
        labels: dict[str, str] | None = None,
        deleting: bool = False,
        status: dict[str, Any] | None = None,
        **spec: Any,
    ) -> list[Event]:
        metadata = {"namespace": "shop", "name": "cart", "uid": uid, "labels": labels or {}}
        if deleting:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        container = {"name": "c", "resources": {"requests": {"cpu": "1"}}}
        spec = {"schedulerName": "netcore", "containers": [container]} | spec
        return self.send(
            POD, {"metadata": metadata, "spec": spec, "status": status or {}}, gone=gone
        )

    def assume(self) -> None:
        """Let the engine place the pod."""
        plan = self.state.plan(PROFILE, [KEY])
        assert plan.decisions[0].node == "n1"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    assert cluster.node() == [ClusterChanged(Change.NODE_ADDED)]
    return cluster


def test_a_pod_of_ours_is_seen_with_what_the_queue_needs(cluster: Cluster) -> None:
    failed = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "full",
    }
    [seen] = cluster.pod(status={"conditions": [failed]}, schedulingGates=[{"name": "a/b"}])
    assert isinstance(seen, PodSeen)
    assert (seen.pod, seen.uid, seen.scheduler_name) == (KEY, "u1", "netcore")
    assert seen.is_gated
    assert seen.condition == Condition("Unschedulable", "full")


def test_a_fingerprint_is_of_labels_and_spec_not_of_status(cluster: Cluster) -> None:
    def fingerprint(**parts: Any) -> int:
        [seen] = cluster.pod(**parts)
        assert isinstance(seen, PodSeen)
        return seen.fingerprint

    first = fingerprint()
    assert fingerprint(status={"phase": "Pending"}) == first
    assert fingerprint(labels={"a": "b"}) != first
    assert fingerprint(tolerations=[{"operator": "Exists"}]) != first


def test_a_foreign_pod_is_counted_and_takes_room_once_it_has_a_node(cluster: Cluster) -> None:
    assert cluster.pod(schedulerName="theirs") == []
    assert cluster.view.foreign_pending == 1
    bound = cluster.pod(schedulerName="theirs", nodeName="n1")
    assert bound == [PodLeft(KEY), ClusterChanged(Change.POD_BOUND)]
    assert cluster.view.foreign_pending == 0
    assert cluster.state.counts()["bound"] == 1
    assert cluster.pod(schedulerName="theirs", nodeName="n1", gone=True) == [PodLeft(KEY), FREED]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_is_over_frees_its_room_once(cluster: Cluster, phase: str) -> None:
    cluster.pod(nodeName="n1")
    assert cluster.pod(nodeName="n1", status={"phase": phase}) == [PodLeft(KEY), FREED]
    assert cluster.pod(nodeName="n1", status={"phase": phase}) == [PodLeft(KEY)]
    assert cluster.pod(nodeName="n1", gone=True) == [PodLeft(KEY)]


def test_a_terminating_pod_keeps_its_room_until_it_is_gone(cluster: Cluster) -> None:
    cluster.pod(nodeName="n1")
    assert FREED not in cluster.pod(nodeName="n1", deleting=True)
    assert FREED in cluster.pod(nodeName="n1", deleting=True, gone=True)


def test_a_pod_bound_by_us_is_bound_once(cluster: Cluster) -> None:
    cluster.pod()
    cluster.assume()
    assert cluster.pod(nodeName="n1") == [PodLeft(KEY), ClusterChanged(Change.POD_BOUND)]
    assert cluster.pod(nodeName="n1", status={"phase": "Running"}) == [PodLeft(KEY)]
    changed = cluster.pod(nodeName="n1", labels={"a": "b"})
    assert changed == [PodLeft(KEY), ClusterChanged(Change.POD_CHANGED)]


def test_an_assumed_pod_that_is_deleted_frees_its_room(cluster: Cluster) -> None:
    cluster.pod()
    cluster.assume()
    assert cluster.pod(gone=True) == [PodLeft(KEY), FREED]
    assert cluster.state.counts()["assumed"] == 0


def test_an_assumed_pod_that_waits_for_its_finalizers_frees_its_room(cluster: Cluster) -> None:
    cluster.pod()
    cluster.assume()
    assert cluster.pod(deleting=True) == [PodLeft(KEY), FREED]
    assert cluster.state.counts()["assumed"] == 0


def test_a_state_from_before_the_binding_leaves_the_room_held(cluster: Cluster) -> None:
    cluster.pod()
    cluster.assume()
    assert [type(event) for event in cluster.pod(status={"phase": "Pending"})] == [PodSeen]
    assert cluster.state.counts()["assumed"] == 1


def test_a_new_pod_of_the_same_name_frees_the_room_of_the_old(cluster: Cluster) -> None:
    cluster.pod(nodeName="n1")
    seen, freed = cluster.pod(uid="u2")
    assert isinstance(seen, PodSeen)
    assert freed == FREED
    cluster.assume()
    assert FREED in cluster.pod(uid="u3")


@pytest.mark.parametrize(
    ("parts", "change"),
    [
        ({"labels": {"zone": "a"}}, Change.NODE_LABELS),
        ({"taints": [{"key": "k", "effect": "NoSchedule"}]}, Change.NODE_TAINTS),
        ({"unschedulable": True}, Change.NODE_TAINTS),
        ({"status": {"allocatable": {"cpu": "4"}}}, Change.NODE_ALLOCATABLE),
    ],
)
def test_what_changed_of_a_node(cluster: Cluster, parts: dict[str, Any], change: Change) -> None:
    assert cluster.node(**parts) == [ClusterChanged(change)]


def test_a_heartbeat_is_no_change(cluster: Cluster) -> None:
    assert cluster.node(status={"conditions": [{"type": "Ready", "status": "True"}]}) == []


def test_a_node_that_is_gone(cluster: Cluster) -> None:
    assert cluster.node(gone=True) == [NodeLost("n1")]
    assert cluster.state.nodes == []
    assert cluster.node() == [ClusterChanged(Change.NODE_ADDED)]


def test_an_object_that_does_not_decode_changes_nothing_and_is_logged_once(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert cluster.node(status={"allocatable": {"cpu": "two"}}) == []
    assert cluster.view.refused["Node"] == 3
    assert [record.message for record in caplog.records] == [
        "an object was refused; its last good version stands"
    ]
    assert "two" in caplog.records[0].error
    cluster.pod()
    cluster.assume()


def node_network(valid_until: str) -> dict[str, Any]:
    status = {
        "observedAt": "2026-01-01T00:00:00Z",
        "validUntil": valid_until,
        "peers": ["n2"],
        "rttMicros": [1000],
    }
    return {"metadata": {"name": "n1"}, "spec": {"node": "n1"}, "status": status}


def test_stale_measurements_are_counted(cluster: Cluster) -> None:
    told = cluster.send(NODE_NETWORK, node_network("2026-01-01T00:01:00Z"))
    assert told == [ClusterChanged(Change.NODE_NETWORK)]
    valid_until = 1767225660.0
    assert cluster.view.stale_node_networks(valid_until - 1) == 0
    assert cluster.view.stale_node_networks(valid_until + 1) == 1
    cluster.send(NODE_NETWORK, node_network("2026-01-01T00:01:00Z"), gone=True)
    assert cluster.view.stale_node_networks(valid_until + 1) == 0


def test_an_app_group_that_is_not_sound_is_named_in_the_log_once(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    def workload(name: str, *calls: str) -> dict[str, Any]:
        ref = {"kind": "Deployment", "apiVersion": "apps/v1", "namespace": "shop"}
        targets = [{"workload": ref | {"name": call, "selector": call}} for call in calls]
        return {"workload": ref | {"name": name, "selector": name}, "dependencies": targets}

    group = {
        "metadata": {"namespace": "shop", "name": "boutique"},
        "spec": {
            "numMembers": 1,
            "topologySortingAlgorithm": "KahnSort",
            "workloads": [workload("front", "nobody")],
        },
    }
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert cluster.send(APP_GROUP, group) == [ClusterChanged(Change.APP_GROUP)]
    [record] = caplog.records
    assert "shop/boutique" in record.problem
    assert "nobody" in record.problem


def test_other_kinds_reach_the_engine_and_wake_nobody(cluster: Cluster) -> None:
    service = {"metadata": {"namespace": "shop", "name": "s"}, "spec": {}}
    assert cluster.send(SERVICE, service) == []
