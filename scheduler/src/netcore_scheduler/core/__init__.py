"""The scheduler's decisions about *when*, pure: no event loop, socket, clock, log or engine.

`SchedulingCore` queues pods and follows each through planning and binding; `EventSeries` thins
out repeated events; `LeaderElection` decides who leads. What they do not do: decide *where* a pod
goes (the engine), talk to an API server, or read a clock (the shell).
"""

from netcore_scheduler.core.changes import HINTS, Change, wakes_for
from netcore_scheduler.core.event_series import EventKey, EventSeries, EventWrite
from netcore_scheduler.core.lease import LeaderElection, LeaseSettings
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
from netcore_scheduler.core.queue import Place, QueuedPod, QueueSettings
from netcore_scheduler.core.scheduling import SCHEDULER_ERROR, UNSCHEDULABLE, SchedulingCore

__all__ = [
    "HINTS",
    "SCHEDULER_ERROR",
    "UNSCHEDULABLE",
    "Action",
    "Announce",
    "BatchTaken",
    "Bind",
    "BindDone",
    "BindOvertaken",
    "BindRefused",
    "Change",
    "ClusterChanged",
    "Condition",
    "Event",
    "EventKey",
    "EventSeries",
    "EventWrite",
    "Forget",
    "LeaderElection",
    "LeaseSettings",
    "NodeLost",
    "Place",
    "PlanDone",
    "PlanFailed",
    "PodLeft",
    "PodSeen",
    "QueueSettings",
    "QueuedPod",
    "SchedulingCore",
    "TimePassed",
    "Verdict",
    "Warn",
    "wakes_for",
]
