"""Deployment: the pure core, played out with ReplicaSets and pods in virtual time."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.world import Refused, World, deployment, merged, pod_template
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers import replica_set
from netcore_cluster.controllers.actions import Delete, Requeue, Update
from netcore_cluster.controllers.deployment.reconcile import ObservedDeployment, reconcile
from netcore_cluster.controllers.deployment.replica_sets import max_surge, max_unavailable
from netcore_cluster.controllers.deployment.template_hash import template_hash
from netcore_cluster.controllers.objects import find_condition, is_controlled_by, uid_of
from netcore_cluster.controllers.pods import is_active, is_available

REVISION = "deployment.kubernetes.io/revision"
RS, D = "replicasets.apps", "deployments.apps"


class Cluster(World):
    """A world in which ReplicaSets are reconciled and pods become ready when told to."""

    def look(self, name: str = "web") -> list:
        """One look at the Deployment; what it decided."""
        found = self.get(D, name)
        if found is None:
            return []
        mine = [
            each
            for each in self.all(RS)
            if is_controlled_by(each, uid_of(found)) or not each["metadata"].get("ownerReferences")
        ]
        pods = {
            uid_of(each): [p for p in self.all("pods") if is_controlled_by(p, uid_of(each))]
            for each in mine
        }
        taken = {each["metadata"]["name"] for each in self.all(RS)} - {
            each["metadata"]["name"] for each in mine
        }
        actions = reconcile(ObservedDeployment(found, mine, pods, taken), self.now)
        self.perform(actions)
        return [action for action in actions if not isinstance(action, Requeue)]

    def tend_replica_sets(self) -> bool:
        changed = False
        for each in self.all(RS):
            pods = [
                p
                for p in self.all("pods")
                if is_controlled_by(p, uid_of(each)) or not p["metadata"].get("ownerReferences")
            ]
            actions = replica_set.reconcile(
                replica_set.ObservedReplicaSet(each, pods, pods), self.now
            )
            self.perform(actions)
            changed |= any(not isinstance(action, Requeue) for action in actions)
        return changed

    def make_ready(self, count: int = 10**6) -> bool:
        waiting = [p for p in self.all("pods") if is_active(p) and not p.get("status")]
        for each in waiting[:count]:
            since = timestamp(self.now)
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
            self.put("pods", {**each, "status": {"phase": "Running", "conditions": [ready]}})
        return bool(waiting)

    def settle(self, name: str = "web", *, ready: bool = True, rounds: int = 200) -> None:
        """Let everybody act until nobody has anything to do."""
        for _ in range(rounds):
            acted = bool(self.look(name))
            acted |= self.tend_replica_sets()
            acted |= ready and self.make_ready()
            if not acted:
                return
            self.now += 1
        raise AssertionError("the cluster does not come to rest")

    def edit(self, patch: dict, name: str = "web") -> None:
        self.put(D, merged(self.get(D, name), patch))

    def sizes(self) -> dict[str, int]:
        """Revision → size of each ReplicaSet."""
        return {
            each["metadata"]["annotations"][REVISION]: each["spec"]["replicas"]
            for each in self.all(RS)
        }

    def condition(self, kind: str, name: str = "web") -> dict:
        return find_condition(self.get(D, name)["status"]["conditions"], kind)

    def said(self) -> list[str]:
        return [each.message for each in self.events if each.reason == "ScalingReplicaSet"]


def image(text: str) -> dict:
    return {"spec": {"template": pod_template(text)}}


def test_first_rollout():
    cluster = Cluster()
    cluster.put(D, deployment(3))
    cluster.settle()
    (rs,) = cluster.all(RS)
    hashed = rs["spec"]["selector"]["matchLabels"]["pod-template-hash"]
    assert rs["metadata"]["name"] == f"web-{hashed}"
    assert rs["metadata"]["labels"] == {"app": "web", "pod-template-hash": hashed}
    assert rs["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] == hashed
    assert rs["metadata"]["annotations"] == {
        REVISION: "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }
    found = cluster.get(D, "web")
    assert found["metadata"]["annotations"][REVISION] == "1"
    status = dict(found["status"])
    conditions = status.pop("conditions")
    assert status == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert {c["type"]: (c["status"], c["reason"], c["message"]) for c in conditions} == {
        "Available": ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        "Progressing": (
            "True",
            "NewReplicaSetAvailable",
            f'ReplicaSet "web-{hashed}" has successfully progressed.',
        ),
    }
    assert cluster.said() == [f"Scaled up replica set web-{hashed} from 0 to 3"]


def test_a_rollout_says_what_it_does_step_by_step():
    cluster = Cluster()
    cluster.put(D, deployment(4))
    cluster.settle()
    cluster.edit(image("web:2"))
    cluster.settle()
    old, new = (f"web-{suffix}" for suffix in ("OLD", "NEW"))
    names = {
        rs["metadata"]["name"]: rs["metadata"]["annotations"][REVISION] for rs in cluster.all(RS)
    }
    words = [
        " ".join({"1": old, "2": new}[names[w]] if w in names else w for w in text.split())
        for text in cluster.said()[1:]
    ]
    assert words == [
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 4 to 3",
        f"Scaled up replica set {new} from 1 to 2",
        f"Scaled down replica set {old} from 3 to 2",
        f"Scaled up replica set {new} from 2 to 3",
        f"Scaled down replica set {old} from 2 to 1",
        f"Scaled up replica set {new} from 3 to 4",
        f"Scaled down replica set {old} from 1 to 0",
    ]
    assert cluster.sizes() == {"1": 0, "2": 4}


def test_undo_goes_back_to_the_old_replica_set_under_a_new_number():
    cluster = Cluster()
    cluster.put(D, deployment(2))
    cluster.settle()
    first = cluster.all(RS)[0]["metadata"]["name"]
    cluster.edit(image("web:2"))
    cluster.settle()
    cluster.edit(image("web:1"))
    cluster.settle()
    found = cluster.get(RS, first)
    assert found["spec"]["replicas"] == 2
    assert found["metadata"]["annotations"][REVISION] == "3"
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert cluster.get(D, "web")["metadata"]["annotations"][REVISION] == "3"
    assert cluster.sizes() == {"3": 2, "2": 0}


def test_the_change_cause_is_kept_with_its_revision():
    cluster = Cluster()
    cause = "kubernetes.io/change-cause"
    cluster.put(D, merged(deployment(1), {"metadata": {"annotations": {cause: "first"}}}))
    cluster.settle()
    cluster.edit({"metadata": {"annotations": {cause: "second"}}, **image("web:2")})
    cluster.settle()
    causes = {
        rs["metadata"]["annotations"][REVISION]: rs["metadata"]["annotations"][cause]
        for rs in cluster.all(RS)
    }
    assert causes == {"1": "first", "2": "second"}


def test_history_limit():
    cluster = Cluster()
    cluster.put(D, deployment(1, revisionHistoryLimit=2))
    cluster.settle()
    for number in range(2, 7):
        cluster.edit(image(f"web:{number}"))
        cluster.settle()
    assert sorted(cluster.sizes()) == ["4", "5", "6"]


def test_paused_changes_nothing_until_resumed():
    cluster = Cluster()
    cluster.put(D, deployment(2))
    cluster.settle()
    cluster.edit({"spec": {"paused": True, "template": pod_template("web:2")}})
    cluster.settle()
    assert cluster.sizes() == {"1": 2}
    assert cluster.condition("Progressing")["reason"] == "DeploymentPaused"
    cluster.edit({"spec": {"replicas": 5}})
    cluster.settle()
    assert cluster.sizes() == {"1": 5}
    cluster.edit({"spec": {"paused": None}})
    cluster.look()
    assert cluster.condition("Progressing")["reason"] in {
        "DeploymentResumed",
        "NewReplicaSetCreated",
    }
    cluster.settle()
    assert cluster.sizes() == {"1": 0, "2": 5}


def test_recreate_ends_every_old_pod_before_the_first_new_one():
    cluster = Cluster()
    cluster.put(D, deployment(3, strategy={"type": "Recreate"}))
    cluster.settle()
    cluster.edit(image("web:2"))
    for _ in range(20):
        cluster.look()
        cluster.tend_replica_sets()
        images = {p["spec"]["containers"][0]["image"] for p in cluster.all("pods")}
        assert len(images) <= 1
        cluster.make_ready()
    assert images == {"web:2"}
    assert cluster.sizes() == {"1": 0, "2": 3}


def test_recreate_waits_for_pods_that_are_still_ending():
    cluster = Cluster()
    cluster.put(D, deployment(1, strategy={"type": "Recreate"}))
    cluster.settle()
    (old,) = cluster.all("pods")
    cluster.put("pods", merged(old, {"metadata": {"finalizers": ["test/hold"]}}))
    cluster.edit(image("web:2"))
    cluster.settle()
    assert len(cluster.all(RS)) == 1
    cluster.drop("pods", cluster.all("pods")[0])
    cluster.settle()
    assert cluster.sizes() == {"1": 0, "2": 1}


def test_a_rollout_that_stands_still_exceeds_its_deadline():
    cluster = Cluster()
    cluster.put(D, deployment(2, progressDeadlineSeconds=60))
    cluster.settle(ready=False)
    assert cluster.condition("Progressing")["reason"] in {
        "NewReplicaSetCreated",
        "ReplicaSetUpdated",
    }
    assert cluster.condition("Available")["reason"] == "MinimumReplicasUnavailable"
    wait = cluster.requeues[-1]
    assert 50 < wait <= 61
    cluster.now += wait
    cluster.look()
    condition = cluster.condition("Progressing")
    assert (condition["status"], condition["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert "has timed out progressing." in condition["message"]
    cluster.settle()
    assert cluster.condition("Progressing")["reason"] == "NewReplicaSetAvailable"


def test_no_deadline_no_progressing_condition():
    cluster = Cluster()
    cluster.put(D, deployment(1, progressDeadlineSeconds=2**31 - 1))
    cluster.settle()
    assert cluster.condition("Progressing") is None
    assert cluster.condition("Available")["status"] == "True"


def test_scaling_in_mid_rollout_is_shared_in_proportion():
    cluster = Cluster()
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    cluster.put(D, deployment(10, strategy=strategy))
    cluster.settle()
    cluster.edit(image("web:broken"))
    cluster.settle(ready=False)
    # The example of Kubernetes' own documentation: 8 old and 5 new that never become ready.
    assert cluster.sizes() == {"1": 8, "2": 5}
    cluster.edit({"spec": {"replicas": 15}})
    cluster.look()
    assert cluster.sizes() == {"1": 11, "2": 7}


def test_scaled_to_nothing_and_back():
    cluster = Cluster()
    cluster.put(D, deployment(4))
    cluster.settle()
    cluster.edit({"spec": {"replicas": 0}})
    cluster.settle()
    assert cluster.all("pods") == []
    cluster.edit({"spec": {"replicas": 2}})
    cluster.settle()
    assert cluster.sizes() == {"1": 2}


def test_a_name_that_is_taken_costs_a_collision():
    cluster = Cluster()
    found = cluster.put(D, deployment(1))
    name = f"web-{template_hash(found['spec']['template'], 0)}"
    foreign = {"metadata": {"name": name, "namespace": "ns"}, "spec": {"replicas": 0}}
    owner = {"kind": "Other", "name": "x", "uid": "other", "controller": True}
    foreign["metadata"]["ownerReferences"] = [owner]
    foreign["spec"] |= {"selector": {"matchLabels": {"a": "b"}}, "template": pod_template(app="b")}
    cluster.put(RS, foreign)
    cluster.settle()
    assert cluster.get(D, "web")["status"]["collisionCount"] == 1
    assert cluster.get(D, "web")["status"]["availableReplicas"] == 1


def test_an_orphaned_replica_set_with_the_template_is_adopted():
    cluster = Cluster()
    cluster.put(D, deployment(2))
    cluster.settle()
    (rs,) = cluster.all(RS)
    cluster.drop(D, cluster.get(D, "web"))
    cluster.put(RS, merged(rs, {"metadata": {"ownerReferences": None}}))
    cluster.put(D, deployment(2))
    cluster.settle()
    assert [each["metadata"]["name"] for each in cluster.all(RS)] == [rs["metadata"]["name"]]
    assert len(cluster.all("pods")) == 2


def test_an_empty_selector_is_refused_with_an_event():
    cluster = Cluster()
    cluster.put(D, deployment(1, selector={}))
    cluster.look()
    assert [e.reason for e in cluster.events] == ["SelectingAll"]
    assert cluster.look() == []


def test_a_deployment_that_is_going_only_reports():
    cluster = Cluster()
    going = {"deletionTimestamp": "2023-11-14T22:13:20Z", "finalizers": ["foregroundDeletion"]}
    cluster.put(D, merged(deployment(2), {"metadata": going}))
    assert {type(action) for action in cluster.look()} == {Update}
    assert cluster.all(RS) == []


def test_a_failure_of_a_replica_set_shows_on_the_deployment():
    cluster = Cluster()
    cluster.put(D, deployment(1))
    cluster.look()
    (rs,) = cluster.all(RS)
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "no room",
        "lastTransitionTime": timestamp(cluster.now),
    }
    cluster.put(RS, {**rs, "status": {"replicas": 0, "conditions": [failure]}})
    cluster.look()
    assert cluster.condition("ReplicaFailure")["message"] == "no room"
    cluster.settle()
    assert cluster.condition("ReplicaFailure") is None


def test_a_stale_look_is_refused_and_repeated():
    cluster = Cluster()
    cluster.put(D, deployment(1))
    found = cluster.get(D, "web")
    actions = reconcile(ObservedDeployment(found, [], {}), cluster.now)
    cluster.edit({"spec": {"replicas": 2}})
    with pytest.raises(Refused):
        cluster.perform(a for a in actions if isinstance(a, Update))
    cluster.settle()
    assert cluster.sizes() == {"1": 2}


def test_the_hash_depends_on_the_template_alone():
    one = pod_template("web:1")
    other = {"spec": one["spec"], "metadata": one["metadata"]}
    assert template_hash(one, 0) == template_hash(other, 0)
    assert template_hash(one, 0) != template_hash(one, 1)
    assert template_hash(one, 0) != template_hash(pod_template("web:2"), 0)


AMOUNT = st.one_of(st.integers(0, 4), st.integers(0, 100).map(lambda percent: f"{percent}%"))


@settings(max_examples=60, deadline=None)
@given(
    replicas=st.integers(1, 9),
    surge=AMOUNT,
    unavailable=AMOUNT,
    changes=st.lists(st.sampled_from(["image", "wait", "lose"]), min_size=1, max_size=4),
    seed=st.integers(0, 2**16),
)
def test_limits_hold_at_every_step_of_any_rollout(replicas, surge, unavailable, changes, seed):
    """Never more pods than size + maxSurge, never fewer available than size - maxUnavailable."""
    dice = random.Random(seed)
    cluster = Cluster()
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    cluster.put(D, deployment(replicas, strategy=strategy))
    cluster.settle()
    found = cluster.get(D, "web")
    most, least = replicas + max_surge(found), replicas - max_unavailable(found)
    for number, change in enumerate(changes):
        if change == "image":
            cluster.edit(image(f"web:{number + 2}"))
        for _ in range(dice.randrange(12)):
            step = dice.choice([cluster.look, cluster.tend_replica_sets, cluster.make_ready])
            if step == cluster.make_ready:
                cluster.make_ready(dice.randrange(3))
            else:
                step()
            cluster.now += 1
            active = [each for each in cluster.all("pods") if is_active(each)]
            available = [p for p in active if is_available(p, min_ready_s=0, now=cluster.now)]
            assert sum(cluster.sizes().values()) <= most
            assert len(active) <= most
            assert len(available) >= least
    cluster.settle()
    newest = max(cluster.sizes(), key=int)
    assert cluster.sizes()[newest] == replicas
    assert sum(cluster.sizes().values()) == replicas


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(["image", "grow", "shrink", "pause", "resume", "wait", "delete"]),
        max_size=8,
    ),
    seed=st.integers(0, 2**16),
)
def test_comes_to_rest_after_any_history(steps, seed):
    dice = random.Random(seed)
    cluster = Cluster()
    cluster.put(D, deployment(3))
    size = 3
    for number, step in enumerate(steps):
        if step == "image":
            cluster.edit(image(f"web:{number}"))
        elif step in {"grow", "shrink"}:
            size = size + 3 if step == "grow" else max(size - 2, 0)
            cluster.edit({"spec": {"replicas": size}})
        elif step == "delete" and cluster.all("pods"):
            cluster.drop("pods", dice.choice(cluster.all("pods")))
        elif step in {"pause", "resume"}:
            cluster.edit({"spec": {"paused": step == "pause" or None}})
        for _ in range(dice.randrange(5)):
            cluster.look()
            if dice.random() < 0.7:
                cluster.tend_replica_sets()
            cluster.make_ready(dice.randrange(3))
            cluster.now += 1
    cluster.edit({"spec": {"paused": None}})
    cluster.settle()
    assert sum(cluster.sizes().values()) == size
    assert len([p for p in cluster.all("pods") if is_active(p)]) == size
    template = cluster.get(D, "web")["spec"]["template"]["spec"]
    assert all(p["spec"] == template for p in cluster.all("pods"))
    deleted = [a for a in cluster.look() if isinstance(a, Delete)]
    assert deleted == []
