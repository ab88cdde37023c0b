"""When a row of the topology is worth a write: on change, now and then, never in a flood."""

import random
from dataclasses import dataclass
from typing import Final

from netcore_agents.aggregator.links import LinkEstimate

# Below these, a change is noise to whoever places pods, however large its share.
_RTT_FLOOR_US: Final = 200
_LOSS_FLOOR_PPM: Final = 10_000
# Reports of one node come one by one at its start: the first write waits for the next ones.
_MIN_INTERVAL_S: Final = 1.0
_BACKOFF_FIRST_S: Final = 1.0
_BACKOFF_LIMIT_S: Final = 60.0


class TokenBucket:
    """A limit of `rate` a second, of which `burst` may come at once."""

    def __init__(self, *, rate: float, burst: int, now_s: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at_s = now_s

    def take(self, now_s: float) -> bool:
        """Take one token if there is one."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Return a token that was not needed after all."""
        self._tokens = min(self._burst, self._tokens + 1)


@dataclass(frozen=True, slots=True)
class Row:
    """What one node measured, as it is published.

    Attributes:
        node: The node.
        boot: Start of its agent.
        links: Its estimates, by peer.
        observed_us: When the newest of them was taken, microseconds since 1970.
    """

    node: str
    boot: str
    links: dict[str, LinkEstimate]
    observed_us: int


@dataclass(slots=True)
class _State:
    written: Row | None = None
    written_s: float = float("-inf")
    not_before_s: float = float("-inf")
    failures: int = 0
    is_writing: bool = False


class Publication:
    """Which rows to write.

    Args:
        change: Relative change of a figure that is worth a write, such as 0.15.
        heartbeat_s: A row with newer measurements is written at least this often, changed or not.
        seed: Of the pauses after failures.
    """

    def __init__(self, *, change: float, heartbeat_s: float, seed: int) -> None:
        self._change = change
        self._heartbeat_s = heartbeat_s
        self._random = random.Random(seed)
        self._states: dict[str, _State] = {}

    def is_due(self, row: Row, now_s: float) -> bool:
        """Whether to write this row now."""
        state = self._states.setdefault(row.node, _State())
        if state.is_writing or now_s < state.not_before_s:
            return False
        if state.written is None:
            return True
        if row.observed_us <= state.written.observed_us:
            return False
        since_s = now_s - state.written_s
        return since_s >= self._heartbeat_s or (
            since_s >= _MIN_INTERVAL_S and is_changed(state.written, row, change=self._change)
        )

    def began(self, node: str) -> None:
        """A write of the node's row is under way: no second one until it ends."""
        self._states.setdefault(node, _State()).is_writing = True

    def succeeded(self, row: Row, now_s: float) -> None:
        """The row was written."""
        self._states[row.node] = _State(written=row, written_s=now_s)

    def failed(self, node: str, now_s: float) -> None:
        """The write failed: the next one waits, longer each time."""
        state = self._states.setdefault(node, _State())
        state.is_writing = False
        pause_s = min(_BACKOFF_FIRST_S * 2**state.failures, _BACKOFF_LIMIT_S)
        state.not_before_s = now_s + pause_s * self._random.uniform(0.5, 1.0)
        state.failures = min(state.failures + 1, 16)

    def forget(self, node: str) -> None:
        """The node's object is gone, or is to be written anew."""
        self._states.pop(node, None)


def is_changed(old: Row, new: Row, *, change: float) -> bool:
    """Whether two rows of a node differ by more than noise."""
    if old.boot != new.boot or old.links.keys() != new.links.keys():
        return True
    return any(_differs(old.links[peer], new.links[peer], change) for peer in sorted(new.links))


def _differs(old: LinkEstimate, new: LinkEstimate, change: float) -> bool:
    rtt = abs(new.rtt_us - old.rtt_us)
    bandwidth = abs(new.bandwidth_bps - old.bandwidth_bps)
    return (
        (rtt > _RTT_FLOOR_US and rtt > change * old.rtt_us)
        or abs(new.loss_to_ppm - old.loss_to_ppm) > _LOSS_FLOOR_PPM
        or abs(new.loss_from_ppm - old.loss_from_ppm) > _LOSS_FLOOR_PPM
        or bandwidth > change * old.bandwidth_bps
    )
