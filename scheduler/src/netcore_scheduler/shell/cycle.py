"""The scheduling cycle: events into the core, batches to the engine, actions carried out.

A batch is planned in a thread, where the engine works without the interpreter's lock. Meanwhile
the engine's state belongs to that thread: what else wants to touch it waits in `_postponed` and
is done, in order, before the core hears of the plan.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from netcore import ClusterState, NetcoreError, Plan, Profile
from netcore.kube import ResourceEvent
from netcore_scheduler.core import (
    Announce,
    BatchTaken,
    Bind,
    Event,
    Forget,
    PlanDone,
    PlanFailed,
    QueuedPod,
    SchedulingCore,
    TimePassed,
    Verdict,
    Warn,
)
from netcore_scheduler.shell.binder import Binder
from netcore_scheduler.shell.cluster_view import ClusterView
from netcore_scheduler.shell.metrics import Metrics
from netcore_scheduler.shell.reporter import Reporter

log = logging.getLogger(__name__)

# Between two looks at the clock where nothing else happens.
_LONGEST_SLEEP_S: Final = 60.0


class Cycle:
    """Runs the core.

    Args:
        core: Decides when.
        state: Decides where; nobody else touches it.
        profiles: Scheduler name → profile.
        view: Takes watch events into `state`.
        binder: Binds.
        reporter: Tells people.
        metrics: Counts.
    """

    def __init__(
        self,
        core: SchedulingCore,
        state: ClusterState,
        profiles: Mapping[str, Profile],
        *,
        view: ClusterView,
        binder: Binder,
        reporter: Reporter,
        metrics: Metrics,
    ) -> None:
        self.may_plan = False
        self._core = core
        self._state = state
        self._profiles = profiles
        self._view = view
        self._binder = binder
        self._reporter = reporter
        self._metrics = metrics
        self._is_planning = False
        self._postponed: list[Callable[[], None]] = []
        self._woken = asyncio.Event()
        self._handled = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None

    def watch_event(self, event: ResourceEvent) -> None:
        """Take in what a watch says."""
        self._with_state(lambda: self._take(event))

    def allow_planning(self, *, allowed: bool) -> None:
        """Let batches be taken, or no more of them."""
        self.may_plan = allowed
        self._woken.set()

    async def run(self) -> None:
        """Plan and bind until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            while True:
                ready = self._core.ready() if self.may_plan else []
                if ready:
                    await self._plan(ready)
                else:
                    await self._sleep()
                self._handle(TimePassed())

    async def settle(self) -> None:
        """Return once nothing is planned, bound or to be reported any more."""
        # A batch is being planned from before the core knows of it: its pods are sorted first.
        while self._is_planning or not self._core.is_settled():
            self._handled.clear()
            await self._handled.wait()
        await self._reporter.drain()

    async def _sleep(self) -> None:
        deadline = self._core.next_deadline()
        wait_s = _LONGEST_SLEEP_S if deadline is None else max(0.0, deadline - time.monotonic())
        self._woken.clear()
        try:
            async with asyncio.timeout(min(wait_s, _LONGEST_SLEEP_S)):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _plan(self, ready: list[QueuedPod]) -> None:
        """Order the active pods of one profile and plan the first of them."""
        name = ready[0].scheduler_name
        profile = self._profiles[name]
        mine = [pod for pod in ready if pod.scheduler_name == name]
        keys, entered_at = [pod.key for pod in mine], [pod.entered_at for pod in mine]
        self._is_planning = True
        try:
            order = await asyncio.to_thread(self._state.sort, profile, keys, entered_at)
            batch = tuple(order[: self._core.room()])
            self._handle(BatchTaken(batch))
            self._state.set_time(time.time())
            outcome = await self._plan_batch(name, batch)
        finally:
            self._is_planning = False
        for work in self._postponed:
            work()
        self._postponed.clear()
        self._handle(outcome)

    async def _plan_batch(self, name: str, batch: tuple[str, ...]) -> PlanDone | PlanFailed:
        started = time.monotonic()
        try:
            plan = await asyncio.to_thread(self._state.plan, self._profiles[name], batch)
        except NetcoreError as error:
            log.exception("the engine could not plan", extra={"pods": len(batch)})
            return PlanFailed(str(error))
        self._metrics.planned(name, plan, time.monotonic() - started)
        return PlanDone(_verdicts(plan))

    def _take(self, event: ResourceEvent) -> None:
        for meaning in self._view.apply(event):
            self._handle(meaning)

    def _handle(self, event: Event) -> None:
        for action in self._core.handle(event, time.monotonic()):
            match action:
                case Bind():
                    assert self._group is not None
                    self._group.create_task(self._bind(action), name=f"bind {action.pod}")
                case Forget():
                    self._with_state(lambda pod=action.pod: self._state.forget(pod))  # type: ignore[misc]
                case Announce():
                    self._metrics.bound(action)
                    self._reporter.add(action)
                case Warn():
                    self._metrics.failed(action)
                    self._reporter.add(action)
        self._woken.set()
        self._handled.set()

    def _with_state(self, work: Callable[[], None]) -> None:
        """Do something that touches the engine's state, as soon as it is free."""
        if self._is_planning:
            self._postponed.append(work)
        else:
            work()

    async def _bind(self, action: Bind) -> None:
        started = time.monotonic()
        outcome = await self._binder.bind(action)
        self._metrics.binding_took(time.monotonic() - started)
        self._handle(outcome)


def _verdicts(plan: Plan) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            decision.pod,
            decision.node,
            decision.message,
            tuple(decision.rejected_by),
            decision.summary() if decision.node is not None else b"",
        )
        for decision in plan.decisions
    )
