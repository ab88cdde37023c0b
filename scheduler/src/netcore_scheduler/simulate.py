"""What would the scheduler do? The same engine and configuration, writing nothing."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import orjson

from netcore import ClusterState, InvalidInputError, Plan, PodSummary, Profile
from netcore_scheduler.config import SchedulerConfiguration, decode_configuration

_DECIDES: Final = frozenset(
    {
        "Namespace",
        "Service",
        "Node",
        "Pod",
        "AppGroup",
        "NetworkTopology",
        "NodeNetwork",
    }
)
_TERMINAL: Final = frozenset({"Succeeded", "Failed"})


class SimulationError(ValueError):
    """An object is not what it must be; the message names it."""


def simulate(
    objects: Iterable[Mapping[str, Any]],
    config: Mapping[str, Any] | None = None,
    *,
    now: float | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Place the pending pods of a cluster and tell why each goes where it goes.

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
        "plugin", "reasons", "scores": {plugin: {"raw", "normalized", "weighted"}}, "total"}]}`.
        A pod held back by a scheduling gate, or being deleted, has none.

    Raises:
        ConfigurationError: The configuration is not sound.
        SimulationError: An object is not sound.
    """
    simulation = _Simulation(objects, decode_configuration(config), now=now)
    return [
        {
            "pod": decision.pod,
            "node": decision.node,
            "message": decision.message,
            "nodes": decision.nodes(),
        }
        for plan in simulation.plans(seed=seed, detail="full")
        for decision in plan.decisions
    ]


def summarize(
    objects: Iterable[Mapping[str, Any]], pod: str, configuration: SchedulerConfiguration
) -> dict[str, Any]:
    """Place the pending pods of a cluster now; return the summary of one pod's decision.

    Args:
        objects: As in `simulate`.
        pod: `namespace/name`.
        configuration: How to place.

    Raises:
        SimulationError: An object is not sound, or the pod is not among those to place.
    """
    simulation = _Simulation(objects, configuration, now=time.time())
    for plan in simulation.plans(seed=0, detail="summary"):
        for decision in plan.decisions:
            if decision.pod == pod:
                summary: dict[str, Any] = orjson.loads(decision.summary())
                return summary
    raise SimulationError(f"pod {pod} is over or being deleted: there is nothing to place")


class _Simulation:
    """A cluster's objects in the engine, and the pods to place by profile."""

    def __init__(
        self,
        objects: Iterable[Mapping[str, Any]],
        configuration: SchedulerConfiguration,
        *,
        now: float | None,
    ) -> None:
        held = list(_flatten(objects))
        self._profiles = {
            settings.scheduler_name: Profile(settings.engine_json)
            for settings in configuration.profiles
        }
        self._state = ClusterState()
        self._state.set_time(_newest_observation(held) if now is None else now)
        self._pending: dict[str, list[tuple[str, float]]] = {name: [] for name in self._profiles}
        first = configuration.profiles[0].scheduler_name
        priorities = _priorities(held)
        for obj in held:
            summary = _apply(self._state, _with_priority(obj, priorities))
            if summary is not None and _is_to_place(summary):
                name = summary.scheduler_name
                self._pending[name if name in self._profiles else first].append(
                    (summary.key, summary.created_at)
                )

    def plans(self, *, seed: int, detail: Literal["summary", "full"]) -> Iterator[Plan]:
        """Place the pods, profile after profile, each seeing what the ones before took."""
        for name, profile in self._profiles.items():
            keys = [key for key, _ in self._pending[name]]
            created = [at for _, at in self._pending[name]]
            order = self._state.sort(profile, keys, created)
            yield self._state.plan(profile, order, seed=seed, detail=detail)


def _is_to_place(pod: PodSummary) -> bool:
    is_over = pod.phase in _TERMINAL or pod.is_deleting
    return pod.node_name is None and not is_over and not pod.scheduling_gates


def _flatten(objects: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for index, obj in enumerate(objects):
        if not isinstance(obj, Mapping) or not isinstance(obj.get("kind"), str):
            raise SimulationError(f"object {index}: a Kubernetes object has a kind")
        if obj["kind"].endswith("List") and isinstance(obj.get("items"), list):
            item_kind = obj["kind"].removesuffix("List")
            yield from _flatten(
                {"kind": item_kind, "apiVersion": obj.get("apiVersion"), **item}
                if isinstance(item, Mapping)
                else item
                for item in obj["items"]
            )
        else:
            yield dict(obj)


def _apply(state: ClusterState, obj: dict[str, Any]) -> PodSummary | None:
    kind = obj["kind"]
    if kind not in _DECIDES:
        return None
    try:
        return state.apply(kind, orjson.dumps(obj))
    except (InvalidInputError, TypeError) as error:
        metadata = obj.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        raise SimulationError(f"{kind} {name or 'without a name'}: {error}") from error


def _priorities(objects: Iterable[Mapping[str, Any]]) -> dict[str | None, int]:
    """Value by PriorityClass; None is what a pod without a class gets."""
    priorities: dict[str | None, int] = {None: 0}
    for obj in objects:
        if obj["kind"] == "PriorityClass":
            value = int(obj.get("value", 0))
            priorities[obj["metadata"]["name"]] = value
            if obj.get("globalDefault"):
                priorities[None] = value
    return priorities


def _with_priority(obj: dict[str, Any], priorities: dict[str | None, int]) -> dict[str, Any]:
    """Set what the API server's admission sets on a pod, where nobody did."""
    spec = obj.get("spec")
    if obj["kind"] != "Pod" or not isinstance(spec, Mapping) or "priority" in spec:
        return obj
    name = spec.get("priorityClassName") or None
    if name not in priorities:
        return obj
    return obj | {"spec": {**spec, "priority": priorities[name]}}


def _newest_observation(objects: Iterable[Mapping[str, Any]]) -> float:
    """Unix seconds of the newest `observedAt`; 0 where nothing was measured."""
    newest = 0.0
    for obj in objects:
        if obj["kind"] == "NodeNetwork":
            stamp = (obj.get("status") or {}).get("observedAt")
            try:
                newest = max(newest, datetime.fromisoformat(stamp).timestamp()) if stamp else newest
            except (TypeError, ValueError) as error:
                name = obj.get("metadata", {}).get("name")
                raise SimulationError(f"NodeNetwork {name}: status.observedAt: {error}") from error
    return newest
