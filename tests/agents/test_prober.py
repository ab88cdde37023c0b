"""The agent's core: whom it probes when, whom it answers, what it reports."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_agents.probe.outbox import Outbox
from netcore_agents.probe.packet import Probe, Reply
from netcore_agents.probe.prober import (
    Assigned,
    Instant,
    PacketArrived,
    Prober,
    ProbeSent,
    Publish,
    ReportDue,
    SendProbe,
    SendReply,
    Tick,
)
from netcore_agents.probe.schedule import Schedule
from netcore_agents.wire import PeerAssignment

NS = 1_000_000_000
WALL = 1_790_000_000 * NS
PEER = ("127.0.0.2", 862)


def at(seconds: float) -> Instant:
    return Instant(WALL + round(seconds * NS), round(seconds * NS))


def prober(**keys) -> Prober:
    settings = {
        "node": "a",
        "boot": "boot",
        "interval_s": 1.0,
        "timeout_s": 1.0,
        "reflects_to_all": False,
        "now": at(0),
        "seed": 1,
    }
    return Prober(**(settings | keys))


def assigned(*peers: str, sources: tuple[str, ...] = ()) -> Assigned:
    addresses = tuple(f"127.0.0.{2 + number}:862" for number in range(len(peers)))
    return Assigned(PeerAssignment("a", peers, addresses, sources))


def exchange(core: Prober, seconds: float) -> SendProbe | None:
    """Send what is due, and let the peer answer after 20 ms, of which it kept the packet 5."""
    for action in core.handle(Tick(), at(seconds)):
        now = at(seconds)
        core.handle(ProbeSent(action.peer, now.wall_ns), now)
        reply = Reply(
            sequence=action.sequence,
            sent_ns=5_000_000,
            session=action.session,
            received_ns=0,
            probe_sequence=action.sequence,
            probe_sent_ns=now.wall_ns,
        )
        core.handle(PacketArrived(reply, action.destination), at(seconds + 0.02))
        return action
    return None


def run(core: Prober, *, begin: float, end: float) -> Counter[str]:
    """Do what is due from begin to end; probes sent, by peer."""
    sent: Counter[str] = Counter()
    now = begin
    while (due := core.next_s()) is not None and max(now, due) < end:
        now = max(now, due) + 1e-6
        if action := exchange(core, now):
            sent[action.peer] += 1
    return sent


def test_each_peer_is_probed_once_an_interval_and_reported():
    core = prober()
    core.handle(assigned("b", "c", "d"), at(0))
    sent = run(core, begin=0, end=30)
    assert all(29 <= sent[peer] <= 31 for peer in "bcd")
    [action] = core.handle(ReportDue(dropped=2), at(30))
    assert isinstance(action, Publish)
    found = action.report
    assert (found.node, found.boot, found.sequence, found.dropped) == ("a", "boot", 1, 2)
    assert (found.started_us, found.ended_us) == (at(0).wall_ns // 1000, at(30).wall_ns // 1000)
    assert found.peers == ("b", "c", "d")
    assert found.rtt_p50_us == (15_000,) * 3
    assert found.jitter_us == (0,) * 3
    assert found.received == found.reached == found.sent == tuple(sent[peer] for peer in "bcd")


def test_nothing_measured_is_no_report():
    core = prober()
    assert core.handle(ReportDue(0), at(30)) == []
    assert core.next_s() is None


def test_a_window_that_was_empty_is_part_of_the_next():
    core = prober()
    core.handle(ReportDue(0), at(10))
    core.handle(assigned("b"), at(10))
    run(core, begin=10, end=20)
    [action] = core.handle(ReportDue(0), at(20))
    assert action.report.started_us == at(0).wall_ns // 1000
    assert action.report.sequence == 1


def test_a_new_assignment_keeps_the_paths_that_stay():
    core = prober()
    core.handle(assigned("b", "c"), at(0))
    sessions = {
        action.peer: action.session for second in (1, 1.5) if (action := exchange(core, second))
    }
    core.handle(assigned("b", "d"), at(2))
    assert core.peers == ["b", "d"]
    later = {}
    for step in range(20):
        if action := exchange(core, 2 + step / 10):
            later.setdefault(action.peer, action)
    assert later["b"].session == sessions["b"]
    assert later["b"].sequence == 1
    assert later["d"].sequence == 0


def test_a_node_does_not_probe_itself():
    core = prober()
    core.handle(assigned("a", "b"), at(0))
    assert core.peers == ["b"]


def test_probes_of_named_nodes_are_answered_and_counted_by_session():
    core = prober()
    core.handle(assigned("b", sources=("127.0.0.9",)), at(0))
    for number, (source, session, wanted) in enumerate(
        [
            (PEER, 1, 0),
            (PEER, 1, 1),
            (PEER, 2, 0),
            (("127.0.0.2", 863), 1, 0),
            (("127.0.0.9", 5), 1, 0),
            (PEER, 1, 2),
        ]
    ):
        probe = Probe(number, WALL, session)
        assert core.handle(PacketArrived(probe, source), at(1)) == [
            SendReply(probe, source, wanted)
        ]
    assert core.counts.probes_reflected == 6


@pytest.mark.parametrize(
    ("packet", "source", "reason"),
    [
        (Probe(0, WALL, 1), ("127.0.0.77", 862), "unknown-source"),
        (Reply(0, WALL, 1, WALL, 0, WALL), PEER, "unknown-session"),
        (None, PEER, "malformed"),
    ],
)
def test_packets_of_strangers_are_ignored_and_counted(packet, source, reason):
    core = prober()
    core.handle(assigned("b"), at(0))
    assert core.handle(PacketArrived(packet, source), at(1)) == []
    assert core.counts.ignored == {reason: 1}


def test_a_reply_from_elsewhere_or_to_nothing_is_ignored():
    core = prober()
    core.handle(assigned("b"), at(0))
    action = exchange(core, 1)
    forged = Reply(0, 0, action.session, 0, 0, WALL)
    core.handle(PacketArrived(forged, ("127.0.0.3", 862)), at(1.1))
    core.handle(PacketArrived(forged, PEER), at(1.1))
    assert core.counts.ignored == {"unknown-session": 1, "unexpected-reply": 1}
    assert core.counts.replies_received == 1


def test_all_sources_are_answered_where_so_configured():
    core = prober(reflects_to_all=True)
    assert len(core.handle(PacketArrived(Probe(0, WALL, 1), ("127.0.0.77", 1)), at(1))) == 1


def test_sessions_of_the_reflector_are_bounded():
    core = prober(reflects_to_all=True)
    for port in range(5000):
        core.handle(PacketArrived(Probe(0, WALL, 1), ("127.0.0.77", 1 + port)), at(1))
    assert len(core._sessions) == 4096
    [action] = core.handle(PacketArrived(Probe(1, WALL, 1), ("127.0.0.77", 5000)), at(1))
    assert action.sequence == 1


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_probes_are_spread_over_the_interval(seed: int, count: int):
    schedule = Schedule(interval_s=1.0, seed=seed)
    schedule.assign([f"n{number}" for number in range(count)], 100.0)
    first = {}
    while schedule.next_s() < 101.0:
        now = schedule.next_s()
        first.setdefault(schedule.due(now), now)
    assert len(first) == count
    # One a slot of the interval, in an order that has nothing to do with their names.
    slots = sorted(int((moment - 100.0) * count) for moment in first.values())
    assert slots == list(range(count))


def test_missed_beats_are_skipped():
    schedule = Schedule(interval_s=1.0, seed=1)
    schedule.assign(["b"], 0.0)
    assert schedule.due(50.0) == "b"
    assert schedule.due(50.0) is None
    assert 50.0 < schedule.next_s() < 51.2


def test_the_outbox_gives_up_the_oldest_and_counts():
    outbox = Outbox(reports=3, size=100)
    assert [outbox.put(number, b"x" * 10) for number in range(1, 6)] == [0, 0, 0, 1, 1]
    assert outbox.first() == (3, b"x" * 10)
    assert outbox.put(6, b"y" * 95) == 3
    assert outbox.dropped == 5
    assert outbox.first() == (6, b"y" * 95)
    outbox.done(3)
    assert len(outbox) == 1
    outbox.done(6)
    assert outbox.first() is None
