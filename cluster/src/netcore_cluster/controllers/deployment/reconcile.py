"""What a Deployment needs done now: one look, level-based; pure.

A look takes one step at most (make the new ReplicaSet, or resize some) and writes the status; the
changes that follow from it bring the next look.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.actions import (
    Action,
    Create,
    Delete,
    Emit,
    Patch,
    Requeue,
    Update,
    Write,
)
from netcore_cluster.controllers.claims import claim, settle
from netcore_cluster.controllers.deployment import revisions, sizes, status
from netcore_cluster.controllers.deployment.replica_sets import (
    REVISION,
    is_rolling,
    size_of,
    total_count,
)
from netcore_cluster.controllers.deployment.revisions import History
from netcore_cluster.controllers.deployment.sizes import Sizes
from netcore_cluster.controllers.objects import (
    Reference,
    annotations_of,
    controller_reference,
    find_condition,
    is_deleting,
    key_of,
    reference_to,
    uid_of,
)
from netcore_cluster.controllers.pods import is_terminal

RESOURCE: Final = "deployments.apps"
REPLICA_SETS: Final = "replicasets.apps"
API_VERSION: Final = "apps/v1"
KIND: Final = "Deployment"


@dataclass(frozen=True, slots=True)
class ObservedDeployment:
    """A Deployment and what concerns it.

    Attributes:
        replica_sets: Its own, and those of its namespace that nothing manages.
        pods: Of its ReplicaSets, by the ReplicaSet's uid; only where it recreates them.
        taken: Names of ReplicaSets in its namespace that are not its own.
    """

    deployment: Object
    replica_sets: Sequence[Object]
    pods: Mapping[str, Sequence[Object]]
    taken: Container[str] = ()


@dataclass(slots=True)
class _Step:
    """What one look decided."""

    found: History
    conditions: list[Object]
    sizes: Sizes
    created: Object | None = None
    is_rollout: bool = True


def reconcile(observed: ObservedDeployment, now: float) -> list[Action]:
    """Adopt and release ReplicaSets, take one step, clean up, write the status."""
    deployment = observed.deployment
    spec = deployment["spec"]
    if not (spec["selector"].get("matchLabels") or spec["selector"].get("matchExpressions")):
        return _refuse_to_select_all(deployment)
    claims = claim(deployment, spec["selector"], observed.replica_sets)
    if claims.adoptable or claims.strayed:
        reference = controller_reference(deployment, api_version=API_VERSION, kind=KIND)
        return [*settle(claims, REPLICA_SETS, reference)]
    found = revisions.history(deployment, claims.owned)
    conditions = list((deployment.get("status") or {}).get("conditions") or ())
    if is_deleting(deployment):
        step = _Step(found, conditions, {}, is_rollout=False)
        return _write_status(deployment, step, now)
    conditions = status.with_pause(deployment, conditions, now=now)
    if spec.get("paused") or sizes.is_scaled(deployment, found.all):
        step = _Step(found, conditions, sizes.proportional(deployment, found), is_rollout=False)
    elif is_rolling(deployment):
        step = _rolling_step(deployment, found, conditions, now)
    else:
        step = _recreate_step(deployment, found, conditions, observed.pods, now)
    if step.created is not None and step.created["metadata"]["name"] in observed.taken:
        return _count_collision(deployment)
    return [
        *_write_replica_sets(deployment, step),
        *_clean_up(deployment, step),
        *_write_status(deployment, step, now),
    ]


def on_failed_write(
    observed: ObservedDeployment, action: Write, error: ApiError, now: float
) -> list[Action]:
    """Say on the Deployment why its ReplicaSet cannot be made."""
    if not isinstance(action, Create) or error.reason == "AlreadyExists":
        return []
    deployment = observed.deployment
    old = deployment.get("status") or {}
    reason = "ReplicaSetCreateError"
    message = (
        f'Failed to create new replica set "{action.obj["metadata"]["name"]}": {error.message}'
    )
    conditions = old.get("conditions") or ()
    conditions = status.with_progress(conditions, "False", reason, message, now=now)
    return [
        Emit(_about(deployment), reason, message, warning=True),
        Update(RESOURCE, {**deployment, "status": {**old, "conditions": conditions}}, "status"),
    ]


def _rolling_step(
    deployment: Object, found: History, conditions: list[Object], now: float
) -> _Step:
    step = _with_new(deployment, found, conditions, now)
    if step.found.new is not None:
        step.sizes = sizes.rolling(deployment, step.found.new, found.old)
    return step


def _recreate_step(
    deployment: Object,
    found: History,
    conditions: list[Object],
    pods: Mapping[str, Sequence[Object]],
    now: float,
) -> _Step:
    stopping = sizes.stopped(found.old)
    if stopping or _has_old_pods(found, pods):
        return _Step(found, conditions, stopping)
    step = _with_new(deployment, found, conditions, now)
    if step.found.new is not None:
        step.sizes = sizes.full(deployment, step.found.new)
    return step


def _has_old_pods(found: History, pods: Mapping[str, Sequence[Object]]) -> bool:
    if total_count(found.old, "replicas") > 0:
        return True
    of_old = (pod for each in found.old for pod in pods.get(uid_of(each), ()))
    return any(not is_terminal(pod) for pod in of_old)


def _with_new(deployment: Object, found: History, conditions: list[Object], now: float) -> _Step:
    """A step that makes sure that the new ReplicaSet exists and that its progress is watched."""
    if found.new is not None:
        if status.deadline_of(deployment) is not None and not find_condition(
            conditions, status.PROGRESSING
        ):
            message = f'Found new replica set "{found.new["metadata"]["name"]}"'
            conditions = status.with_progress(
                conditions, "True", "FoundNewReplicaSet", message, now=now
            )
        return _Step(found, conditions, {})
    size = sizes.initial(deployment, found.old)
    created = revisions.new_replica_set(deployment, size=size, revision=found.next_revision)
    if status.deadline_of(deployment) is not None:
        message = f'Created new replica set "{created["metadata"]["name"]}"'
        conditions = status.with_progress(
            conditions, "True", "NewReplicaSetCreated", message, now=now
        )
    return _Step(History(created, found.old), conditions, {}, created)


def _write_replica_sets(deployment: Object, step: _Step) -> list[Action]:
    actions: list[Action] = []
    if step.created is not None:
        size = size_of(step.created)
        event = _scaled_event(deployment, step.created, 0, size) if size else None
        actions.append(Create(REPLICA_SETS, step.created, event))
    for replica_set in step.found.all:
        if replica_set is not step.created:
            actions += _write_replica_set(deployment, step, replica_set)
    return actions


def _write_replica_set(deployment: Object, step: _Step, replica_set: Object) -> list[Action]:
    metadata, spec = replica_set["metadata"], replica_set["spec"]
    before = size_of(replica_set)
    size = step.sizes.get(metadata["name"], before)
    annotations = dict(annotations_of(replica_set))
    changed: Object = {"replicas": size}
    if replica_set is step.found.new:
        annotations = revisions.numbered(deployment, replica_set, step.found.next_revision)
        changed["minReadySeconds"] = deployment["spec"].get("minReadySeconds", 0)
    if size != before or (before > 0 and not step.is_rollout):
        annotations |= revisions.size_annotations(deployment)
    new_spec = {**spec, **changed}
    if annotations == annotations_of(replica_set) and all(
        spec.get(name, 0) == value for name, value in changed.items()
    ):
        return []
    obj = {**replica_set, "metadata": {**metadata, "annotations": annotations}, "spec": new_spec}
    event = _scaled_event(deployment, replica_set, before, size) if size != before else None
    return [Update(REPLICA_SETS, obj, event=event)]


def _clean_up(deployment: Object, step: _Step) -> list[Action]:
    is_done = status.is_complete(deployment, deployment.get("status") or {})
    if step.sizes or not (deployment["spec"].get("paused") or (step.is_rollout and is_done)):
        return []
    return [
        Delete(REPLICA_SETS, *key_of(each), uid_of(each), propagation="Background")
        for each in revisions.outdated(deployment, step.found.old)
    ]


def _write_status(deployment: Object, step: _Step, now: float) -> list[Action]:
    judge = status.rolled_out if step.is_rollout else status.counted
    new = judge(deployment, step.found, step.conditions, now=now)
    actions: list[Action] = []
    if new != (deployment.get("status") or {}):
        actions.append(Update(RESOURCE, {**deployment, "status": new}, "status"))
    revision = _revision_of(step)
    if revision and annotations_of(deployment).get(REVISION) != revision:
        patch = {"metadata": {"annotations": {REVISION: revision}}}
        actions.append(Patch(RESOURCE, *key_of(deployment), patch))
    wait_s = status.until_deadline(deployment, new, now=now)
    if wait_s is not None and step.is_rollout:
        actions.append(Requeue(wait_s))
    return actions


def _revision_of(step: _Step) -> str:
    """The number that the new ReplicaSet has, or gets with this step."""
    if step.found.new is None:
        return ""
    own = annotations_of(step.found.new).get(REVISION, "0")
    known = int(own) if own.isdigit() else 0
    return str(max(known, step.found.next_revision))


def _refuse_to_select_all(deployment: Object) -> list[Action]:
    message = "This deployment is selecting all pods. A non-empty selector is required."
    generation = deployment["metadata"]["generation"]
    old = deployment.get("status") or {}
    if old.get("observedGeneration", 0) >= generation:
        return []
    seen = {**old, "observedGeneration": generation}
    return [
        Emit(_about(deployment), "SelectingAll", message, warning=True),
        Update(RESOURCE, {**deployment, "status": seen}, "status"),
    ]


def _scaled_event(deployment: Object, replica_set: Object, before: int, size: int) -> Emit:
    direction = "up" if size > before else "down"
    name = replica_set["metadata"]["name"]
    message = f"Scaled {direction} replica set {name} from {before} to {size}"
    return Emit(_about(deployment), "ScalingReplicaSet", message)


def _count_collision(deployment: Object) -> list[Action]:
    """Have another hash computed: something else has the name of the new ReplicaSet."""
    old = deployment.get("status") or {}
    new = {**old, "collisionCount": old.get("collisionCount", 0) + 1}
    return [Update(RESOURCE, {**deployment, "status": new}, "status")]


def _about(deployment: Object) -> Reference:
    return reference_to(deployment, api_version=API_VERSION, kind=KIND)
