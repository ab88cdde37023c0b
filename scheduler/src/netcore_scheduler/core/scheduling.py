"""The scheduler without its clock, sockets and engine: events in, actions out.

The core knows which pods wait for a node, when each may be tried again, which are being planned
and which are being bound. It does not know what a node or a pod looks like: the engine decides
where pods go, and the shell tells the core what it decided.

What the shell owes it: events in the order in which they were learnt; a `now` that never goes
back (seconds, any epoch); one batch at a time, ended by `PlanDone` or `PlanFailed`; for every
`Bind` one answer; and a call of `TimePassed` when `next_deadline` is over.

Source: kube-scheduler's scheduling and binding cycles (`schedule_one.go`), for batches.
"""

from dataclasses import dataclass, field
from typing import Final

from netcore_scheduler.core.changes import NOTHING, Change, wakes_for
from netcore_scheduler.core.messages import (
    Action,
    Announce,
    BatchTaken,
    Bind,
    BindDone,
    BindOvertaken,
    BindRefused,
    ClusterChanged,
    Condition,
    Event,
    Forget,
    NodeLost,
    PlanDone,
    PlanFailed,
    PodLeft,
    PodSeen,
    TimePassed,
    Verdict,
    Warn,
)
from netcore_scheduler.core.queue import Place, PodQueue, QueuedPod, QueueSettings

UNSCHEDULABLE: Final = "Unschedulable"
SCHEDULER_ERROR: Final = "SchedulerError"
_FAILED_ATTEMPT: Final = "ScheduleAttemptFailure"


@dataclass(slots=True)
class _Batch:
    """What happened while the batch was being planned, for the engine planned without it."""

    changes: Change = NOTHING
    lost_nodes: set[str] = field(default_factory=set)
    changed_pods: set[str] = field(default_factory=set)


class SchedulingCore:
    """Decides when each pod is tried, and what follows from each attempt.

    Args:
        settings: How long pods wait.
        bindings: How many bindings may be under way at once.
        batch: How many pods are planned at once, and how many planned ones may wait for a
            binding before the next batch is taken.
    """

    def __init__(
        self,
        settings: QueueSettings | None = None,
        *,
        bindings: int = 32,
        batch: int = 256,
    ) -> None:
        self.queue: Final = PodQueue(settings or QueueSettings())
        self._bindings: Final = bindings
        self._batch_size: Final = batch
        self._batch: _Batch | None = None

    def handle(self, event: Event, now: float) -> list[Action]:
        """Take in one event and return what is to be done about it.

        Args:
            event: What happened.
            now: Seconds; never less than in the call before.
        """
        actions: list[Action] = []
        match event:
            case PodSeen():
                self._see(event, now)
            case PodLeft():
                self._leave(event.pod)
            case ClusterChanged():
                self._change(event.change, now)
            case NodeLost():
                self._lose_node(event.node, now, actions)
            case BatchTaken():
                self._take(event.pods, now)
            case PlanDone():
                self._conclude(event.verdicts, now, actions)
            case PlanFailed():
                self._abandon(event.message, now, actions)
            case BindDone():
                self._confirm(event, now, actions)
            case BindOvertaken():
                if pod := self._bound_for(event):
                    self._end_binding(pod, now)
            case BindRefused():
                self._refuse(event, now, actions)
            case TimePassed():
                self.queue.advance(now)
        self._start_bindings(now, actions)
        return actions

    def ready(self) -> list[QueuedPod]:
        """Return the active pods where a batch may be taken now, else none."""
        if self._batch is not None or not self.room():
            return []
        return self.queue.pods_in(Place.ACTIVE)

    def room(self) -> int:
        """Return how many pods the next batch may hold."""
        return max(0, self._batch_size - self.queue.count(Place.RESERVED))

    def is_settled(self) -> bool:
        """Tell whether nothing is being planned or bound: a good moment to stop."""
        busy = (Place.PLANNING, Place.RESERVED, Place.BINDING)
        return self._batch is None and not any(self.queue.count(place) for place in busy)

    def next_deadline(self) -> float | None:
        """Return when `TimePassed` is due; None is never."""
        return self.queue.next_deadline()

    def _see(self, event: PodSeen, now: float) -> None:
        pod = self.queue.get(event.pod)
        if pod is not None and pod.uid != event.uid:
            self.queue.remove(event.pod)
            pod = None
        if pod is None:
            self.queue.add(
                QueuedPod(
                    key=event.pod,
                    uid=event.uid,
                    scheduler_name=event.scheduler_name,
                    fingerprint=event.fingerprint,
                    place=Place.GATED if event.is_gated else Place.ACTIVE,
                    since=now,
                    entered_at=now,
                    condition=event.condition,
                )
            )
            return
        pod.has_left = False
        has_changed = pod.fingerprint != event.fingerprint
        pod.fingerprint = event.fingerprint
        pod.condition = event.condition
        if pod.place is Place.GATED and not event.is_gated:
            pod.entered_at = now
            self.queue.move(pod, Place.ACTIVE, now=now, why="PodUpdate")
        elif pod.place is Place.UNSCHEDULABLE and has_changed:
            self.queue.retry(pod, now=now, why="PodUpdate")
        elif pod.place is Place.PLANNING and has_changed and self._batch is not None:
            self._batch.changed_pods.add(pod.key)

    def _leave(self, key: str) -> None:
        pod = self.queue.get(key)
        if pod is not None and pod.place is Place.BINDING:
            # The watch may tell of a binding before its answer comes, which is still to be told.
            pod.has_left = True
        else:
            self.queue.remove(key)

    def _end_binding(self, pod: QueuedPod, now: float) -> None:
        """Keep a bound pod until the watch tells of it, unless that has been."""
        if pod.has_left:
            self.queue.remove(pod.key)
        else:
            self.queue.move(pod, Place.BOUND, now=now)

    def _change(self, change: Change, now: float) -> None:
        if self._batch is not None:
            self._batch.changes |= change
        self.queue.wake(change, now=now)

    def _lose_node(self, node: str, now: float, actions: list[Action]) -> None:
        if self._batch is not None:
            self._batch.lost_nodes.add(node)
        for pod in self.queue.pods_in(Place.RESERVED):
            if pod.node == node:
                self._give_up_node(pod, now, actions)
        self._change(Change.NODE_REMOVED, now)

    def _take(self, pods: tuple[str, ...], now: float) -> None:
        if self._batch is not None:
            raise RuntimeError("a batch is being planned already")
        self._batch = _Batch()
        for key in pods:
            pod = self.queue.get(key)
            if pod is not None and pod.place is Place.ACTIVE:
                pod.attempts += 1
                self.queue.move(pod, Place.PLANNING, now=now)

    def _conclude(self, verdicts: tuple[Verdict, ...], now: float, actions: list[Action]) -> None:
        batch = self._end_batch()
        for verdict in verdicts:
            pod = self.queue.get(verdict.pod)
            if pod is None or pod.place is not Place.PLANNING:
                # It left, or a new pod took its name, while it was planned.
                continue
            if verdict.node is None:
                self._reject(pod, verdict, batch, now, actions)
            elif verdict.node in batch.lost_nodes or pod.key in batch.changed_pods:
                # Decided for a node or a pod that is not so any more.
                self._give_up_node(pod, now, actions)
            else:
                pod.errors = 0
                pod.node, pod.record, pod.message = verdict.node, verdict.record, verdict.message
                self.queue.move(pod, Place.RESERVED, now=now)
        # Whoever the plan left out is tried again: nothing is lost, whatever the engine answers.
        for pod in self.queue.pods_in(Place.PLANNING):
            self._fail(pod, "the engine gave no decision for the pod", now, actions)

    def _reject(
        self, pod: QueuedPod, verdict: Verdict, batch: _Batch, now: float, actions: list[Action]
    ) -> None:
        pod.rejections += 1
        pod.errors = 0
        pod.failed_at = now
        pod.wakes = wakes_for(verdict.rejected_by)
        self._warn(pod, Condition(UNSCHEDULABLE, verdict.message), actions)
        if pod.wakes & batch.changes or pod.key in batch.changed_pods:
            # What can help it came while it was planned: to wait for it would be to wait in vain.
            self.queue.retry(pod, now=now, why=_FAILED_ATTEMPT)
        else:
            self.queue.move(pod, Place.UNSCHEDULABLE, now=now, why=_FAILED_ATTEMPT)

    def _abandon(self, message: str, now: float, actions: list[Action]) -> None:
        self._end_batch()
        for pod in self.queue.pods_in(Place.PLANNING):
            self._fail(pod, message, now, actions)

    def _end_batch(self) -> _Batch:
        if self._batch is None:
            raise RuntimeError("no batch is being planned")
        batch, self._batch = self._batch, None
        return batch

    def _start_bindings(self, now: float, actions: list[Action]) -> None:
        free = self._bindings - self.queue.count(Place.BINDING)
        if free <= 0 or not self.queue.count(Place.RESERVED):
            return
        for pod in self.queue.pods_in(Place.RESERVED)[:free]:
            self.queue.move(pod, Place.BINDING, now=now)
            actions.append(Bind(pod.key, pod.uid, pod.node, pod.record))

    def _bound_for(self, event: BindDone | BindOvertaken | BindRefused) -> QueuedPod | None:
        """Return the pod that a binding's answer is about, unless it is another by now."""
        pod = self.queue.get(event.pod)
        is_it = pod is not None and pod.uid == event.uid and pod.place is Place.BINDING
        return pod if is_it else None

    def _confirm(self, event: BindDone, now: float, actions: list[Action]) -> None:
        pod = self._bound_for(event)
        if pod is None:
            return
        self._end_binding(pod, now)
        actions.append(
            Announce(
                pod.key,
                pod.uid,
                pod.scheduler_name,
                pod.message,
                attempts=pod.attempts,
                waited_s=now - pod.entered_at,
                record=pod.record,
            )
        )

    def _refuse(self, event: BindRefused, now: float, actions: list[Action]) -> None:
        pod = self._bound_for(event)
        if pod is None:
            return
        if pod.has_left:
            # Whether the node holds it, the watch has told the engine already.
            self.queue.remove(pod.key)
            return
        actions.append(Forget(pod.key))
        self._fail(pod, event.message, now, actions)
        self._change(Change.POD_FREED, now)

    def _give_up_node(self, pod: QueuedPod, now: float, actions: list[Action]) -> None:
        """Plan a pod anew at once: that its decision is void is not its fault."""
        actions.append(Forget(pod.key))
        self.queue.move(pod, Place.ACTIVE, now=now, why=_FAILED_ATTEMPT)
        self._change(Change.POD_FREED, now)

    def _fail(self, pod: QueuedPod, message: str, now: float, actions: list[Action]) -> None:
        """Try a pod again after its penalty: an error, so no change has to come first."""
        pod.errors += 1
        pod.failed_at = now
        self._warn(pod, Condition(SCHEDULER_ERROR, message), actions)
        self.queue.retry(pod, now=now, why=_FAILED_ATTEMPT)

    def _warn(self, pod: QueuedPod, condition: Condition, actions: list[Action]) -> None:
        actions.append(Warn(pod.key, pod.uid, pod.scheduler_name, condition, pod.condition))
        pod.condition = condition
