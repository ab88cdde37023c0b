"""The aggregator's core: what came in and what time it is, to what is to be done.

It reads no clock and knows neither MQTT nor HTTP nor Kubernetes. It believes reports (`intake`),
keeps the links, names each agent's peers, and says which rows and costs are worth a write. It does
not write: the program does, and tells it how that went.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from netcore_agents.aggregator import costs as zone_costs
from netcore_agents.aggregator.costs import Costs, measure_costs
from netcore_agents.aggregator.events import (
    Action,
    CostsWritten,
    Event,
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
from netcore_agents.aggregator.intake import LastReport, Refusal, judge_report, judge_row
from netcore_agents.aggregator.links import Link, LinkEstimate
from netcore_agents.aggregator.members import Members, Place
from netcore_agents.aggregator.peers import assign_peers
from netcore_agents.aggregator.publication import Publication, Row, TokenBucket
from netcore_agents.aggregator.rejections import Rejections
from netcore_agents.wire import (
    PeerAssignment,
    Report,
    Topics,
    WireError,
    decode_report,
    decode_report_json,
    decode_status,
    parse_address,
)

# Births come in a burst when agents start or the broker returns: peers are named once it is over,
# or after the longer time if it does not end.
_SETTLE_S: Final = 0.5
_SETTLE_LIMIT_S: Final = 3.0
# Reports that wait for the births at the start; more than a broker keeps for us by default.
_MAX_HELD: Final = 10_000
_TIMES: Final = ("rtt_us", "rtt_p90_us", "rtt_min_us", "jitter_us", "answered_us")


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of aggregation.

    Attributes:
        peers: Nodes that each node probes.
        window_s: Reports that an estimate is made of.
        valid_for_s: Age after which a measurement counts as unknown.
        skew_s: How far a node's clock may run ahead.
        change: Relative change that is worth a write.
        heartbeat_s: A row is written at least this often, while new measurements come.
        writes_per_s: Writes to the cluster, at most.
    """

    peers: int = 16
    window_s: float = 120.0
    valid_for_s: float = 300.0
    skew_s: float = 10.0
    change: float = 0.15
    heartbeat_s: float = 60.0
    writes_per_s: float = 10.0


class Aggregator:
    """All that is known of the cluster's network.

    Args:
        cluster: Name of the cluster.
        policy: The rules.
        now: Now.
        seed: Of the pauses after failures.

    Attributes:
        members: Which nodes there are.
        rejections: What was refused.
        reports: Reports accepted.
        given_up: Reports that agents gave up before they could hand them over, by node.
    """

    def __init__(self, *, cluster: str, policy: Policy, now: Moment, seed: int) -> None:
        self.members = Members()
        self.rejections = Rejections()
        self.reports = 0
        self.given_up: dict[str, int] = {}
        self._policy = policy
        self._topics = Topics(cluster)
        self._links: dict[str, dict[str, Link]] = {}
        self._last: dict[str, LastReport] = {}
        self._told: dict[str, PeerAssignment] = {}
        self._unsettled_s: tuple[float, float] | None = None
        self._has_settled = False
        # A broker hands out what it kept for us before it tells who is there: until that is known,
        # reports wait, or their peers would count as unknown. None once it is.
        self._held: list[tuple[str, bytes]] | None = []
        self._peers_due_s = now.steady_s
        self._publication = Publication(
            change=policy.change, heartbeat_s=policy.heartbeat_s, seed=seed
        )
        self._bucket = TokenBucket(
            rate=policy.writes_per_s, burst=max(1, round(policy.writes_per_s)), now_s=now.steady_s
        )
        self._written_costs: Costs | None = None
        self._costs_not_before_s = now.steady_s
        self._costs_are_writing = False

    def handle(self, event: Event, now: Moment) -> list[Action]:
        """Take in an event and return what to do about it."""
        match event:
            case MessageArrived(topic, payload):
                return self._hear(topic, payload, now)
            case ReportPosted(sender, payload, form):
                return [self._take(sender, payload, form, now)]
            case NodeSeen(node, place):
                self._see(node, place)
            case NodeGone(node):
                self.members.places.pop(node, None)
                self._publication.forget(node)
            case Tick(can_write):
                return self._tick(now, can_write=can_write)
            case RowWritten(row, succeeded):
                if succeeded:
                    self._publication.succeeded(row, now.steady_s)
                else:
                    self._publication.failed(row.node, now.steady_s)
            case CostsWritten(costs, succeeded):
                self._costs_are_writing = False
                if succeeded:
                    self._written_costs = costs
                pause_s = 1.0 if succeeded else 5.0
                self._costs_not_before_s = now.steady_s + pause_s
        return []

    def links(self, now: Moment) -> Iterator[tuple[str, str, LinkEstimate]]:
        """Origin, destination and estimate of each path measured lately, sorted.

        Where the last reply is too old, the times are zero and only the loss tells.
        """
        oldest_us = self._oldest_us(now)
        for origin in sorted(self._links):
            for destination, link in sorted(self._links[origin].items()):
                estimate = link.estimate
                if estimate is None or estimate.observed_us < oldest_us:
                    continue
                if estimate.answered_us < oldest_us:
                    estimate = replace(estimate, **dict.fromkeys(_TIMES, 0))
                yield origin, destination, estimate

    def repeat_assignments(self) -> None:
        """The broker may have lost what it kept: tell every agent again."""
        self._told.clear()
        self._peers_due_s = float("-inf")

    def _hear(self, topic: str, payload: bytes, now: Moment) -> list[Action]:
        try:
            node, kind = self._topics.parse(topic)
            if kind == "report":
                return self._take_or_hold(node, payload, now)
            status = decode_status(payload)
        except WireError as error:
            self.rejections.add("malformed", origin=topic[:256], example=str(error))
            return []
        if status.node != node:
            self.rejections.add(
                "spoofed", origin=node, example=f"status says it is of {status.node}"
            )
        elif self.members.hear(status, now.steady_s):
            self._unsettle(now.steady_s)
        return []

    def _unsettle(self, now_s: float) -> None:
        first_s = self._unsettled_s[0] if self._unsettled_s else now_s
        self._unsettled_s = (first_s, now_s)

    def _take_or_hold(self, node: str, payload: bytes, now: Moment) -> list[Action]:
        if self._held is None:
            return [self._take(node, payload, "msgpack", now)]
        if not self._held:
            self._unsettle(now.steady_s)
        self._held.append((node, payload))
        return self._take_held(now) if len(self._held) >= _MAX_HELD else []

    def _take_held(self, now: Moment) -> list[Action]:
        """Take what waited, and let nothing wait from now on."""
        held, self._held = self._held or [], None
        return [self._take(node, payload, "msgpack", now) for node, payload in held]

    def _take(
        self, sender: str, payload: bytes, form: Literal["msgpack", "json"], now: Moment
    ) -> ReportJudged:
        try:
            report = decode_report(payload) if form == "msgpack" else decode_report_json(payload)
        except WireError as error:
            return self._refuse(sender, Refusal("malformed", str(error)))
        refusal = judge_report(
            report,
            sender=sender,
            last=self._last.get(sender),
            now_us=now.wall_us,
            oldest_us=self._oldest_us(now),
            skew_us=round(self._policy.skew_s * 1e6),
        )
        if refusal is not None:
            return self._refuse(sender, refusal)
        self.reports += 1
        self._last[sender] = LastReport(report.boot, report.sequence, report.ended_us)
        self.given_up[sender] = report.dropped
        return self._take_rows(report)

    def _take_rows(self, report: Report) -> ReportJudged:
        row = self._links.setdefault(report.node, {})
        dropped = 0
        for index, peer in enumerate(report.peers):
            sample = judge_row(report, index, peers=self.members)
            if isinstance(sample, Refusal):
                dropped += 1
                self.rejections.add(sample.reason, origin=report.node, example=sample.detail)
            else:
                link = row.setdefault(peer, Link())
                link.add(sample, window_us=round(self._policy.window_s * 1e6))
        return ReportJudged(len(report.peers) - dropped, dropped, None)

    def _refuse(self, sender: str, refusal: Refusal) -> ReportJudged:
        self.rejections.add(refusal.reason, origin=sender, example=refusal.detail)
        return ReportJudged(0, 0, refusal)

    def _see(self, node: str, place: Place) -> None:
        known = self.members.places.get(node)
        self.members.places[node] = place
        if known is not None and known.uid != place.uid:
            # Another Node of the same name: the old one's object goes with the old one.
            self._publication.forget(node)

    def _oldest_us(self, now: Moment) -> int:
        return now.wall_us - round(self._policy.valid_for_s * 1e6)

    def _tick(self, now: Moment, *, can_write: bool) -> list[Action]:
        actions: list[Action] = [
            TellRejected(rejected) for rejected in self.rejections.tell(now.steady_s)
        ]
        self._forget(self._oldest_us(now))
        actions += self._peers(now.steady_s)
        if self._has_settled and self._held is not None:
            actions += self._take_held(now)
        if can_write:
            actions += self._writes(now)
        return actions

    def _forget(self, oldest_us: int) -> None:
        """Let go of paths that nobody has measured for long."""
        for links in self._links.values():
            expired = [
                peer
                for peer, link in links.items()
                if link.estimate is None or link.estimate.observed_us < oldest_us
            ]
            for peer in expired:
                del links[peer]

    def _peers(self, now_s: float) -> Iterator[Action]:
        """Name peers anew once the births have settled, and when an absence has lasted."""
        if self._unsettled_s is not None:
            first_s, newest_s = self._unsettled_s
            if now_s < min(newest_s + _SETTLE_S, first_s + _SETTLE_LIMIT_S):
                return
            self._unsettled_s = None
            self._has_settled = True
        elif now_s < self._peers_due_s:
            return
        self._peers_due_s = now_s + _SETTLE_LIMIT_S
        addresses = self.members.probed(now_s)
        chosen = assign_peers(addresses, self._policy.peers)
        sources: dict[str, set[str]] = {node: set() for node in chosen}
        for node, peers in chosen.items():
            for peer in peers:
                sources[peer].add(parse_address(addresses[node])[0])
        for node, peers in chosen.items():
            assignment = PeerAssignment(
                node=node,
                peers=peers,
                addresses=tuple(addresses[peer] for peer in peers),
                sources=tuple(sorted(sources[node])),
            )
            if self._told.get(node) != assignment:
                self._told[node] = assignment
                yield TellPeers(assignment)
        for node in self._told.keys() - chosen.keys():
            del self._told[node]

    def _writes(self, now: Moment) -> Iterator[Action]:
        rows: dict[str, dict[str, LinkEstimate]] = {}
        for origin, destination, estimate in self.links(now):
            # A peer that does not answer has no time to tell.
            if estimate.answered_us and origin in self.members.places:
                rows.setdefault(origin, {})[destination] = estimate
        yield from self._write_costs(rows, now)
        due = [
            row
            for row in (self._row(node, links) for node, links in rows.items())
            if self._publication.is_due(row, now.steady_s)
        ]
        # The longest unpublished first: none starves under the limit.
        for row in sorted(due, key=lambda row: (row.observed_us, row.node)):
            if not self._bucket.take(now.steady_s):
                return
            self._publication.began(row.node)
            yield WriteRow(row, self.members.places[row.node])

    def _row(self, node: str, links: dict[str, LinkEstimate]) -> Row:
        observed_us = max(estimate.observed_us for estimate in links.values())
        return Row(node, self._last[node].boot, links, observed_us)

    def _write_costs(
        self, rows: dict[str, dict[str, LinkEstimate]], now: Moment
    ) -> Iterator[Action]:
        if self._costs_are_writing or now.steady_s < self._costs_not_before_s:
            return
        costs = measure_costs(
            (
                (origin, destination, estimate.rtt_us)
                for origin, links in rows.items()
                for destination, estimate in links.items()
            ),
            self.members.places,
        )
        if not any(costs.values()):
            return
        if self._written_costs is not None and not zone_costs.is_changed(
            self._written_costs, costs, change=self._policy.change
        ):
            return
        if self._bucket.take(now.steady_s):
            self._costs_are_writing = True
            yield WriteCosts(costs)
