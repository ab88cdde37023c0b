"""What one node knows of the path to one peer: probes in flight, replies, losses by direction.

Both ends number what they see. The sender's number grows with each probe sent, the reflector's
with each probe of the session that reached it. Between two replies, the growth of the first is
what was sent, the growth of the second what arrived; what arrived without a reply was lost on the
way back (RFC 8762, section 4.3, stateful reflector).
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from netcore_agents.probe.packet import Reply
from netcore_agents.probe.statistics import interquartile_range, percentile

_US: Final = 1000
# The most probes that one window keeps: the counts of a report are 16 bits wide, and memory is
# bounded whatever the intervals are.
_MAX_PROBES: Final = 4096


@dataclass(frozen=True, slots=True)
class PathSummary:
    """One window of one path: a row of a report, with times in microseconds."""

    sent: int
    reached: int
    received: int
    rtt_min_us: int = 0
    rtt_p50_us: int = 0
    rtt_p90_us: int = 0
    jitter_us: int = 0


@dataclass(slots=True)
class _Sent:
    sequence: int
    stamp_ns: int
    at_ns: int
    rtt_ns: int | None = None
    reflected: int = 0


class Path:
    """The probes to one peer. All `now_ns` are of one monotonic clock.

    Args:
        session: Identifier that the packets carry; random, so that a guess at a reply fails.
        timeout_ns: A probe without reply counts as lost after this.
        grace_ns: Probes without reply do not count until the peer has answered once, for so long:
            it may not have been told of us yet.
        now_ns: Now.
    """

    def __init__(self, *, session: int, timeout_ns: int, grace_ns: int, now_ns: int) -> None:
        self.session = session
        self._timeout_ns = timeout_ns
        self._grace_until_ns = now_ns + grace_ns
        self._answered = False
        self._next = 0
        self._probes: deque[_Sent] = deque(maxlen=_MAX_PROBES)
        # The reflector's count up to the last reply that a window took in, and the probes taken in
        # since, whose fate that count has yet to tell.
        self._counted = 0
        self._untold = 0

    @property
    def next_sequence(self) -> int:
        """Number of the probe to send next."""
        return self._next

    def sent(self, *, stamp_ns: int, now_ns: int) -> None:
        """Note that the next probe was sent.

        Args:
            stamp_ns: Time stamp that it carries.
            now_ns: When.
        """
        self._probes.append(_Sent(self._next, stamp_ns, now_ns))
        self._next = (self._next + 1) & 0xFFFFFFFF

    def received(self, reply: Reply, *, now_ns: int) -> bool:
        """Take in a reply.

        Args:
            reply: Of our session.
            now_ns: When it arrived, by the kernel's time stamp where there is one.

        Returns:
            False where it answers nothing that is open: forged, doubled, or too late.
        """
        if not self._probes:
            return False
        index = (reply.probe_sequence - self._probes[0].sequence) & 0xFFFFFFFF
        if index >= len(self._probes):
            return False
        probe = self._probes[index]
        if probe.rtt_ns is not None or probe.stamp_ns != reply.probe_sent_ns:
            return False
        elapsed = now_ns - probe.at_ns
        dwell = reply.sent_ns - reply.received_ns
        if not 0 <= dwell <= elapsed <= self._timeout_ns:
            return False
        if not self._answered:
            self._answered = True
            if now_ns < self._grace_until_ns:
                self._discard(index)
                self._counted = reply.sequence
        probe.rtt_ns = elapsed - dwell
        probe.reflected = reply.sequence + 1
        return True

    def close(self, now_ns: int) -> PathSummary | None:
        """End the window: return what is certain by now, or None where that is nothing.

        Probes that may still be answered wait for the next window, and so do those after the
        last reply: which way they were lost, only the next reply tells.
        """
        if not self._answered and now_ns < self._grace_until_ns:
            return None
        settled = 0
        last = None
        for probe in self._probes:
            if probe.rtt_ns is None and now_ns - probe.at_ns <= self._timeout_ns:
                break
            settled += 1
            if probe.rtt_ns is not None:
                last = settled
        taken = [self._probes.popleft() for _ in range(settled if last is None else last)]
        if not taken:
            return None
        rtts = sorted(probe.rtt_ns for probe in taken if probe.rtt_ns is not None)
        sent = len(taken)
        if not rtts:
            self._untold += sent
            return PathSummary(sent, 0, 0)
        reached = self._reached(taken[-1].reflected, sent=sent, received=len(rtts))
        return PathSummary(
            sent=sent,
            reached=reached,
            received=len(rtts),
            rtt_min_us=rtts[0] // _US,
            rtt_p50_us=round(percentile(rtts, 0.5) / _US),
            rtt_p90_us=round(percentile(rtts, 0.9) / _US),
            jitter_us=round(interquartile_range(rtts) / _US),
        )

    def _discard(self, count: int) -> None:
        """Forget the oldest probes: the peer could not know of them."""
        for _ in range(count):
            self._probes.popleft()

    def _reached(self, reflected: int, *, sent: int, received: int) -> int:
        growth = (reflected - self._counted) & 0xFFFFFFFF
        if growth > sent + self._untold:
            # The reflector began to count anew: it tells nothing of what was lost before.
            growth = received
        self._counted = reflected
        self._untold = 0
        return max(received, min(growth, sent))
