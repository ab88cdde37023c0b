"""What a Deployment reads of its ReplicaSets, and the limits that it sets them; pure.

Source: kubernetes ``pkg/controller/deployment/util/deployment_util.go``.
"""

from collections.abc import Iterable
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.int_or_percent import scaled
from netcore_cluster.controllers.objects import annotations_of

REVISION: Final = "deployment.kubernetes.io/revision"
REVISION_HISTORY: Final = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS: Final = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS: Final = "deployment.kubernetes.io/max-replicas"
TEMPLATE_HASH: Final = "pod-template-hash"


def size_of(obj: Object) -> int:
    """How many replicas a ReplicaSet or Deployment is to have."""
    size: int = obj["spec"].get("replicas", 1)
    return size


def count_of(replica_set: Object, count: str) -> int:
    """A count of its status, such as `availableReplicas`; 0 where it has none."""
    found: int = (replica_set.get("status") or {}).get(count, 0)
    return found


def total_size(replica_sets: Iterable[Object]) -> int:
    """How many replicas they are to have together."""
    return sum(map(size_of, replica_sets))


def total_count(replica_sets: Iterable[Object], count: str) -> int:
    """The sum of a count of their statuses."""
    return sum(count_of(each, count) for each in replica_sets)


def annotated_number(replica_set: Object, annotation: str) -> int | None:
    """The number in an annotation; None where there is none to read."""
    try:
        return int(annotations_of(replica_set).get(annotation, ""))
    except ValueError:
        return None


def is_rolling(deployment: Object) -> bool:
    """Whether it replaces pods a few at a time rather than all at once."""
    kind: str = (deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate")
    return kind == "RollingUpdate"


def max_surge(deployment: Object) -> int:
    """How many pods more than its size it may have for a while; a fraction counts as one."""
    return _limits(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    """How many pods of its size may be missing for a while; a fraction does not count.

    One where both limits come out as 0: nothing could ever move.
    """
    if not is_rolling(deployment):
        return 0
    return min(_limits(deployment)[1], size_of(deployment))


def _limits(deployment: Object) -> tuple[int, int]:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    size = size_of(deployment)
    surge = scaled(rolling.get("maxSurge", "25%"), size, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), size, round_up=False)
    return surge, 1 if surge == unavailable == 0 else unavailable
