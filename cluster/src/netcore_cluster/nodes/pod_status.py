"""The status that a node agent reports of a pod; pure."""

from collections.abc import Sequence
from typing import Final

from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.objects import find_condition, uid_of
from netcore_cluster.nodes.ledger import Rejection

_GATES_MESSAGE: Final = "corresponding condition of pod readiness gate"


def running_status(pod: Object, *, host_address: str, address: str, now: float) -> Object:
    """The status of a pod whose containers run; times that it has already stay.

    Args:
        pod: The pod as stored.
        host_address: The node's.
        address: The pod's own.
        now: Unix seconds.

    Returns:
        The parts of the status that the agent owns, for a merge patch.
    """
    spec, old = pod["spec"], pod.get("status") or {}
    conditions = old.get("conditions") or ()
    closed = _closed_gates(spec, conditions)
    ready = "False" if closed else "True"
    status: Object = {
        "phase": "Running",
        "conditions": _conditions(
            conditions,
            ("PodReadyToStartContainers", "True"),
            ("Initialized", "True"),
            ("Ready", ready),
            ("ContainersReady", "True"),
            now=now,
        ),
        "hostIP": host_address,
        "hostIPs": [{"ip": host_address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": old.get("startTime") or timestamp(now),
        "containerStatuses": _containers(pod, "containerStatuses", spec["containers"], now),
    }
    if closed:
        reason = {"reason": "ReadinessGatesNotReady", "message": "; ".join(closed)}
        status["conditions"] = [
            {**each, **reason} if each["type"] == "Ready" else each for each in status["conditions"]
        ]
    if spec.get("initContainers"):
        status["initContainerStatuses"] = _init_containers(pod, now)
    return status


def rejected_status(rejection: Rejection, *, now: float) -> Object:
    """The status of a pod that its node does not admit."""
    return {
        "phase": "Failed",
        "reason": rejection.reason,
        "message": f"Pod was rejected: {rejection.message}",
        "startTime": timestamp(now),
    }


def _conditions(old: Sequence[Object], *wanted: tuple[str, str], now: float) -> list[Object]:
    """The agent's conditions in its order, then those of others."""
    own = []
    for kind, status in wanted:
        known = find_condition(old, kind)
        if known is not None and known["status"] == status:
            own.append({k: v for k, v in known.items() if k not in {"reason", "message"}})
        else:
            since = timestamp(now)
            own.append({"type": kind, "status": status, "lastTransitionTime": since})
    kinds = {kind for kind, _ in wanted}
    return own + [each for each in old if each["type"] not in kinds]


def _closed_gates(spec: Object, conditions: Sequence[Object]) -> list[str]:
    """What keeps a pod whose containers are ready from being ready."""
    found = []
    for gate in spec.get("readinessGates") or ():
        kind = gate["conditionType"]
        condition = find_condition(conditions, kind)
        if condition is None:
            found.append(f'{_GATES_MESSAGE} "{kind}" does not exist.')
        elif condition["status"] != "True":
            found.append(f'the status of pod readiness gate "{kind}" is not "True"')
    return found


def _containers(pod: Object, part: str, containers: Sequence[Object], now: float) -> list[Object]:
    known = {each["name"]: each for each in (pod.get("status") or {}).get(part) or ()}
    return [
        _container(pod, container, known.get(container["name"]) or {}, now)
        for container in containers
    ]


def _container(pod: Object, container: Object, old: Object, now: float) -> Object:
    running = (old.get("state") or {}).get("running") or {"startedAt": timestamp(now)}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "containerID": f"fake://{uid_of(pod)}/{container['name']}",
        "ready": True,
        "started": True,
        "restartCount": old.get("restartCount", 0),
        "state": {"running": running},
        "lastState": old.get("lastState") or {},
    }


def _init_containers(pod: Object, now: float) -> list[Object]:
    """Sidecars run; the others have ended before the containers started."""
    part = "initContainerStatuses"
    statuses = _containers(pod, part, pod["spec"]["initContainers"], now)
    for container, status in zip(pod["spec"]["initContainers"], statuses, strict=True):
        if container.get("restartPolicy") != "Always":
            began = status["state"]["running"]["startedAt"]
            status["state"] = {
                "terminated": {
                    "exitCode": 0,
                    "reason": "Completed",
                    "startedAt": began,
                    "finishedAt": began,
                    "containerID": status["containerID"],
                }
            }
            status["started"] = False
    return statuses
