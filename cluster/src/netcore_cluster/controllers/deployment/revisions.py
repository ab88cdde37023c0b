"""The history of a Deployment: which ReplicaSet is the new one, and how it is numbered; pure.

Source: kubernetes ``pkg/controller/deployment/sync.go`` and ``util/deployment_util.go``.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.deployment.replica_sets import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    TEMPLATE_HASH,
    annotated_number,
    count_of,
    max_surge,
    size_of,
)
from netcore_cluster.controllers.deployment.template_hash import is_same_template, template_hash
from netcore_cluster.controllers.objects import (
    annotations_of,
    controller_reference,
    creation_order,
    is_deleting,
)

_NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
    }
)
_MOST_HISTORY_CHARS: Final = 2000


@dataclass(frozen=True, slots=True)
class History:
    """The ReplicaSets of a Deployment.

    Attributes:
        new: The one with the Deployment's own template, if it exists yet.
        old: All others, oldest first.
    """

    new: Object | None
    old: Sequence[Object]

    @property
    def all(self) -> list[Object]:
        """The old ones and the new one."""
        return [*self.old, self.new] if self.new is not None else list(self.old)

    @property
    def next_revision(self) -> int:
        """One more than the highest revision of the old ones."""
        revisions = (annotated_number(each, REVISION) or 0 for each in self.old)
        return max(revisions, default=0) + 1


def history(deployment: Object, replica_sets: Iterable[Object]) -> History:
    """Sort the ReplicaSets into the new one (the oldest that fits) and the old ones."""
    ordered = sorted(replica_sets, key=creation_order)
    template = deployment["spec"]["template"]
    new = next((rs for rs in ordered if is_same_template(rs["spec"]["template"], template)), None)
    return History(new, [each for each in ordered if each is not new])


def new_replica_set(deployment: Object, *, size: int, revision: int) -> Object:
    """The ReplicaSet for the Deployment's present template."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    collisions = (deployment.get("status") or {}).get("collisionCount", 0)
    hashed = template_hash(spec["template"], collisions)
    template = deepcopy(spec["template"])
    labels = {**((template.get("metadata") or {}).get("labels") or {}), TEMPLATE_HASH: hashed}
    template["metadata"] = {**(template.get("metadata") or {}), "labels": labels}
    selector = deepcopy(spec["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), TEMPLATE_HASH: hashed}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{hashed}",
            "namespace": metadata["namespace"],
            "labels": dict(labels),
            "annotations": {
                **_copied(deployment),
                REVISION: str(revision),
                **size_annotations(deployment),
            },
            "ownerReferences": [
                controller_reference(deployment, api_version="apps/v1", kind="Deployment")
            ],
        },
        "spec": {
            "replicas": size,
            "minReadySeconds": spec.get("minReadySeconds", 0),
            "selector": selector,
            "template": template,
        },
    }


def numbered(deployment: Object, new: Object, revision: int) -> dict[str, str]:
    """The annotations of the new ReplicaSet: the Deployment's, and its place in the history.

    A ReplicaSet that becomes the newest again, after an undo, keeps its former numbers in a list.
    """
    found = dict(annotations_of(new))
    copied = _copied(deployment)
    changed = any(found.get(name) != value for name, value in copied.items())
    found |= copied
    former = found.get(REVISION)
    if (annotated_number(new, REVISION) or 0) < revision:
        found[REVISION] = str(revision)
        changed = True
    if former is not None and changed and former != found[REVISION]:
        numbers = [number for number in found.get(REVISION_HISTORY, "").split(",") if number]
        numbers.append(former)
        while len(",".join(numbers)) > _MOST_HISTORY_CHARS:
            numbers.pop(0)
        found[REVISION_HISTORY] = ",".join(numbers)
    return found


def size_annotations(deployment: Object) -> dict[str, str]:
    """By which a ReplicaSet tells, later, whether the Deployment was scaled since."""
    size = size_of(deployment)
    return {DESIRED_REPLICAS: str(size), MAX_REPLICAS: str(size + max_surge(deployment))}


def outdated(deployment: Object, old: Sequence[Object]) -> list[Object]:
    """The ReplicaSets beyond the history limit that nothing runs in any more, oldest first."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit is None:
        return []
    live = [each for each in old if not is_deleting(each)]
    live.sort(key=lambda each: (annotated_number(each, REVISION) or 0, creation_order(each)))
    return [each for each in live[: max(len(live) - limit, 0)] if _is_empty(each)]


def _is_empty(replica_set: Object) -> bool:
    generation = replica_set["metadata"]["generation"]
    return (
        size_of(replica_set) == 0
        and count_of(replica_set, "replicas") == 0
        and count_of(replica_set, "observedGeneration") >= generation
    )


def _copied(deployment: Object) -> dict[str, str]:
    return {k: v for k, v in annotations_of(deployment).items() if k not in _NOT_COPIED}
