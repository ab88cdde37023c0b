"""What would the scheduler do? The same engine and configuration, writing nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import orjson

from netcore import ClusterState, Decision, InvalidInputError, PodSummary, Profile
from netcore_scheduler.config import SchedulerConfiguration, decode_configuration

# Kind → API group. Objects of other kinds, and of the same name in other groups, are passed over.
_KINDS: Final = {
    "Namespace": "",
    "Service": "",
    "Node": "",
    "Pod": "",
    "PriorityClass": "scheduling.k8s.io",
    "AppGroup": "appgroup.diktyo.x-k8s.io",
    "NetworkTopology": "networktopology.diktyo.x-k8s.io",
    "NodeNetwork": "netcore.dev",
}
_NAMESPACED: Final = frozenset({"Service", "Pod", "AppGroup", "NetworkTopology"})
_TERMINAL: Final = frozenset({"Succeeded", "Failed"})
# As the API server words the condition of such a pod.
_GATED: Final = "Scheduling is blocked due to non-empty scheduling gates"
_SYSTEM_PRIORITIES: Final[dict[str | None, int]] = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}


class SimulationError(ValueError):
    """An object is not what it must be; the message names it.

    Attributes:
        index: Position of the object among those given.
        problem: What is wrong with it.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(f"object {index}: {problem}")
        self.index = index
        self.problem = problem


def simulate(
    objects: Iterable[Mapping[str, Any]],
    config: Mapping[str, Any] | None = None,
    *,
    now: float | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Place the pending pods of a cluster and tell why each goes where it goes.

    What the API server would fill in on creation is filled in here: the namespace `default`, and
    the priority of a pod's PriorityClass.

    Args:
        objects: Kubernetes objects as dicts; a List is opened. A pod without `nodeName` is
            pending. Kinds that do not bear on the decision are passed over.
        config: A KubeSchedulerConfiguration; None is netcore's default. A pod is placed by the
            profile that its `schedulerName` names, else by the first.
        now: Unix seconds, by which measurements age; None takes the newest `observedAt` among
            the objects, so that a recording does not grow stale.
        seed: Breaks ties.

    Returns:
        One decision a pending pod, in the order in which they would be placed:
        `{"pod": "ns/name", "node": str | None, "message": str, "nodes": [{"node", "accepted",
        "plugin", "reasons", "scores": {plugin: {"raw", "normalized", "weighted"}}, "total"}]}`,
        each pod seeing those before it. Nodes are sorted by name; `plugin` is the first that
        rejects the node, `total` is None then. Pods that a scheduling gate holds back come last,
        without nodes; those that are being deleted or have ended are not pending.

    Raises:
        ConfigurationError: The configuration is not sound.
        SimulationError: An object is not sound.
    """
    held = [_completed(found) for found in _flatten(enumerate(objects)) if _counts(found)]
    configuration = decode_configuration(config)
    state = ClusterState()
    state.set_time(_newest_observation(held) if now is None else now)
    pending = [pod for pod in _apply_all(state, held) if _is_pending(pod)]
    ready = [pod for pod in pending if not pod.scheduling_gates]
    gated = [pod for pod in pending if pod.scheduling_gates]
    decisions = [
        {
            "pod": decision.pod,
            "node": decision.node,
            "message": decision.message,
            "nodes": decision.nodes(),
        }
        for decision in _decisions(state, configuration, ready, seed)
    ]
    return decisions + [
        {"pod": pod.key, "node": None, "message": _GATED, "nodes": []} for pod in gated
    ]


def summarize(
    objects: Iterable[Mapping[str, Any]],
    pod: str,
    configuration: SchedulerConfiguration,
    *,
    now: float,
) -> dict[str, Any]:
    """Place one pending pod of a cluster; return the summary of its decision.

    Args:
        objects: As in `simulate`.
        pod: `namespace/name`.
        configuration: How to place it.
        now: Unix seconds.

    Returns:
        `Decision.summary()`, decoded.

    Raises:
        SimulationError: An object is not sound.
        UnknownObjectError: No such pod is among the objects, or it has a node.
    """
    held = [_completed(found) for found in _flatten(enumerate(objects)) if _counts(found)]
    state = ClusterState()
    state.set_time(now)
    [name] = [found.scheduler_name for found in _apply_all(state, held) if found.key == pod]
    profiles = {each.scheduler_name: each for each in configuration.profiles}
    settings = profiles.get(name) or next(iter(profiles.values()))
    [decision] = state.plan(Profile(settings.engine_json), [pod]).decisions
    summary: dict[str, Any] = orjson.loads(decision.summary())
    return summary


@dataclass(frozen=True, slots=True)
class _Object:
    """One object, and the position of the given one that it was in."""

    index: int
    kind: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        metadata = self.body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        return f"{self.kind} {name or 'without a name'}"

    def fail(self, problem: object) -> SimulationError:
        return SimulationError(self.index, f"{self.name}: {problem}")


def _decisions(
    state: ClusterState, configuration: SchedulerConfiguration, pods: list[PodSummary], seed: int
) -> Iterator[Decision]:
    """Plan the pods in the order of their queue; profiles with the same queue sort share one."""
    profiles = {each.scheduler_name: Profile(each.engine_json) for each in configuration.profiles}
    default = next(iter(profiles))
    of_pod = {
        pod.key: pod.scheduler_name if pod.scheduler_name in profiles else default for pod in pods
    }
    queues: dict[bytes, list[str]] = {}
    for settings in configuration.profiles:
        queues.setdefault(settings.queue_sort, []).append(settings.scheduler_name)
    for names in queues.values():
        mine = [pod for pod in pods if of_pod[pod.key] in names]
        keys, created = [pod.key for pod in mine], [pod.created_at for pod in mine]
        order = state.sort(profiles[names[0]], keys, created)
        for name, run in groupby(order, of_pod.__getitem__):
            yield from state.plan(profiles[name], list(run), seed=seed, detail="full").decisions


def _flatten(objects: Iterable[tuple[int, Any]]) -> Iterator[_Object]:
    for index, obj in objects:
        if not isinstance(obj, Mapping) or not isinstance(obj.get("kind"), str):
            raise SimulationError(index, "a Kubernetes object is a mapping with a kind")
        items = obj.get("items")
        if obj["kind"].endswith("List") and isinstance(items, list):
            # A typed list leaves kind and apiVersion of its items out.
            common = {"kind": obj["kind"].removesuffix("List"), "apiVersion": obj.get("apiVersion")}
            yield from _flatten(
                (index, {**common, **item} if isinstance(item, Mapping) else item) for item in items
            )
        else:
            yield _Object(index, obj["kind"], obj)


def _counts(found: _Object) -> bool:
    group, slash, _ = str(found.body.get("apiVersion") or "").rpartition("/")
    return found.kind in _KINDS and (not slash or group == _KINDS[found.kind])


def _completed(found: _Object) -> _Object:
    metadata = found.body.get("metadata")
    if found.kind not in _NAMESPACED or not isinstance(metadata, Mapping):
        return found
    namespace = metadata.get("namespace") or "default"
    metadata = {**metadata, "namespace": namespace}
    return _Object(found.index, found.kind, {**found.body, "metadata": metadata})


def _apply_all(state: ClusterState, held: list[_Object]) -> list[PodSummary]:
    """Hand every object to the engine. Returns the pods as the last of each name left them."""
    priorities = _priorities(held)
    keys: dict[str, None] = {}
    for found in held:
        if found.kind == "PriorityClass":
            continue
        body = _with_priority(found, priorities) if found.kind == "Pod" else found.body
        try:
            summary = state.apply(found.kind, orjson.dumps(body))
        except (InvalidInputError, orjson.JSONEncodeError) as error:
            raise found.fail(error) from error
        if summary is not None:
            keys[summary.key] = None
    return [pod for pod in map(state.pod, keys) if pod is not None]


def _is_pending(pod: PodSummary) -> bool:
    return pod.node_name is None and pod.phase not in _TERMINAL and not pod.is_deleting


def _priorities(held: Iterable[_Object]) -> dict[str | None, int]:
    """Value by PriorityClass; None is what a pod without a class gets."""
    priorities = {None: 0} | _SYSTEM_PRIORITIES
    for found in held:
        if found.kind != "PriorityClass":
            continue
        value = found.body.get("value", 0)
        if not isinstance(value, int) or isinstance(value, bool):
            raise found.fail(f"value: must be an integer, not {value!r}")
        metadata = found.body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if not isinstance(name, str):
            raise found.fail("metadata.name: is missing")
        priorities[name] = value
        if found.body.get("globalDefault"):
            priorities[None] = value
    return priorities


def _with_priority(found: _Object, priorities: Mapping[str | None, int]) -> Mapping[str, Any]:
    """Set what the API server's admission sets on a pod, where nobody did."""
    spec = found.body.get("spec")
    if not isinstance(spec, Mapping) or spec.get("priority") is not None:
        return found.body
    name = spec.get("priorityClassName") or None
    if name not in priorities:
        raise found.fail(f"no PriorityClass with name {name} was found: add it to the objects")
    return {**found.body, "spec": {**spec, "priority": priorities[name]}}


def _newest_observation(held: Iterable[_Object]) -> float:
    """Unix seconds of the newest `observedAt`; 0 where nothing was measured."""
    newest = 0.0
    for found in held:
        status = found.body.get("status") if found.kind == "NodeNetwork" else None
        stamp = status.get("observedAt") if isinstance(status, Mapping) else None
        if stamp is None:
            continue
        try:
            # YAML knows timestamps, JSON does not.
            time = stamp if isinstance(stamp, datetime) else datetime.fromisoformat(stamp)
        except (TypeError, ValueError) as error:
            raise found.fail(f"status.observedAt: {error}") from error
        newest = max(newest, time.timestamp())
    return newest
