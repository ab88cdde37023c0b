"""ReplicaSet: keeps as many pods of a template as its spec says."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers import live
from netcore_cluster.controllers.actions import Action, Create, Delete, Emit, Requeue, Update, Write
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.claims import Claims, claim, settle
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import (
    Key,
    Reference,
    controller_of,
    controller_reference,
    find_condition,
    is_controlled_by,
    is_deleting,
    key_of,
    labels_of,
    reference_to,
    uid_of,
)
from netcore_cluster.controllers.pods import (
    is_active,
    is_available,
    is_ready,
    is_terminal,
    ready_since,
)
from netcore_cluster.controllers.replica_set_ranking import pods_to_delete
from netcore_cluster.kinds.selectors import matches_label_selector

_API_VERSION: Final = "apps/v1"
_KIND: Final = "ReplicaSet"
_RESOURCE: Final = "replicasets.apps"

# Pods created or deleted at one look, as upstream: a huge ReplicaSet grows in several.
_BURST: Final = 500


@dataclass(frozen=True, slots=True)
class ObservedReplicaSet:
    """A ReplicaSet and the pods that concern it.

    Attributes:
        pods: Its own, and those of its namespace that nothing manages.
        related: Pods of every ReplicaSet of the same Deployment.
    """

    replica_set: Object
    pods: Sequence[Object]
    related: Sequence[Object]


def reconcile(observed: ObservedReplicaSet, now: float) -> list[Action]:
    """Adopt, release, create, delete, then say how it stands."""
    replica_set = observed.replica_set
    claims = _claims(observed)
    if claims.adoptable or claims.strayed:
        reference = controller_reference(replica_set, api_version=_API_VERSION, kind=_KIND)
        return [*settle(claims, "pods", reference)]
    active = claims.owned
    actions: list[Action] = []
    if not is_deleting(replica_set):
        actions += _scale(replica_set, active, observed.related, now)
    status = _status(observed, active, now)
    if status != (replica_set.get("status") or {}):
        actions.append(_status_update(replica_set, status))
    wait_s = _until_next_available(replica_set, active, now)
    if wait_s is not None:
        actions.append(Requeue(wait_s))
    return actions


def on_failed_write(
    observed: ObservedReplicaSet, action: Write, error: ApiError, now: float
) -> list[Action]:
    """Say on the ReplicaSet why its pods cannot be created or deleted."""
    if not isinstance(action, (Create, Delete)) or is_namespace_terminating(error):
        return []
    replica_set = observed.replica_set
    creates = isinstance(action, Create)
    reason = "FailedCreate" if creates else "FailedDelete"
    verb = "creating" if creates else "deleting"
    emit = Emit(_about(replica_set), reason, f"Error {verb}: {error.message}", warning=True)
    status = _status(observed, _claims(observed).owned, now)
    conditions = status.setdefault("conditions", [])
    if find_condition(conditions, "ReplicaFailure") is None:
        conditions.append(
            {
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": timestamp(now),
                "reason": reason,
                "message": error.message,
            }
        )
    if status == (replica_set.get("status") or {}):
        return [emit]
    return [emit, _status_update(replica_set, status)]


def is_namespace_terminating(error: ApiError) -> bool:
    """Whether a create was refused because its namespace is being deleted: no use to retry."""
    causes = (error.status.get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def pod_from_template(owner: Object, template: Object, reference: Object) -> Object:
    """A pod as the template says, under a generated name."""
    source = template.get("metadata") or {}
    metadata: Object = {
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [reference],
    }
    for part in ("labels", "annotations", "finalizers"):
        if source.get(part):
            metadata[part] = deepcopy(source[part])
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": deepcopy(template["spec"]),
    }


def _claims(observed: ObservedReplicaSet) -> Claims:
    selector = observed.replica_set["spec"]["selector"]
    return claim(observed.replica_set, selector, filter(is_active, observed.pods))


def _scale(
    replica_set: Object, active: Sequence[Object], related: Sequence[Object], now: float
) -> list[Action]:
    spec = replica_set["spec"]
    excess = len(active) - spec.get("replicas", 1)
    about = _about(replica_set)
    if excess < 0:
        reference = controller_reference(replica_set, api_version=_API_VERSION, kind=_KIND)
        pod = pod_from_template(replica_set, spec["template"], reference)
        event = Emit(about, "SuccessfulCreate", "Created pod: {name}")
        return [Create("pods", pod, event)] * min(-excess, _BURST)
    doomed = pods_to_delete(active, related=related, count=min(excess, _BURST), now=now)
    return [
        Delete(
            "pods",
            *key_of(pod),
            uid_of(pod),
            event=Emit(about, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}"),
        )
        for pod in doomed
    ]


def _status(observed: ObservedReplicaSet, active: Sequence[Object], now: float) -> Object:
    replica_set = observed.replica_set
    spec, old = replica_set["spec"], replica_set.get("status") or {}
    template_labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    min_ready_s = spec.get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(
            template_labels.items() <= labels_of(pod).items() for pod in active
        ),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(
            is_available(pod, min_ready_s=min_ready_s, now=now) for pod in active
        ),
    }
    status: Object = {
        "replicas": len(active),
        **{name: count for name, count in counts.items() if count},
        "terminatingReplicas": sum(
            is_deleting(pod) and not is_terminal(pod) and is_controlled_by(pod, uid_of(replica_set))
            for pod in observed.pods
        ),
        "observedGeneration": replica_set["metadata"]["generation"],
    }
    has_all = len(active) == spec.get("replicas", 1)
    kept = [
        each
        for each in old.get("conditions") or ()
        if each["type"] != "ReplicaFailure" or not has_all
    ]
    if kept:
        status["conditions"] = kept
    return status


def _status_update(replica_set: Object, status: Object) -> Update:
    return Update(_RESOURCE, {**replica_set, "status": status}, "status")


def _until_next_available(
    replica_set: Object, active: Sequence[Object], now: float
) -> float | None:
    """How long until a ready pod has been ready for minReadySeconds; None where none waits."""
    min_ready_s = replica_set["spec"].get("minReadySeconds", 0)
    if not min_ready_s:
        return None
    since = (ready_since(pod) for pod in active)
    waits = [start + min_ready_s - now for start in since if start is not None]
    return min((wait for wait in waits if wait > 0), default=None)


def _about(replica_set: Object) -> Reference:
    return reference_to(replica_set, api_version=_API_VERSION, kind=_KIND)


class ReplicaSetController(Controller[Key, ObservedReplicaSet]):
    """Watches ReplicaSets and pods."""

    name: ClassVar = "replicaset-controller"
    workers: ClassVar = 5

    def __init__(self, hub: Hub, client: Client) -> None:
        self._client = client
        self._replica_sets = hub.cache(_RESOURCE)
        self._pods = hub.cache("pods")

    def interests(self) -> Mapping[str, Interest[Key]]:
        """Its own resource, and pods by their controller or, where they have none, by labels."""
        return {_RESOURCE: self._on_replica_set, "pods": self._on_pod}

    def _on_replica_set(self, change: Change) -> Iterable[Key]:
        return (key_of(change.newest),)

    def _on_pod(self, change: Change) -> Iterable[Key]:
        keys = set()
        for pod in (change.old, change.new):
            owner = controller_of(pod) if pod is not None else None
            if pod is not None and owner is not None and owner["kind"] == _KIND:
                keys.add(Key(pod["metadata"]["namespace"], owner["name"]))
        if change.new is not None and controller_of(change.new) is None:
            labels = labels_of(change.new)
            for replica_set in self._replica_sets.find("namespace", key_of(change.new).namespace):
                if matches_label_selector(replica_set["spec"]["selector"], labels):
                    keys.add(key_of(replica_set))
        return keys

    async def observe(self, key: Key) -> ObservedReplicaSet | None:
        """The ReplicaSet with its pods; read anew where it would adopt some."""
        replica_set = self._replica_sets.get(key)
        if replica_set is None:
            return None
        selector = replica_set["spec"]["selector"]
        orphans = [
            pod
            for pod in self._pods.find("orphan", key.namespace)
            if matches_label_selector(selector, labels_of(pod))
        ]
        if orphans:
            # A deleted one must not adopt what it just orphaned.
            replica_set = await live.read(self._client, _RESOURCE, key, uid_of(replica_set))
            if replica_set is None:
                return None
        return ObservedReplicaSet(
            replica_set,
            [*self._pods.find("controller", uid_of(replica_set)), *orphans],
            self._related(replica_set),
        )

    def reconcile(self, observed: ObservedReplicaSet, now: float) -> list[Action]:
        """See `reconcile` of this module."""
        return reconcile(observed, now)

    def failed(
        self, observed: ObservedReplicaSet, action: Write, error: ApiError, now: float
    ) -> list[Action]:
        """See `on_failed_write`."""
        return on_failed_write(observed, action, error, now)

    def _related(self, replica_set: Object) -> list[Object]:
        owner = controller_of(replica_set)
        siblings = (
            [replica_set] if owner is None else self._replica_sets.find("controller", owner["uid"])
        )
        return [pod for each in siblings for pod in self._pods.find("controller", uid_of(each))]
