"""What is known of the path from one node to another, out of its newest reports."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# With the shortest report interval a window could hold thousands of samples; a median needs few.
_MAX_SAMPLES: Final = 64
_PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a report; times in microseconds, bandwidth in bit/s (0 is unknown)."""

    ended_us: int
    rtt_min_us: int
    rtt_p50_us: int
    rtt_p90_us: int
    jitter_us: int
    sent: int
    reached: int
    received: int
    bandwidth_bps: int


@dataclass(frozen=True, slots=True)
class LinkEstimate:
    """The path as it is held to be.

    Attributes:
        rtt_us: Median round-trip time; 0 where no reply ever came.
        rtt_p90_us: 90th percentile of it.
        rtt_min_us: Shortest of it.
        jitter_us: Interquartile range of it.
        loss_to_ppm: Packets lost on the way to the peer, parts per million.
        loss_from_ppm: Packets lost on the way back, parts per million.
        bandwidth_bps: Bandwidth to the peer, bit/s; 0 is unknown.
        samples: Probes behind the figures.
        observed_us: When the newest probe of the window was sent, microseconds since 1970.
        answered_us: The same, of the newest window with a reply; 0 where none came.
    """

    rtt_us: int
    rtt_p90_us: int
    rtt_min_us: int
    jitter_us: int
    loss_to_ppm: int
    loss_from_ppm: int
    bandwidth_bps: int
    samples: int
    observed_us: int
    answered_us: int


class Link:
    """The newest samples of one path, and the estimate from them."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=_MAX_SAMPLES)
        self.estimate: LinkEstimate | None = None

    def add(self, sample: Sample, *, window_us: int) -> None:
        """Take in a sample and estimate anew from those within `window_us` of it.

        Medians over windows, each weighing as much as it had replies: one window that was
        disturbed does not move them. Where no window has a reply, the last good times stand and
        only the loss tells.
        """
        self._samples.append(sample)
        while self._samples[0].ended_us < sample.ended_us - window_us:
            self._samples.popleft()
        sent = sum(each.sent for each in self._samples)
        reached = sum(each.reached for each in self._samples)
        received = sum(each.received for each in self._samples)
        answered = [each for each in self._samples if each.received]
        last = self.estimate
        weights = [each.received for each in answered]
        if answered:
            times = (
                _weighted_median([each.rtt_p50_us for each in answered], weights),
                _weighted_median([each.rtt_p90_us for each in answered], weights),
                min(each.rtt_min_us for each in answered),
                _weighted_median([each.jitter_us for each in answered], weights),
            )
            answered_us = answered[-1].ended_us
        elif last is not None:
            times = (last.rtt_us, last.rtt_p90_us, last.rtt_min_us, last.jitter_us)
            answered_us = last.answered_us
        else:
            times, answered_us = (0, 0, 0, 0), 0
        self.estimate = LinkEstimate(
            *times,
            loss_to_ppm=(sent - reached) * _PPM // sent,
            loss_from_ppm=(reached - received) * _PPM // reached if reached else 0,
            bandwidth_bps=sample.bandwidth_bps or (last.bandwidth_bps if last else 0),
            samples=sent,
            observed_us=sample.ended_us,
            answered_us=answered_us,
        )


def _weighted_median(values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the smallest value at which half of the weight is reached."""
    half = sum(weights) / 2
    below = 0
    pairs = sorted(zip(values, weights, strict=True))
    for value, weight in pairs:
        below += weight
        if below >= half:
            return value
    return pairs[-1][0]
