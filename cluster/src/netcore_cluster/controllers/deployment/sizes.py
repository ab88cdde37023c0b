"""How large each ReplicaSet of a Deployment should be now; pure.

Each function returns the sizes that differ from the present ones, by the ReplicaSet's name.

Source: kubernetes ``pkg/controller/deployment/{rolling,recreate,sync}.go``.
"""

from collections.abc import Sequence
from math import floor

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.deployment.replica_sets import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    annotated_number,
    count_of,
    is_rolling,
    max_surge,
    max_unavailable,
    size_of,
    total_size,
)
from netcore_cluster.controllers.deployment.revisions import History
from netcore_cluster.controllers.objects import creation_order

Sizes = dict[str, int]


def is_scaled(deployment: Object, replica_sets: Sequence[Object]) -> bool:
    """Whether the Deployment got another size since its ReplicaSets were sized."""
    sizes = (annotated_number(each, DESIRED_REPLICAS) for each in _active(replica_sets))
    return any(size is not None and size != size_of(deployment) for size in sizes)


def initial(deployment: Object, old: Sequence[Object]) -> int:
    """The size at which a new ReplicaSet starts beside the old ones."""
    return _grown(deployment, old, 0)


def rolling(deployment: Object, new: Object, old: Sequence[Object]) -> Sizes:
    """One step of a rolling update: grow the new one first, else shrink the old ones.

    There are never more than size + maxSurge pods, and never fewer than size - maxUnavailable
    available ones, unless fewer were available before.
    """
    size = size_of(deployment)
    if size_of(new) > size:
        return {_name(new): size}
    grown = _grown(deployment, [*old, new], size_of(new))
    if grown != size_of(new):
        return {_name(new): grown}
    return _shrunk(deployment, new, old)


def stopped(replica_sets: Sequence[Object]) -> Sizes:
    """None of them keeps a pod."""
    return {_name(each): 0 for each in _active(replica_sets)}


def full(deployment: Object, new: Object) -> Sizes:
    """The new one has every pod."""
    size = size_of(deployment)
    return {} if size_of(new) == size else {_name(new): size}


def proportional(deployment: Object, found: History) -> Sizes:
    """Sizes after the Deployment itself was scaled, or while it is paused.

    In the middle of a rollout, each ReplicaSet gets or gives its share, the largest one what
    rounding leaves.
    """
    size = size_of(deployment)
    only = _active_or_latest(found)
    if only is not None:
        return {} if size_of(only) == size else {_name(only): size}
    if _is_saturated(deployment, found.new):
        return stopped(found.old)
    active = _active(found.all)
    if not active or not is_rolling(deployment):
        return {}
    allowed = size + max_surge(deployment) if size > 0 else 0
    missing = allowed - total_size(active)
    if missing == 0:
        return {}
    newest_first = sorted(active, key=creation_order, reverse=missing > 0)
    ordered = sorted(newest_first, key=size_of, reverse=True)
    sizes: Sizes = {}
    added = 0
    for each in ordered:
        share = _share(deployment, each, missing, added)
        sizes[_name(each)] = size_of(each) + share
        added += share
    largest = _name(ordered[0])
    sizes[largest] = max(sizes[largest] + missing - added, 0)
    return {
        _name(each): sizes[_name(each)] for each in ordered if sizes[_name(each)] != size_of(each)
    }


def _grown(deployment: Object, replica_sets: Sequence[Object], new_size: int) -> int:
    """How large the new one may be with all of them there; it is among them, or not yet made."""
    size = size_of(deployment)
    if not is_rolling(deployment):
        return size
    room = size + max_surge(deployment) - total_size(replica_sets)
    return new_size + max(min(room, size - new_size), 0)


def _shrunk(deployment: Object, new: Object, old: Sequence[Object]) -> Sizes:
    if total_size(old) == 0:
        return {}
    everything = [*old, new]
    min_available = size_of(deployment) - max_unavailable(deployment)
    new_unavailable = size_of(new) - count_of(new, "availableReplicas")
    room = total_size(everything) - min_available - new_unavailable
    if room <= 0:
        return {}
    ordered = sorted(old, key=creation_order)
    sizes = {_name(each): size_of(each) for each in ordered}
    # Pods that serve nobody go first: they cost no availability.
    for each in ordered:
        broken = sizes[_name(each)] - count_of(each, "availableReplicas")
        dropped = min(room, max(broken, 0))
        sizes[_name(each)] -= dropped
        room -= dropped
    spare = sum(map(_lasting, everything)) - min_available
    for each in ordered:
        dropped = min(sizes[_name(each)], max(spare, 0))
        sizes[_name(each)] -= dropped
        spare -= dropped
    return {
        _name(each): sizes[_name(each)] for each in ordered if sizes[_name(each)] != size_of(each)
    }


def _lasting(replica_set: Object) -> int:
    """Available pods that its present size lets live: one that just shrank counts too many yet."""
    return min(count_of(replica_set, "availableReplicas"), size_of(replica_set))


def _active_or_latest(found: History) -> Object | None:
    """The only ReplicaSet with pods, or the newest where none has; None where several have."""
    active = _active(found.all)
    if len(active) > 1:
        return None
    if active:
        return active[0]
    if found.new is not None:
        return found.new
    return max(found.old, key=creation_order, default=None)


def _is_saturated(deployment: Object, new: Object | None) -> bool:
    size = size_of(deployment)
    return (
        new is not None
        and size_of(new) == size
        and annotated_number(new, DESIRED_REPLICAS) == size
        and count_of(new, "availableReplicas") == size
    )


def _share(deployment: Object, replica_set: Object, missing: int, added: int) -> int:
    left = missing - added
    if left == 0:
        return 0
    fraction = _fraction(deployment, replica_set)
    return min(fraction, left) if missing > 0 else max(fraction, left)


def _fraction(deployment: Object, replica_set: Object) -> int:
    """How many it would grow by if it kept its part of the whole."""
    size = size_of(deployment)
    if size == 0:
        return -size_of(replica_set)
    before = annotated_number(replica_set, MAX_REPLICAS)
    if not before:
        before = (deployment.get("status") or {}).get("replicas", 0)
    if not before:
        return 0
    grown = size_of(replica_set) * (size + max_surge(deployment)) / before
    return floor(grown + 0.5) - size_of(replica_set)


def _active(replica_sets: Sequence[Object]) -> list[Object]:
    return [each for each in replica_sets if size_of(each) > 0]


def _name(replica_set: Object) -> str:
    name: str = replica_set["metadata"]["name"]
    return name
