"""What the scheduling core is told, and what it wants done: the two halves of its contract.

Events carry only what the core decides by. `pod` is `namespace/name` throughout; a uid tells a pod
from an earlier one of the same name.
"""

from dataclasses import dataclass

from netcore_scheduler.core.changes import Change


@dataclass(frozen=True, slots=True)
class Condition:
    """The PodScheduled=False condition that a pod carries on the server, or should carry."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine decided for one pod of a batch.

    Attributes:
        pod: Which.
        node: Where it goes; None where no node is feasible.
        message: Text of the Scheduled or FailedScheduling event.
        rejected_by: Plugins that rejected a node.
        record: The decision in compact JSON, to be kept on the pod.
    """

    pod: str
    node: str | None
    message: str
    rejected_by: tuple[str, ...] = ()
    record: bytes = b""


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PodSeen:
    """A pod that is ours to place exists, or changed.

    Attributes:
        pod: Which.
        uid: Which of that name.
        scheduler_name: Profile that places it.
        fingerprint: Equal while labels and spec are.
        is_gated: Whether it has scheduling gates.
        condition: What the server shows of its last failure.
    """

    pod: str
    uid: str
    scheduler_name: str
    fingerprint: int
    is_gated: bool = False
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class PodLeft:
    """A pod is not ours to place any more: it is bound, over, being deleted or gone."""

    pod: str


@dataclass(frozen=True, slots=True)
class ClusterChanged:
    """Something else changed that may help a waiting pod."""

    change: Change


@dataclass(frozen=True, slots=True)
class NodeLost:
    """A node is gone: nothing may be bound to it."""

    node: str


@dataclass(frozen=True, slots=True)
class BatchTaken:
    """These active pods are being planned, until `PlanDone` or `PlanFailed`."""

    pods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanDone:
    """The engine decided; it holds the room of every pod that got a node."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class PlanFailed:
    """The engine gave no decision for the batch: an error, not a verdict about its pods."""

    message: str


@dataclass(frozen=True, slots=True)
class BindDone:
    """The server holds the pod on the node that was asked for."""

    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class BindOvertaken:
    """Somebody else bound or deleted the pod first: the watch will tell what is true now."""

    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class BindRefused:
    """The server said no, and the pod has no node: its room is free again."""

    pod: str
    uid: str
    message: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time."""


Event = (
    PodSeen
    | PodLeft
    | ClusterChanged
    | NodeLost
    | BatchTaken
    | PlanDone
    | PlanFailed
    | BindDone
    | BindOvertaken
    | BindRefused
    | TimePassed
)


# --- actions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind the pod, and answer with `BindDone`, `BindOvertaken` or `BindRefused`."""

    pod: str
    uid: str
    node: str
    record: bytes


@dataclass(frozen=True, slots=True)
class Forget:
    """Give back the room that the engine holds for the pod."""

    pod: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Post the Scheduled event.

    Attributes:
        pod: Which.
        uid: Which of that name.
        scheduler_name: Who placed it.
        message: The event's note.
        attempts: How often it was tried, this time included.
        waited_s: Seconds since the pod was first seen without gates.
        record: The decision in compact JSON.
    """

    pod: str
    uid: str
    scheduler_name: str
    message: str
    attempts: int
    waited_s: float
    record: bytes


@dataclass(frozen=True, slots=True)
class Warn:
    """Post the FailedScheduling event.

    Attributes:
        pod: Which.
        uid: Which of that name.
        scheduler_name: Who tried to place it.
        condition: Why it failed.
        shown: What the server shows of an earlier failure, as far as known.
    """

    pod: str
    uid: str
    scheduler_name: str
    condition: Condition
    shown: Condition | None = None

    @property
    def is_news(self) -> bool:
        """Whether the pod's condition on the server has to be changed too."""
        return self.condition != self.shown


Action = Bind | Forget | Announce | Warn
