"""The aggregator's core as a whole: messages and time in, actions out."""

import io

import numpy as np
import pytest

from agents.reports import NOW_US, report, unanswered
from netcore_agents.aggregator.core import Aggregator, Policy
from netcore_agents.aggregator.events import (
    CostsWritten,
    MessageArrived,
    Moment,
    NodeGone,
    NodeSeen,
    ReportJudged,
    ReportPosted,
    RowWritten,
    TellPeers,
    TellRejected,
    Tick,
    WriteCosts,
    WriteRow,
)
from netcore_agents.aggregator.matrix import build_matrix
from netcore_agents.aggregator.members import Place
from netcore_agents.wire import (
    Status,
    Topics,
    encode_report,
    encode_report_json,
    encode_status,
)

TOPICS = Topics("test")
NODES = ("a", "b", "c")


def at(seconds: float) -> Moment:
    return Moment(NOW_US + round(seconds * 1e6), 1000 + seconds)


class World:
    """A core whose actions are kept, and agents that are told to it."""

    def __init__(self, **policy) -> None:
        self.core = Aggregator(cluster="test", policy=Policy(**policy), now=at(0), seed=1)
        self.sequence = 0

    def birth(self, node: str, seconds: float = 0, **keys) -> None:
        head = {
            "node": node,
            "online": True,
            "boot": "boot-1",
            "session": 1,
            "address": f"127.0.0.{1 + NODES.index(node)}:862",
            "version": "0.1.0",
            "time_us": NOW_US,
        }
        payload = encode_status(Status(**(head | keys)))
        assert self.core.handle(MessageArrived(TOPICS.status(node), payload), at(seconds)) == []

    def births(self) -> None:
        for node in NODES:
            self.birth(node)

    def settle(self) -> None:
        """Let the births be long ago."""
        for node in NODES:
            self.birth(node, -10)
        self.tick(-9)

    def places(self) -> None:
        for number, node in enumerate(NODES):
            place = Place(f"uid-{node}", "eu", "eu-a" if number < 2 else "eu-b")
            self.core.handle(NodeSeen(node, place), at(0))

    def report(self, node: str, seconds: float = 0, *, topic: str | None = None, **keys):
        self.sequence += 1
        head = {
            "peers": tuple(peer for peer in NODES if peer != node),
            "sequence": self.sequence,
            "ended_us": NOW_US + round(seconds * 1e6),
        }
        payload = encode_report(report(node, **(head | keys)))
        [judged] = self.core.handle(
            MessageArrived(TOPICS.report(topic or node), payload), at(seconds)
        )
        return judged

    def tick(self, seconds: float, *, can_write: bool = True):
        return self.core.handle(Tick(can_write=can_write), at(seconds))

    def matrix(self, seconds: float = 0):
        now = at(seconds)
        members = self.core.members
        return build_matrix(
            sorted(members.known), self.core.links(now), members.places, time_us=now.wall_us
        )


def told(actions) -> dict[str, tuple[str, ...]]:
    return {
        action.assignment.node: action.assignment.peers
        for action in actions
        if isinstance(action, TellPeers)
    }


@pytest.fixture
def world() -> World:
    world = World()
    world.settle()
    return world


@pytest.fixture
def newborn() -> World:
    world = World()
    world.births()
    return world


def test_peers_are_named_once_the_births_have_settled(newborn: World):
    assert told(newborn.tick(0.4)) == {}
    actions = newborn.tick(0.6)
    assert told(actions) == {"a": ("b", "c"), "b": ("a", "c"), "c": ("a", "b")}
    [first] = [each for each in actions if each.assignment.node == "a"]
    assert first.assignment.addresses == ("127.0.0.2:862", "127.0.0.3:862")
    assert first.assignment.sources == ("127.0.0.2", "127.0.0.3")
    assert told(newborn.tick(10)) == {}


def test_births_that_do_not_end_are_not_waited_for_for_ever():
    world = World()
    for step in range(9):
        world.birth(NODES[step % 3], step * 0.4, boot=f"boot-{step}")
        if told(world.tick(step * 0.4)):
            break
    assert step == 8


def test_a_node_that_moves_is_told_to_those_who_probe_it(world: World):
    world.tick(1)
    world.birth("c", 5, boot="boot-2", address="127.0.0.9:862")
    assert told(world.tick(5.6)) == {"a": ("b", "c"), "b": ("a", "c")}


def test_an_agent_that_leaves_is_probed_no_more_after_a_minute(world: World):
    world.tick(1)
    world.birth("c", 10, online=False)
    assert told(world.tick(60)) == {}
    assert told(world.tick(80)) == {"a": ("b",), "b": ("a",)}
    world.birth("c", 100, boot="boot-2")
    assert set(told(world.tick(101))) == {"a", "b", "c"}


def test_a_broker_that_forgot_is_told_all_again(world: World):
    world.tick(1)
    world.core.repeat_assignments()
    assert set(told(world.tick(1.1))) == {"a", "b", "c"}


def test_what_a_broker_kept_for_us_waits_until_it_is_known_who_is_there():
    world = World()
    kept = [
        MessageArrived(TOPICS.report("a"), encode_report(report("a", ("b", "c"), sequence=number)))
        for number in (1, 2)
    ]
    for message in kept:
        assert world.core.handle(message, at(0)) == []
    world.births()
    assert world.tick(0.4) == []
    judged = [action for action in world.tick(0.6) if isinstance(action, ReportJudged)]
    assert [(each.accepted, each.dropped) for each in judged] == [(2, 0), (2, 0)]
    assert world.report("b", 1).accepted == 2


def test_what_waits_is_bounded_and_does_not_wait_for_ever():
    world = World()
    message = MessageArrived(TOPICS.report("a"), b"")
    answers = [len(world.core.handle(message, at(0))) for _ in range(10_001)]
    assert answers == [0] * 9_999 + [10_000, 1]
    other = World()
    other.core.handle(message, at(0))
    assert [type(action) for action in other.tick(0.6)] == [ReportJudged]


def test_rows_and_costs_are_written_for_nodes_of_the_cluster(world: World):
    world.tick(1)
    assert world.report("a").accepted == 2
    assert world.tick(2) == []
    world.places()
    assert world.tick(2, can_write=False) == []
    costs, row = world.tick(2)
    assert isinstance(row, WriteRow)
    assert (row.row.node, sorted(row.row.links), row.place.uid) == ("a", ["b", "c"], "uid-a")
    assert isinstance(costs, WriteCosts)
    assert costs.costs["topology.kubernetes.io/zone"] == {("eu-a", "eu-b"): 1, ("eu-b", "eu-a"): 1}
    assert world.tick(3) == []
    world.core.handle(RowWritten(row.row, succeeded=False), at(3))
    world.core.handle(CostsWritten(costs.costs, succeeded=True), at(3))
    assert [type(action) for action in world.tick(10)] == [WriteRow]
    world.core.handle(RowWritten(row.row, succeeded=True), at(10))
    assert world.tick(100) == []
    world.core.handle(NodeGone("a"), at(100))
    assert world.tick(100) == []


def test_a_node_of_another_uid_gets_an_object_of_its_own(world: World):
    world.tick(1)
    world.places()
    world.report("a")
    [_, first] = world.tick(1)
    world.core.handle(RowWritten(first.row, succeeded=True), at(1))
    world.core.handle(NodeSeen("a", Place("uid-other", "eu", "eu-a")), at(2))
    [again] = world.tick(2)
    assert again.place.uid == "uid-other"


def test_writes_keep_to_their_limit_and_none_starves():
    world = World(writes_per_s=1)
    world.settle()
    world.places()
    for node in NODES:
        world.report(node)
    written = []
    for second in range(1, 7):
        for action in world.tick(second):
            written.append(action)
            outcome = (
                RowWritten(action.row, succeeded=True)
                if isinstance(action, WriteRow)
                else CostsWritten(action.costs, succeeded=True)
            )
            world.core.handle(outcome, at(second))
        assert len(written) <= second
    assert {action.row.node for action in written if isinstance(action, WriteRow)} == set(NODES)


def test_what_is_refused_leaves_the_last_good_value(world: World):
    world.report("a", sequence=5)
    before = world.matrix().rtt_ms[0].copy()
    wild = {"rtt_min_us": 1, "rtt_p50_us": 50_000_000, "rtt_p90_us": 50_000_000}
    for keys, reason in (
        ({"node": "b", "topic": "a"}, "spoofed"),
        ({"sequence": 5}, "replayed"),
        ({"sequence": 6, "ended_us": NOW_US + 60_000_000}, "future"),
        (
            {"sequence": 6, "ended_us": NOW_US - 400_000_000, "started_us": NOW_US - 401_000_000},
            "stale",
        ),
    ):
        node = keys.pop("node", "a")
        judged = world.report(node, row=wild, **keys)
        assert judged.refusal.reason == reason
        assert judged.accepted == 0
    assert world.core.rejections.totals == dict.fromkeys(
        ("spoofed", "replayed", "future", "stale"), 1
    )
    np.testing.assert_array_equal(world.matrix().rtt_ms[0], before)
    assert world.core.reports == 1


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.report("a"), b"\xc1"),
        (TOPICS.report("a"), b"x" * 200_000),
        (TOPICS.status("a"), b""),
        ("netcore/v1/test/a/other", b""),
        ("netcore/v1/elsewhere/a/report", encode_report(report())),
    ],
)
def test_malformed_messages_are_counted_and_told(world: World, topic, payload):
    world.core.handle(MessageArrived(topic, payload), at(0))
    [action] = [action for action in world.tick(0.1) if isinstance(action, TellRejected)]
    assert action.rejected.reason == "malformed"
    assert action.rejected.origin in {"a", topic}
    assert world.core.members.is_online("a")


def test_a_status_of_another_node_is_refused(world: World):
    payload = encode_status(Status("b", False, "boot-1", 1, "127.0.0.66:1", "0.1.0", NOW_US))
    world.core.handle(MessageArrived(TOPICS.status("a"), payload), at(1))
    assert world.core.rejections.totals == {"spoofed": 1}
    assert world.core.members.is_online("b")


def test_one_bad_row_does_not_cost_the_others(world: World):
    judged = world.report("a", peers=("b", "unheard", "c"))
    assert (judged.accepted, judged.dropped, judged.refusal) == (2, 1, None)
    assert world.core.rejections.totals == {"unknown-peer": 1}


@pytest.mark.parametrize("form", ["msgpack", "json"])
def test_a_posted_report_counts_like_any(world: World, form):
    encode = encode_report if form == "msgpack" else encode_report_json
    posted = encode(report("a", ("b",)))
    [judged] = world.core.handle(ReportPosted("a", posted, form), at(0))
    assert judged.accepted == 1
    [judged] = world.core.handle(ReportPosted("b", posted, form), at(0))
    assert judged.refusal.reason == "spoofed"


def test_the_matrix_knows_what_one_end_measured_of_both(world: World):
    world.places()
    world.report("a", peers=("b",), row={"sent": 40, "reached": 36, "received": 27})
    found = world.matrix(10)
    assert found.nodes == ["a", "b", "c"]
    assert found.zones == ["eu-a", "eu-a", "eu-b"]
    assert found.regions == ["eu"] * 3
    assert found.rtt_ms[0, 1] == found.rtt_ms[1, 0] == 1.0
    assert (found.loss[0, 1], found.loss[1, 0]) == (0.1, 0.25)
    assert found.age_s[0, 1] == 10
    assert (found.pairs, found.missing) == (6, 4)
    assert np.isnan(found.rtt_ms[0, 2])
    assert (np.diag(found.rtt_ms) == 0).all()
    told_json = found.to_json()
    assert told_json["missing"] == 4
    loaded = np.load(io.BytesIO(found.to_npz()))
    np.testing.assert_array_equal(loaded["rtt_ms"], found.rtt_ms)
    assert list(loaded["nodes"]) == found.nodes


def test_old_measurements_are_unknown_not_zero(world: World):
    world.report("a")
    assert world.matrix(299).missing == 2
    assert world.matrix(301).missing == 6
    world.tick(301)
    assert list(world.core.links(at(0))) == []


def test_a_silent_peer_has_its_loss_told_and_its_times_until_they_are_old(world: World):
    world.report("a", 0)
    for second in (100, 200, 300, 400):
        world.report("a", second, row=unanswered())
    found = world.matrix(250)
    assert (found.rtt_ms[0, 1], found.loss[0, 1]) == (1.0, 1.0)
    found = world.matrix(400)
    assert np.isnan(found.rtt_ms[0, 1])
    assert found.loss[0, 1] == 1.0


def test_the_same_events_give_the_same_actions():
    def play():
        world = World()
        world.births()
        world.places()
        actions = world.tick(1)
        for node in NODES:
            world.report(node, 1)
        return actions + world.tick(2)

    assert play() == play()
