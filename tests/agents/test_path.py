"""A path's figures are those of what happened to its packets."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_agents.probe.packet import Reply
from netcore_agents.probe.path import Path, PathSummary
from netcore_agents.probe.statistics import interquartile_range, percentile

MS = 1_000_000
SECOND = 1000 * MS
START = 10 * SECOND


class Peer:
    """A reflector, and the network to it; time passes only here."""

    def __init__(self, *, grace_ns: int = 0) -> None:
        self.now = START
        self.counted = 0
        self.path = Path(session=7, timeout_ns=SECOND, grace_ns=grace_ns, now_ns=START)

    def probe(self, *, reaches: bool = True, returns: bool = True, rtt_ms: float = 10) -> bool:
        """Send a probe and take what comes of it; whether a reply counted."""
        number, stamp = self.path.next_sequence, self.now + 5
        self.path.sent(stamp_ns=stamp, now_ns=self.now)
        counted = False
        if reaches:
            reply = Reply(self.counted, 400, 7, 300, number, stamp)
            self.counted += 1
            if returns:
                counted = self.path.received(reply, now_ns=self.now + round(rtt_ms * MS) + 100)
        self.now += 100 * MS
        return counted

    def settle(self) -> None:
        """Let all that is open time out."""
        self.now += 2 * SECOND


def test_round_trips_leave_out_the_time_in_the_reflector():
    peer = Peer()
    for rtt_ms in (10, 12, 14, 16, 18):
        assert peer.probe(rtt_ms=rtt_ms)
    assert peer.path.close(peer.now) == PathSummary(
        sent=5,
        reached=5,
        received=5,
        rtt_min_us=10_000,
        rtt_p50_us=14_000,
        rtt_p90_us=17_200,
        jitter_us=4_000,
    )
    assert peer.path.close(peer.now) is None


def test_losses_are_told_apart_by_direction():
    peer = Peer()
    for way in ({}, {"reaches": False}, {"returns": False}, {"reaches": False}, {}):
        peer.probe(**way)
    peer.settle()
    summary = peer.path.close(peer.now)
    assert (summary.sent, summary.reached, summary.received) == (5, 3, 2)


def test_what_was_lost_last_waits_for_the_reply_that_tells_where():
    peer = Peer()
    peer.probe()
    peer.probe(returns=False)
    peer.settle()
    first = peer.path.close(peer.now)
    assert (first.sent, first.reached, first.received) == (1, 1, 1)
    peer.probe()
    second = peer.path.close(peer.now)
    assert (second.sent, second.reached, second.received) == (2, 2, 1)


def test_a_dead_peer_lost_all_on_the_way_to_it():
    peer = Peer()
    peer.probe()
    peer.path.close(peer.now)
    for _ in range(10):
        peer.probe(reaches=False)
    peer.settle()
    assert peer.path.close(peer.now) == PathSummary(sent=10, reached=0, received=0)


def test_a_reflector_that_begins_anew_loses_nothing():
    peer = Peer()
    for _ in range(10):
        peer.probe()
    peer.path.close(peer.now)
    peer.counted = 0
    for _ in range(10):
        peer.probe()
    summary = peer.path.close(peer.now)
    assert (summary.sent, summary.reached, summary.received) == (10, 10, 10)


def test_a_peer_that_does_not_know_us_yet_loses_nothing():
    peer = Peer(grace_ns=5 * SECOND)
    for _ in range(3):
        peer.probe(reaches=False)
    assert peer.path.close(peer.now) is None
    peer.probe()
    summary = peer.path.close(peer.now)
    assert (summary.sent, summary.reached, summary.received) == (1, 1, 1)


def test_a_peer_that_never_answers_is_told_when_the_grace_is_over():
    peer = Peer(grace_ns=SECOND)
    for _ in range(3):
        peer.probe(reaches=False)
    peer.settle()
    assert peer.path.close(peer.now) == PathSummary(sent=3, reached=0, received=0)


@pytest.mark.parametrize(
    "change",
    [
        {"probe_sequence": 1},
        {"probe_sent_ns": START + 6},
        {"sent_ns": 299},
        {"sent_ns": 300 + 11 * MS},
    ],
)
def test_a_forged_reply_is_not_taken(change):
    peer = Peer()
    peer.path.sent(stamp_ns=START + 5, now_ns=START)
    true = {
        "sequence": 0,
        "sent_ns": 400,
        "session": 7,
        "received_ns": 300,
        "probe_sequence": 0,
        "probe_sent_ns": START + 5,
    }
    assert not peer.path.received(Reply(**(true | change)), now_ns=START + 10 * MS)
    assert peer.path.received(Reply(**true), now_ns=START + 10 * MS)
    assert not peer.path.received(Reply(**true), now_ns=START + 10 * MS)


def test_a_reply_that_comes_too_late_counts_as_lost():
    peer = Peer()
    assert not peer.probe(rtt_ms=1500)
    assert peer.probe()
    peer.settle()
    assert peer.path.close(peer.now).received == 1


@given(st.integers(0, 2**32), st.floats(0, 0.5), st.floats(0, 0.5))
def test_over_all_windows_every_probe_is_told_once(seed: int, lost_to: float, lost_from: float):
    chance = random.Random(seed)
    peer = Peer()
    fates = []
    rows = []
    for _ in range(10):
        for _ in range(20):
            reaches = chance.random() >= lost_to
            returns = reaches and chance.random() >= lost_from
            fates.append((reaches, returns))
            peer.probe(reaches=reaches, returns=returns)
        # A window without any reply does not tell which way it lost.
        if not any(returns for _, returns in fates[-20:]):
            return
        peer.settle()
        rows.append(peer.path.close(peer.now))
    peer.probe()
    rows.append(peer.path.close(peer.now))
    fates.append((True, True))
    assert sum(row.sent for row in rows) == len(fates)
    assert sum(row.reached for row in rows) == sum(reaches for reaches, _ in fates)
    assert sum(row.received for row in rows) == sum(returns for _, returns in fates)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_percentiles_are_those_of_numpy(samples: list[int]):
    numpy = pytest.importorskip("numpy")
    samples.sort()
    for share in (0, 0.25, 0.5, 0.9, 1):
        assert percentile(samples, share) == pytest.approx(numpy.percentile(samples, share * 100))
    spread = numpy.percentile(samples, 75) - numpy.percentile(samples, 25)
    assert interquartile_range(samples) == pytest.approx(spread)
