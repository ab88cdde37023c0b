"""The agent's core: events in, actions out.

It decides whom to probe when, which packets to answer, and what a report says. It reads no clock
and knows no socket: the program stamps and sends the packets that it asks for, and tells it what
was sent, what arrived and when. It does not keep reports (`outbox`) nor talk to the broker.
"""

import random
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Final

from netcore_agents.probe.packet import Probe, Reply
from netcore_agents.probe.path import Path, PathSummary
from netcore_agents.probe.schedule import Schedule
from netcore_agents.wire import PeerAssignment, Report, parse_address

_NS: Final = 1_000_000_000
# Sessions that a reflector counts at once; the one unheard for longest is forgotten first.
_MAX_SESSIONS: Final = 4096
# A new peer may hear of us this much later than we of it.
_GRACE_INTERVALS: Final = 5


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment by two clocks.

    Attributes:
        wall_ns: Nanoseconds since 1970; may jump.
        steady_ns: Nanoseconds of the monotonic clock.
    """

    wall_ns: int
    steady_ns: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """The aggregator named our peers."""

    assignment: PeerAssignment


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: something may be due."""


@dataclass(frozen=True, slots=True)
class ProbeSent:
    """A probe that was asked for has left, stamped so."""

    peer: str
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class PacketArrived:
    """A packet arrived; None in place of what could not be decoded."""

    packet: Probe | Reply | None
    source: tuple[str, int]


@dataclass(frozen=True, slots=True)
class ReportDue:
    """The window of a report has ended."""

    dropped: int


@dataclass(frozen=True, slots=True)
class SendProbe:
    """Send the next probe to a peer, and say so with `ProbeSent`."""

    peer: str
    destination: tuple[str, int]
    sequence: int
    session: int


@dataclass(frozen=True, slots=True)
class SendReply:
    """Reflect a probe to where it came from."""

    probe: Probe
    destination: tuple[str, int]
    sequence: int


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand a report to the aggregator."""

    report: Report


Event = Assigned | Tick | ProbeSent | PacketArrived | ReportDue
Action = SendProbe | SendReply | Publish


@dataclass(slots=True)
class _Peer:
    address: tuple[str, int]
    path: Path


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    probes_sent: int = 0
    replies_received: int = 0
    probes_reflected: int = 0
    reports: int = 0
    ignored: Counter[str] = field(default_factory=Counter)


class Prober:
    """Probes and answers probes.

    Args:
        node: Name of our node.
        boot: Name of this start.
        interval_s: Between two probes to a peer.
        timeout_s: After which a probe counts as lost.
        reflects_to_all: Whether probes of any source are answered, not only those of nodes that
            the aggregator named.
        now: Now.
        seed: Of phases and session identifiers.

    Attributes:
        counts: What happened since the start.
    """

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        interval_s: float,
        timeout_s: float,
        reflects_to_all: bool,
        now: Instant,
        seed: int,
    ) -> None:
        self.counts = Counts()
        self._node = node
        self._boot = boot
        self._interval_s = interval_s
        self._timeout_ns = round(timeout_s * _NS)
        self._reflects_to_all = reflects_to_all
        self._random = random.Random(seed)
        self._schedule = Schedule(interval_s=interval_s, seed=self._random.getrandbits(64))
        self._peers: dict[str, _Peer] = {}
        self._paths: dict[int, _Peer] = {}
        self._sources: frozenset[str] = frozenset()
        self._sessions: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self._window_from_us = now.wall_ns // 1000

    @property
    def peers(self) -> list[str]:
        """Whom we probe."""
        return sorted(self._peers)

    def next_s(self) -> float | None:
        """When the next `Tick` is due, in seconds of the monotonic clock; None without peers."""
        return self._schedule.next_s()

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """Take in an event and return what to do about it."""
        match event:
            case PacketArrived(Probe() as probe, source):
                return self._reflect(probe, source)
            case PacketArrived(Reply() as reply, source):
                self._take_reply(reply, source, now)
            case PacketArrived():
                self.counts.ignored["malformed"] += 1
            case Tick():
                return self._probe(now)
            case ProbeSent(peer, stamp_ns):
                if peer in self._peers:
                    self.counts.probes_sent += 1
                    self._peers[peer].path.sent(stamp_ns=stamp_ns, now_ns=now.steady_ns)
            case ReportDue(dropped):
                return self._report(dropped, now)
            case Assigned(assignment):
                self._assign(assignment, now)
        return []

    def _assign(self, assignment: PeerAssignment, now: Instant) -> None:
        wanted = {
            name: parse_address(address)
            for name, address in zip(assignment.peers, assignment.addresses, strict=True)
            if name != self._node
        }
        for name in sorted(self._peers):
            if self._peers[name].address != wanted.get(name):
                del self._paths[self._peers.pop(name).path.session]
        for name in sorted(wanted.keys() - self._peers.keys()):
            peer = _Peer(wanted[name], self._new_path(now))
            self._peers[name] = peer
            self._paths[peer.path.session] = peer
        self._sources = frozenset(assignment.sources) | {ip for ip, _ in wanted.values()}
        self._schedule.assign(wanted, now.steady_ns / _NS)

    def _new_path(self, now: Instant) -> Path:
        session = self._random.getrandbits(16)
        while session in self._paths:
            session = self._random.getrandbits(16)
        grace_ns = round(_GRACE_INTERVALS * self._interval_s * _NS) + self._timeout_ns
        return Path(
            session=session,
            timeout_ns=self._timeout_ns,
            grace_ns=grace_ns,
            now_ns=now.steady_ns,
        )

    def _probe(self, now: Instant) -> list[Action]:
        """One probe a call: each is stamped when it leaves, not while others are prepared."""
        name = self._schedule.due(now.steady_ns / _NS)
        if name is None:
            return []
        peer = self._peers[name]
        return [SendProbe(name, peer.address, peer.path.next_sequence, peer.path.session)]

    def _reflect(self, probe: Probe, source: tuple[str, int]) -> list[Action]:
        if not self._reflects_to_all and source[0] not in self._sources:
            self.counts.ignored["unknown-source"] += 1
            return []
        key = (*source, probe.session)
        sequence = self._sessions.pop(key, 0)
        self._sessions[key] = sequence + 1
        if len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)
        self.counts.probes_reflected += 1
        return [SendReply(probe, source, sequence)]

    def _take_reply(self, reply: Reply, source: tuple[str, int], now: Instant) -> None:
        peer = self._paths.get(reply.session)
        if peer is None or peer.address != source:
            self.counts.ignored["unknown-session"] += 1
        elif not peer.path.received(reply, now_ns=now.steady_ns):
            self.counts.ignored["unexpected-reply"] += 1
        else:
            self.counts.replies_received += 1

    def _report(self, dropped: int, now: Instant) -> list[Action]:
        rows: list[tuple[str, PathSummary]] = []
        for name in sorted(self._peers):
            summary = self._peers[name].path.close(now.steady_ns)
            if summary is not None:
                rows.append((name, summary))
        if not rows:
            return []
        self.counts.reports += 1
        ended_us = now.wall_ns // 1000
        report = Report(
            node=self._node,
            boot=self._boot,
            sequence=self.counts.reports,
            started_us=min(self._window_from_us, ended_us),
            ended_us=ended_us,
            dropped=dropped,
            peers=tuple(name for name, _ in rows),
            rtt_min_us=tuple(row.rtt_min_us for _, row in rows),
            rtt_p50_us=tuple(row.rtt_p50_us for _, row in rows),
            rtt_p90_us=tuple(row.rtt_p90_us for _, row in rows),
            jitter_us=tuple(row.jitter_us for _, row in rows),
            sent=tuple(row.sent for _, row in rows),
            reached=tuple(row.reached for _, row in rows),
            received=tuple(row.received for _, row in rows),
        )
        self._window_from_us = ended_us
        return [Publish(report)]
