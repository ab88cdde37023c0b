"""Which pods of a ReplicaSet go first when it shrinks; pure.

Source: kubernetes ``pkg/controller/controller_utils.go``, ``ActivePodsWithRanks.Less``.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import annotations_of, seconds, uid_of
from netcore_cluster.controllers.pods import is_active, is_ready, phase_of, ready_since, restarts_of

_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_ORDER: Final = {"Pending": 0, "Unknown": 1, "Running": 2}


def pods_to_delete(
    pods: Sequence[Object], *, related: Iterable[Object], count: int, now: float
) -> list[Object]:
    """The `count` pods that are missed least.

    In this order go pods that: have no node; are pending; are not ready; have the lower deletion
    cost; stand beside more of their kind on one node; became ready later; restarted more often;
    are younger. Times count by their order of magnitude only, so that of pods of nearly the same
    age not always the same goes.

    Args:
        pods: The active pods of the ReplicaSet.
        related: The pods of all ReplicaSets of the same Deployment, by which nodes are crowded.
        count: How many must go.
        now: Unix seconds.
    """
    if count >= len(pods):
        return list(pods)
    crowd = Counter(
        pod["spec"]["nodeName"] for pod in related if is_active(pod) and pod["spec"].get("nodeName")
    )
    return sorted(pods, key=lambda pod: _rank(pod, crowd, now))[:count]


def _rank(pod: Object, crowd: Counter[str], now: float) -> tuple[int | bool | str, ...]:
    node = pod["spec"].get("nodeName", "")
    created = pod["metadata"].get("creationTimestamp")
    return (
        bool(node),
        _PHASE_ORDER.get(phase_of(pod), 0),
        is_ready(pod),
        _deletion_cost(pod),
        -crowd[node],
        _magnitude(ready_since(pod), now),
        -restarts_of(pod),
        _magnitude(seconds(created) if created else None, now),
        uid_of(pod),
    )


def _deletion_cost(pod: Object) -> int:
    try:
        return int(annotations_of(pod).get(_DELETION_COST, "0"))
    except ValueError:
        return 0


def _magnitude(since: float | None, now: float) -> int:
    """The age in powers of two, so that younger sorts first; -1 where there is no time yet."""
    if since is None:
        return -1
    age_s = now - since
    return int(log2(age_s)) if age_s >= 1 else 0
