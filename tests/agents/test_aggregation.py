"""The parts of the aggregator's core, each alone."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reports import NOW_US, ROW, report, unanswered
from netcore_agents.aggregator.intake import LastReport, Refusal, judge_report, judge_row
from netcore_agents.aggregator.links import Link, Sample
from netcore_agents.aggregator.members import Members, Place
from netcore_agents.aggregator.peers import assign_peers
from netcore_agents.aggregator.publication import Publication, Row, TokenBucket
from netcore_agents.aggregator.rejections import Rejections
from netcore_agents.wire import Status

SECOND = 1_000_000


def sample(**keys) -> Sample:
    return Sample(**({"ended_us": NOW_US, "bandwidth_bps": 0} | ROW | keys))


def links(*samples: Sample, window_us: int = 120 * SECOND) -> Link:
    link = Link()
    for each in samples:
        link.add(each, window_us=window_us)
    return link


def test_one_disturbed_window_does_not_move_the_estimate():
    calm = [sample(ended_us=NOW_US + number * SECOND) for number in range(4)]
    wild = sample(
        ended_us=NOW_US + 9 * SECOND, rtt_p50_us=90_000, rtt_p90_us=99_000, jitter_us=9_000
    )
    found = links(*calm, wild).estimate
    assert (found.rtt_us, found.rtt_p90_us, found.jitter_us) == (1000, 1200, 100)
    assert found.samples == 150
    assert found.observed_us == found.answered_us == wild.ended_us


def test_windows_weigh_as_much_as_they_have_replies():
    few = sample(received=1, reached=1, sent=1, rtt_p50_us=5000, rtt_p90_us=5000, jitter_us=0)
    assert links(few, few, sample()).estimate.rtt_us == 1000


def test_old_windows_no_longer_count():
    old = sample()
    new = sample(ended_us=NOW_US + 121 * SECOND, rtt_p50_us=2000, rtt_p90_us=2000)
    assert links(old, new).estimate.rtt_us == 2000


def test_loss_is_counted_over_the_windows_by_direction():
    found = links(sample(), sample(sent=10, reached=6, received=3)).estimate
    assert found.loss_to_ppm == 4 * 1_000_000 // 40
    assert found.loss_from_ppm == 3 * 1_000_000 // 36


def test_a_peer_that_fell_silent_keeps_its_last_times():
    silent = sample(**unanswered(), ended_us=NOW_US + 200 * SECOND)
    found = links(sample(bandwidth_bps=5), silent).estimate
    assert found.rtt_us == 1000
    assert found.loss_to_ppm == 1_000_000
    assert found.observed_us == silent.ended_us
    assert found.answered_us == NOW_US
    assert found.bandwidth_bps == 5
    assert links(silent).estimate.answered_us == 0


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({}, None),
        ({"node": "b"}, "spoofed"),
        ({"ended_us": NOW_US + 9 * SECOND}, None),
        ({"ended_us": NOW_US + 11 * SECOND}, "future"),
        ({"ended_us": NOW_US - 301 * SECOND, "started_us": NOW_US - 302 * SECOND}, "stale"),
        ({"started_us": NOW_US + 1}, "implausible"),
        ({"started_us": NOW_US - 3 * 3600 * SECOND}, "implausible"),
        ({"sequence": 7}, "replayed"),
        ({"sequence": 8}, None),
        ({"boot": "boot-2", "sequence": 1}, None),
        ({"boot": "boot-2", "ended_us": NOW_US - 20 * SECOND}, "replayed"),
    ],
)
def test_reports_are_believed_that_are_new_and_of_now(keys, reason):
    keys = {"sequence": 9} | keys
    found = judge_report(
        report(**keys),
        sender="a",
        last=LastReport("boot-1", 7, NOW_US - 10 * SECOND),
        now_us=NOW_US,
        oldest_us=NOW_US - 300 * SECOND,
        skew_us=10 * SECOND,
    )
    assert (found.reason if found else None) == reason
    assert found is None or found.detail


@pytest.mark.parametrize(
    "row",
    [
        {"received": 31},
        {"reached": 31},
        {"reached": 29},
        {"sent": 0, "reached": 0, "received": 0},
        {"rtt_min_us": 0},
        {"rtt_min_us": 1001},
        {"rtt_p90_us": 999},
        {"rtt_p90_us": 60_000_001},
        {"jitter_us": 400},
        {"received": 0},
        unanswered() | {"jitter_us": 1},
    ],
)
def test_a_row_that_cannot_be_is_dropped(row):
    found = judge_row(report(row=row), 0, peers=frozenset({"a", "b"}))
    assert isinstance(found, Refusal)
    assert found.reason == "implausible"
    assert found.detail.startswith("b: ")


def test_rows_about_nobody_are_dropped():
    two = report(peers=("a", "c", "b"))
    judged = [judge_row(two, index, peers=frozenset({"a", "b"})) for index in range(3)]
    assert [found.reason for found in judged[:2]] == ["unknown-peer"] * 2
    assert judged[2] == sample()
    assert isinstance(judge_row(report(row=unanswered()), 0, peers=frozenset("ab")), Sample)
    assert judge_row(report(bandwidth_bps=(10**9,)), 0, peers=frozenset("ab")).bandwidth_bps == 1e9
    absurd = judge_row(report(bandwidth_bps=(2**60,)), 0, peers=frozenset("ab"))
    assert absurd.reason == "implausible"


names = st.sets(st.text("abcdefghij0123456789", min_size=1, max_size=8), min_size=1, max_size=60)


@given(names, st.integers(1, 20))
def test_everybody_probes_and_is_probed_equally_often(nodes: set[str], k: int):
    chosen = assign_peers(nodes, k)
    degree = min(k, len(nodes) - 1)
    assert chosen.keys() == nodes
    assert all(len(set(peers)) == degree and node not in peers for node, peers in chosen.items())
    indegree = Counter(peer for peers in chosen.values() for peer in peers)
    assert not degree or set(indegree.values()) == {degree}
    assert chosen == assign_peers(sorted(nodes, reverse=True), k)


def test_as_many_pairs_as_possible_are_measured():
    nodes = [f"node-{number}" for number in range(101)]
    pairs = {
        frozenset((node, peer)) for node, peers in assign_peers(nodes, 50).items() for peer in peers
    }
    assert len(pairs) == 101 * 100 // 2


def status(**keys) -> Status:
    head = {
        "node": "a",
        "online": True,
        "boot": "1",
        "session": 1,
        "address": "127.0.0.1:862",
        "version": "0.1.0",
        "time_us": NOW_US,
    }
    return Status(**(head | keys))


def test_a_will_counts_for_its_own_session_alone():
    members = Members()
    assert members.hear(status(session=2), 0.0)
    assert not members.hear(status(session=1, online=False), 1.0)
    assert members.is_online("a")
    assert members.hear(status(session=2, online=False), 2.0)
    assert not members.is_online("a")
    assert members.hear(status(boot="2"), 3.0)
    assert not members.hear(status(session=9, online=False), 4.0)
    assert members.is_online("a")
    assert members.boot("a") == "2"


def test_an_agent_that_is_away_keeps_its_place_for_a_minute():
    members = Members()
    members.hear(status(), 0.0)
    members.hear(status(node="b", address="127.0.0.2:862"), 0.0)
    members.hear(status(online=False), 100.0)
    assert list(members.probed(159.0)) == ["a", "b"]
    assert members.probed(161.0) == {"b": "127.0.0.2:862"}
    assert members.known == {"a", "b"}
    members.places["c"] = Place("1", "", "")
    assert members.known == {"a", "b", "c"}


def row(*, node: str = "a", boot: str = "1", seconds: int = 0, **keys) -> Row:
    observed_us = NOW_US + seconds * SECOND
    estimate = replace(links(sample(ended_us=observed_us)).estimate, **keys)
    return Row(node, boot, {"b": estimate}, observed_us)


@pytest.mark.parametrize(
    ("keys", "is_due"),
    [
        ({}, False),
        ({"rtt_us": 1150}, False),
        ({"rtt_us": 1250}, True),
        ({"rtt_us": 750}, True),
        ({"loss_to_ppm": 9_000}, False),
        ({"loss_from_ppm": 11_000}, True),
        ({"bandwidth_bps": 1}, True),
        ({"boot": "2"}, True),
        ({"jitter_us": 5000}, False),
    ],
)
def test_a_row_is_written_when_it_changes(keys, is_due):
    publication = Publication(change=0.15, heartbeat_s=60, seed=1)
    assert publication.is_due(row(), 0.0)
    publication.began("a")
    assert not publication.is_due(row(), 1.0)
    publication.succeeded(row(), 1.0)
    assert publication.is_due(row(seconds=10, **keys), 11.0) == is_due


def test_an_unchanged_row_is_written_now_and_then_but_only_with_news():
    publication = Publication(change=0.15, heartbeat_s=60, seed=1)
    publication.succeeded(row(), 0.0)
    assert not publication.is_due(row(seconds=50), 59.0)
    assert publication.is_due(row(seconds=50), 60.0)
    assert not publication.is_due(row(), 600.0)


def test_a_failed_write_waits_longer_each_time():
    publication = Publication(change=0.15, heartbeat_s=60, seed=1)
    now = 0.0
    pauses = []
    for _ in range(10):
        publication.began("a")
        publication.failed("a", now)
        begin = now
        while not publication.is_due(row(), now):
            now += 0.1
        pauses.append(now - begin)
    assert 0.5 <= pauses[0] <= 1.1
    assert 2.0 <= pauses[2] <= 4.1
    assert 30.0 <= pauses[-1] <= 60.1


def test_writes_are_limited():
    bucket = TokenBucket(rate=10, burst=10, now_s=0.0)
    taken = sum(bucket.take(step / 1000) for step in range(10_000))
    assert 109 <= taken <= 110
    assert not bucket.take(5.0)


def test_refusals_are_told_once_a_minute_with_their_origin():
    rejections = Rejections()
    for number in range(3):
        rejections.add("spoofed", origin="a", example=f"example {number}")
    rejections.add("stale", origin="b", example="old")
    told = rejections.tell(0.0)
    assert [(each.reason, each.origin, each.count, each.example) for each in told] == [
        ("spoofed", "a", 3, "example 2"),
        ("stale", "b", 1, "old"),
    ]
    rejections.add("stale", origin="b", example="old")
    assert rejections.tell(59.0) == []
    assert len(rejections.tell(60.0)) == 1
    assert rejections.totals == {"spoofed": 3, "stale": 2}


def test_invented_origins_do_not_fill_the_memory():
    rejections = Rejections()
    for number in range(10_000):
        rejections.add("malformed", origin=f"n{number}", example="")
    told = rejections.tell(0.0)
    assert len(told) == 257
    assert sum(each.count for each in told) == 10_000
