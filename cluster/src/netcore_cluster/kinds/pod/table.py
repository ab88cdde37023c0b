"""The table of pods: what `kubectl get pods` says of a pod in one word.

Source: `printPod` of Kubernetes' printers.
"""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column
from netcore_cluster.kinds.table import NONE, age, created

JsonObject = dict[str, Any]

COLUMNS = (
    NAME,
    Column("Ready", description="Containers that are ready, of all."),
    Column("Status", description="What the pod is at."),
    Column("Restarts", description="How often its containers were restarted, and when last."),
    AGE,
    Column("IP", description="Address of the pod.", priority=1),
    Column("Node", description="Node that the pod is bound to.", priority=1),
    Column("Nominated Node", description="Node that is being made free for it.", priority=1),
    Column("Readiness Gates", description="Gates that are open, of all.", priority=1),
)


def cells(pod: JsonObject, now: datetime) -> list[Any]:
    """Return the row of a pod."""
    spec, status = pod["spec"], pod.get("status") or {}
    state = _State(pod)
    gates = spec.get("readinessGates") or ()
    open_gates = sum(_is_true(status, gate["conditionType"]) for gate in gates)
    return [
        pod["metadata"]["name"],
        f"{state.ready}/{state.total}",
        state.reason,
        state.restarts_text(now),
        created(pod, now),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{open_gates}/{len(gates)}" if gates else NONE,
    ]


class _State:
    """Counts over the containers, and the reason that tells most."""

    def __init__(self, pod: JsonObject) -> None:
        spec, status = pod["spec"], pod.get("status") or {}
        self.total = len(spec.get("containers") or ())
        self.ready = 0
        self.restarts = 0
        self.last_restart = ""
        self.reason: str = status.get("reason") or status.get("phase") or ""
        if any(
            condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated"
            for condition in status.get("conditions") or ()
        ):
            self.reason = "SchedulingGated"
        restartable = {
            container["name"]
            for container in spec.get("initContainers") or ()
            if container.get("restartPolicy") == "Always"
        }
        self.total += len(restartable)
        if not self._initializes(spec, status, restartable):
            self._runs(status)
        if "deletionTimestamp" in pod["metadata"]:
            terminal = status.get("phase") in {"Succeeded", "Failed"}
            if status.get("reason") == "NodeLost":
                self.reason = "Unknown"
            elif not terminal:
                self.reason = "Terminating"

    def restarts_text(self, now: datetime) -> str:
        """The count, and how long ago the last restart was."""
        if self.restarts and self.last_restart:
            return f"{self.restarts} ({age(self.last_restart, now)} ago)"
        return str(self.restarts)

    def _initializes(self, spec: JsonObject, status: JsonObject, restartable: set[str]) -> bool:
        """Take in the init containers; return whether the pod is still at them."""
        count = len(spec.get("initContainers") or ())
        for index, container in enumerate(status.get("initContainerStatuses") or ()):
            self._restarted(container)
            state = container.get("state") or {}
            terminated, waiting = state.get("terminated"), state.get("waiting")
            is_sidecar = container["name"] in restartable
            if terminated is not None and terminated.get("exitCode") == 0:
                continue
            if is_sidecar and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            if terminated is not None:
                self.reason = f"Init:{_ended(terminated)}"
            elif waiting and waiting.get("reason") and waiting["reason"] != "PodInitializing":
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{index}/{count}"
            return True
        return False

    def _runs(self, status: JsonObject) -> None:
        has_running = False
        # The first container's reason is the one that stays.
        for container in reversed(status.get("containerStatuses") or ()):
            self._restarted(container)
            state = container.get("state") or {}
            waiting, terminated = state.get("waiting") or {}, state.get("terminated")
            if waiting.get("reason"):
                self.reason = waiting["reason"]
            elif terminated is not None:
                self.reason = _ended(terminated)
            elif container.get("ready") and state.get("running") is not None:
                has_running = True
                self.ready += 1
        if self.reason == "Completed" and has_running:
            self.reason = "Running" if _is_true(status, "Ready") else "NotReady"

    def _restarted(self, container: JsonObject) -> None:
        self.restarts += container.get("restartCount", 0)
        ended = ((container.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
        self.last_restart = max(self.last_restart, ended or "")


def _ended(terminated: JsonObject) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _is_true(status: JsonObject, kind: str) -> bool:
    return any(
        condition["type"] == kind and condition["status"] == "True"
        for condition in status.get("conditions") or ()
    )
