"""Where each pod that is ours to place stands, and when it moves on by itself.

Every pod is in exactly one place:

    gated ──▶ active ──▶ planning ──▶ reserved ──▶ binding ──▶ bound ──▶ (left)
                ▲            │                        │
                ├─ backoff ◀─┼────────────────────────┘
                └─ ◀── unschedulable

A rejected pod waits in `unschedulable` for a change that can help it (`changes`), then in
`backoff` for what is left of its penalty. `bound` pods wait for the watch to show their node.

Source: kube-scheduler's `scheduling_queue.go` and `backoff_queue.go`, with one difference: the
order among active pods is the engine's, asked for when a batch is taken.
"""

import enum
import heapq
from collections import Counter
from dataclasses import dataclass
from typing import Final

from netcore_scheduler.core.changes import ANYTHING, Change, cause
from netcore_scheduler.core.messages import Condition


class Place(enum.Enum):
    """Where a pod stands; the values of the waiting ones are upstream's metric labels."""

    ACTIVE = "active"
    BACKOFF = "backoff"
    UNSCHEDULABLE = "unschedulable"
    GATED = "gated"
    PLANNING = "planning"
    RESERVED = "reserved"
    BINDING = "binding"
    BOUND = "bound"


@dataclass(slots=True)
class QueuedPod:
    """A pod in the queue.

    Attributes:
        key: `namespace/name`.
        uid: Which of that name.
        scheduler_name: Profile that places it.
        fingerprint: Equal while labels and spec are.
        place: Where it stands.
        since: When it came there, seconds.
        entered_at: When it was first without gates, seconds.
        attempts: How often it was planned.
        rejections: How often in all no node was feasible: the exponent of its penalty.
        errors: How often in a row an error, not a verdict, ended the attempt.
        failed_at: When the last attempt failed, seconds.
        wakes: Changes that can help it.
        condition: What the server shows of its last failure, as far as known.
        node: Where it goes, from `reserved` on.
        record: The decision, from `reserved` on.
        message: Text of the decision, from `reserved` on.
        has_left: Whether it was told to be ours no more while its binding was under way.
    """

    key: str
    uid: str
    scheduler_name: str
    fingerprint: int
    place: Place
    since: float
    entered_at: float
    attempts: int = 0
    rejections: int = 0
    errors: int = 0
    failed_at: float = 0.0
    wakes: Change = ANYTHING
    condition: Condition | None = None
    node: str = ""
    record: bytes = b""
    message: str = ""
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How long pods wait.

    Attributes:
        backoff_first_s: Penalty after the first failure; doubles with each further one.
        backoff_max_s: Longest penalty.
        flush_after_s: After so long in `unschedulable` a pod is tried again though nothing that
            can help it was seen: the safety net under the hints.
    """

    backoff_first_s: float = 1.0
    backoff_max_s: float = 10.0
    flush_after_s: float = 300.0


class PodQueue:
    """The places, with what each needs to let pods go in time.

    Attributes:
        incoming: (place, cause) → pods that came there; upstream's
            `scheduler_queue_incoming_pods_total`.
    """

    def __init__(self, settings: QueueSettings) -> None:
        self.incoming: Counter[tuple[str, str]] = Counter()
        self._settings: Final = settings
        self._pods: dict[str, QueuedPod] = {}
        self._in: dict[Place, dict[str, QueuedPod]] = {place: {} for place in Place}
        # Expiry, tie-break, pod. An entry whose pod has left is skipped when it comes up.
        self._ripening: list[tuple[float, int, QueuedPod]] = []
        self._serial = 0
        # Unschedulable pods by what wakes them: few distinct sets, however many pods.
        self._sleepers: dict[Change, dict[str, QueuedPod]] = {}

    def get(self, key: str) -> QueuedPod | None:
        """Return a pod, wherever it stands."""
        return self._pods.get(key)

    def pods_in(self, place: Place) -> list[QueuedPod]:
        """Return the pods of one place, in the order in which they came."""
        return list(self._in[place].values())

    def count(self, place: Place) -> int:
        """Return how many pods stand in one place."""
        return len(self._in[place])

    def add(self, pod: QueuedPod) -> None:
        """Take in a new pod, active or gated."""
        self._pods[pod.key] = pod
        self._enter(pod, pod.place, now=pod.since, why="PodAdd")

    def remove(self, key: str) -> QueuedPod | None:
        """Let a pod go; None where it was not there."""
        pod = self._pods.pop(key, None)
        if pod is not None:
            self._leave(pod)
        return pod

    def move(self, pod: QueuedPod, place: Place, *, now: float, why: str = "") -> None:
        """Put a pod elsewhere.

        Args:
            pod: Which.
            place: Where to.
            now: Seconds.
            why: Cause for the metrics; empty is not counted.
        """
        self._leave(pod)
        self._enter(pod, place, now=now, why=why)

    def retry(self, pod: QueuedPod, *, now: float, why: str) -> None:
        """Let a failed pod try again: at once, or from backoff when its penalty is over."""
        ripe_at = pod.failed_at + self.penalty_s(pod)
        self.move(pod, Place.ACTIVE if ripe_at <= now else Place.BACKOFF, now=now, why=why)

    def penalty_s(self, pod: QueuedPod) -> float:
        """Return how long a pod waits after its last failure: 1, 2, 4, 8, 10, 10… seconds."""
        failures = pod.errors or pod.rejections
        if not failures:
            return 0.0
        # The exponent is capped, so that the power of a long-suffering pod does not overflow.
        grown = self._settings.backoff_first_s * 2.0 ** min(failures - 1, 32)
        return min(grown, self._settings.backoff_max_s)

    def wake(self, change: Change, *, now: float) -> None:
        """Let go the unschedulable pods that a change can help."""
        woken = [wakes for wakes in self._sleepers if wakes & change]
        for wakes in woken:
            for pod in list(self._sleepers[wakes].values()):
                self.retry(pod, now=now, why=cause(change))

    def advance(self, now: float) -> None:
        """Let go the pods whose penalty or patience is over."""
        while self._ripening and self._ripening[0][0] <= now:
            ripe_at, _, pod = heapq.heappop(self._ripening)
            if self._is_ripening(pod, ripe_at):
                self.move(pod, Place.ACTIVE, now=now, why="BackoffComplete")
        patient = self._in[Place.UNSCHEDULABLE]
        overdue = []
        for pod in patient.values():
            if pod.since + self._settings.flush_after_s > now:
                break
            overdue.append(pod)
        for pod in overdue:
            self.retry(pod, now=now, why="UnschedulableTimeout")

    def next_deadline(self) -> float | None:
        """Return when `advance` will next have something to do; None is never."""
        while self._ripening and not self._is_ripening(self._ripening[0][2], self._ripening[0][0]):
            heapq.heappop(self._ripening)
        times = [self._ripening[0][0]] if self._ripening else []
        first = next(iter(self._in[Place.UNSCHEDULABLE].values()), None)
        if first is not None:
            times.append(first.since + self._settings.flush_after_s)
        return min(times, default=None)

    def _is_ripening(self, pod: QueuedPod, ripe_at: float) -> bool:
        return (
            pod.place is Place.BACKOFF
            and self._pods.get(pod.key) is pod
            and pod.failed_at + self.penalty_s(pod) == ripe_at
        )

    def _enter(self, pod: QueuedPod, place: Place, *, now: float, why: str) -> None:
        pod.place = place
        pod.since = now
        self._in[place][pod.key] = pod
        if place is Place.BACKOFF:
            self._serial += 1
            heapq.heappush(self._ripening, (pod.failed_at + self.penalty_s(pod), self._serial, pod))
        elif place is Place.UNSCHEDULABLE:
            self._sleepers.setdefault(pod.wakes, {})[pod.key] = pod
        if why:
            self.incoming[place.value, why] += 1

    def _leave(self, pod: QueuedPod) -> None:
        del self._in[pod.place][pod.key]
        if pod.place is Place.UNSCHEDULABLE:
            sleepers = self._sleepers[pod.wakes]
            del sleepers[pod.key]
            if not sleepers:
                del self._sleepers[pod.wakes]
