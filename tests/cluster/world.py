"""A store of plain objects on which the actions of pure reconcilers are carried out.

It knows versions, uids, finalizers and preconditions, so that a rollout or a deletion can be played
out in virtual time, without a loop and without a server.
"""

import copy
import itertools
from collections.abc import Iterable
from typing import Any

from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Action, Create, Delete, Emit, Patch, Requeue, Update
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, key_of

Object = dict[str, Any]

KINDS = {
    "pods": ("v1", "Pod"),
    "replicasets.apps": ("apps/v1", "ReplicaSet"),
    "deployments.apps": ("apps/v1", "Deployment"),
    "nodes": ("v1", "Node"),
}


class Refused(Exception):  # noqa: N818
    """What the API server would answer with an error."""


class World:
    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.hub = Hub()
        self.events: list[Emit] = []
        self.requeues: list[float] = []
        self._version = itertools.count(1)
        self._serial = itertools.count(1)

    def all(self, resource: str) -> list[Object]:
        return sorted(self.hub.cache(resource), key=key_of)

    def get(self, resource: str, name: str, namespace: str = "ns") -> Object | None:
        return self.hub.cache(resource).get(Key(namespace, name))

    def put(self, resource: str, obj: Object) -> Object:
        """Store a version of an object, as an event of the watch tells it."""
        obj = copy.deepcopy(obj)
        metadata = obj["metadata"]
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{next(self._serial):05d}"
        metadata.setdefault("uid", f"uid-{next(self._serial)}")
        metadata.setdefault("creationTimestamp", timestamp(self.now))
        metadata["resourceVersion"] = str(next(self._version))
        old = self.hub.cache(resource).get(key_of(obj))
        if old is None:
            metadata.setdefault("generation", 1)
        elif old.get("spec") != obj.get("spec"):
            metadata["generation"] = old["metadata"]["generation"] + 1
        self.hub.seen(resource, "ADDED" if old is None else "MODIFIED", obj)
        return obj

    def drop(self, resource: str, obj: Object) -> None:
        gone = copy.deepcopy(obj)
        gone["metadata"]["resourceVersion"] = str(next(self._version))
        self.hub.seen(resource, "DELETED", gone)

    def perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Emit():
                    self.events.append(action)
                case Requeue(after_s):
                    self.requeues.append(after_s)
                case Create(resource, obj, event):
                    self._create(resource, obj, event)
                case Update():
                    self._update(action)
                case Patch():
                    self._patch(action)
                case Delete():
                    self._delete(action)

    def _create(self, resource: str, obj: Object, event: Emit | None) -> None:
        if "name" in obj["metadata"] and self.hub.cache(resource).get(key_of(obj)) is not None:
            raise Refused(f"{key_of(obj)} exists")
        self.put(resource, obj)
        self._tell(event)

    def _update(self, update: Update) -> None:
        old = self._stored(update.resource, key_of(update.obj))
        if old["metadata"]["resourceVersion"] != update.obj["metadata"]["resourceVersion"]:
            raise Refused(f"{key_of(old)} has changed")
        new = {**update.obj}
        if update.subresource == "status":
            new = {**old, "status": update.obj["status"]}
        self._put_or_drop(update.resource, new)
        self._tell(update.event)

    def _patch(self, patch: Patch) -> None:
        old = self._stored(patch.resource, Key(patch.namespace, patch.name))
        expected = patch.patch.get("metadata", {}).get("resourceVersion")
        if expected not in {None, old["metadata"]["resourceVersion"]}:
            raise Refused(f"{key_of(old)} has changed")
        self._put_or_drop(patch.resource, merged(old, patch.patch))
        self._tell(patch.event)

    def _delete(self, delete: Delete) -> None:
        obj = self.hub.cache(delete.resource).get(Key(delete.namespace, delete.name))
        if obj is None:
            return
        metadata = obj["metadata"]
        assert metadata["uid"] == delete.uid
        if delete.version not in {None, int(metadata["resourceVersion"])}:
            raise Refused(f"{key_of(obj)} has changed")
        finalizers = list(metadata.get("finalizers") or ())
        if delete.propagation == "Foreground" and "foregroundDeletion" not in finalizers:
            finalizers.append("foregroundDeletion")
        if delete.propagation == "Orphan" and "orphan" not in finalizers:
            finalizers.append("orphan")
        if finalizers:
            marks = {"deletionTimestamp": timestamp(self.now), "finalizers": finalizers}
            self.put(delete.resource, merged(obj, {"metadata": marks}))
        else:
            self.drop(delete.resource, obj)
        self._tell(delete.event)

    def _put_or_drop(self, resource: str, obj: Object) -> None:
        metadata = obj["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self.drop(resource, obj)
        else:
            self.put(resource, obj)

    def _stored(self, resource: str, key: Key) -> Object:
        found = self.hub.cache(resource).get(key)
        if found is None:
            raise Refused(f"no {resource} {key}")
        return found

    def _tell(self, event: Emit | None) -> None:
        if event is not None:
            self.events.append(event)


def merged(old: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def pod_template(image: str = "web:1", app: str = "web") -> Object:
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }


def deployment(
    replicas: int = 3, *, name: str = "web", strategy: Object | None = None, **spec: Any
) -> Object:
    return {
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(app=name),
            "strategy": strategy
            or {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            **spec,
        },
    }


def replica_set(replicas: int = 3, *, name: str = "rs", **spec: Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(app=name),
            **spec,
        },
    }


def pod(
    name: str,
    *,
    owner: Object | None = None,
    labels: dict[str, str] | None = None,
    node: str = "",
    phase: str = "Running",
    ready: bool = True,
    ready_at: float = 1_700_000_000.0,
    restarts: int = 0,
    **metadata: Any,
) -> Object:
    found: Object = {
        "metadata": {"name": name, "namespace": "ns", "labels": labels or {"app": "rs"}} | metadata,
        "spec": {"containers": [{"name": "main", "image": "web:1"}]},
        "status": {
            "phase": phase,
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True" if ready else "False",
                    "lastTransitionTime": timestamp(ready_at),
                }
            ],
            "containerStatuses": [{"name": "main", "restartCount": restarts}],
        },
    }
    if node:
        found["spec"]["nodeName"] = node
    if owner is not None:
        found["metadata"]["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return found
