"""Which reports are believed, and which of their rows.

A report counts as a whole only if it is about its sender, new, and of now. Of a report that does,
a row that cannot be is dropped alone: the others are no worse for it.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from netcore_agents.aggregator.links import Sample
from netcore_agents.wire import Report

_MAX_RTT_US: Final = 60_000_000
_MAX_WINDOW_US: Final = 2 * 3600 * 1_000_000
_MAX_BANDWIDTH_BPS: Final = 10**14
# Percentiles are rounded to whole microseconds one by one.
_ROUNDING_US: Final = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a report or a row of it does not count.

    Attributes:
        reason: Short name, as in the metrics.
        detail: What was wrong, for people.
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class LastReport:
    """The newest report that a node had accepted."""

    boot: str
    sequence: int
    ended_us: int


def judge_report(
    report: Report,
    *,
    sender: str,
    last: LastReport | None,
    now_us: int,
    oldest_us: int,
    skew_us: int,
) -> Refusal | None:
    """Decide whether a report counts.

    Args:
        report: As decoded.
        sender: Node that topic or token prove.
        last: Newest one accepted from it.
        now_us: Now, microseconds since 1970.
        oldest_us: What ended before is stale.
        skew_us: How far the sender's clock may run ahead.

    Returns:
        Why it does not, or None.
    """
    if report.node != sender:
        return Refusal("spoofed", f"says it is of {report.node}, comes from {sender}")
    if report.ended_us > now_us + skew_us:
        ahead_s = (report.ended_us - now_us) / 1e6
        return Refusal("future", f"ends {ahead_s:.1f} s from now: is the node's clock right?")
    if report.ended_us < oldest_us:
        return Refusal("stale", f"ended {(now_us - report.ended_us) / 1e6:.1f} s ago")
    if not 0 <= report.ended_us - report.started_us <= _MAX_WINDOW_US:
        return Refusal("implausible", "started_us, ended_us: no window of up to two hours")
    if last is not None:
        if report.boot == last.boot and report.sequence <= last.sequence:
            return Refusal("replayed", f"sequence {report.sequence} was had already")
        if report.boot != last.boot and report.ended_us <= last.ended_us:
            return Refusal("replayed", f"boot {report.boot} was replaced already")
    return None


def judge_row(report: Report, index: int, *, peers: Container[str]) -> Sample | Refusal:
    """Decide whether a row of an accepted report counts.

    Args:
        report: The report.
        index: The row.
        peers: Nodes that exist.

    Returns:
        The row, or why it does not count.
    """
    peer = report.peers[index]
    if peer == report.node or peer not in peers:
        return Refusal("unknown-peer", f"measures {peer}, which is no other node of the cluster")
    sample = Sample(
        ended_us=report.ended_us,
        rtt_min_us=report.rtt_min_us[index],
        rtt_p50_us=report.rtt_p50_us[index],
        rtt_p90_us=report.rtt_p90_us[index],
        jitter_us=report.jitter_us[index],
        sent=report.sent[index],
        reached=report.reached[index],
        received=report.received[index],
        bandwidth_bps=report.bandwidth_bps[index] if report.bandwidth_bps else 0,
    )
    problem = _implausible(sample)
    return Refusal("implausible", f"{peer}: {problem}") if problem else sample


def _implausible(row: Sample) -> str:
    if not 0 <= row.received <= row.reached <= row.sent or not row.sent:
        return f"received {row.received}, reached {row.reached}, sent {row.sent}"
    if row.bandwidth_bps > _MAX_BANDWIDTH_BPS:
        return f"bandwidth_bps {row.bandwidth_bps}"
    times = (row.rtt_min_us, row.rtt_p50_us, row.rtt_p90_us)
    if not row.received:
        return "times without a reply" if any((*times, row.jitter_us)) else ""
    if not 0 < row.rtt_min_us <= row.rtt_p50_us <= row.rtt_p90_us <= _MAX_RTT_US:
        return "rtt_min_us, rtt_p50_us, rtt_p90_us: {}, {}, {}".format(*times)
    if row.jitter_us > row.rtt_p90_us - row.rtt_min_us + _ROUNDING_US:
        return f"jitter_us {row.jitter_us} is more than the round-trip times span"
    return ""
