"""The agent's process: its tasks around the core.

Four tasks in one group: `probes` sends what is due, `reports` closes a window and puts the report
into the outbox, `broker` hands the outbox over and takes assignments, and the socket's reader
answers probes. On SIGTERM the last window is closed, handed over if the broker is there, and the
farewell is published.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from netcore_agents.exposition import Exposition
from netcore_agents.probe import packet
from netcore_agents.probe.endpoint import Endpoint, instant
from netcore_agents.probe.health import serve_health
from netcore_agents.probe.outbox import Outbox
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
from netcore_agents.probe.settings import Settings
from netcore_agents.transport import Message, Session, Transport, keep_connected
from netcore_agents.wire import (
    PeerAssignment,
    Report,
    Status,
    Topics,
    WireError,
    decode_peers,
    encode_report,
    encode_status,
    format_address,
)

log = logging.getLogger(__name__)

# Kubernetes gives thirty seconds; the farewell takes two round trips to the broker.
_FAREWELL_S: Final = 5.0
_BUFFER_BYTES: Final = 16 * 1024 * 1024
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a started agent is to be found."""

    node: str
    boot: str
    probes: str
    advertised: str
    health: str


class Agent:
    """One agent.

    Args:
        settings: Its options.
        transport: The broker; None measures without reporting.
    """

    def __init__(self, settings: Settings, transport: Transport | None) -> None:
        self.boot = secrets.token_hex(8)
        self.stopping = asyncio.Event()
        self.last_report: Report | None = None
        self._settings = settings
        self._transport = transport
        self._topics = Topics(settings.cluster)
        self._prober = Prober(
            node=settings.node,
            boot=self.boot,
            interval_s=settings.interval,
            timeout_s=settings.timeout,
            reflects_to_all=settings.reflect == "all",
            now=instant(),
            seed=secrets.randbits(64),
        )
        self._outbox = Outbox(reports=settings.buffer, size=_BUFFER_BYTES)
        self._endpoint = Endpoint(settings.bind, self._arrived)
        self._advertised = format_address(*(settings.advertise or self._endpoint.address))
        self._assigned = asyncio.Event()
        self._filled = asyncio.Event()
        self._sessions = 0
        self._is_connected = False
        self._invalid_assignments = 0

    async def run(self, started: Callable[[Listening], None]) -> None:
        """Measure until `stopping` is set.

        Args:
            started: Called once the sockets are open.
        """
        with self._endpoint:
            health = self._settings.health or (self._endpoint.address[0], self._settings.bind[1])
            async with (
                serve_health(health, unready=self._unready, metrics=self.metrics) as listening,
                asyncio.TaskGroup() as group,
            ):
                started(
                    Listening(
                        node=self._settings.node,
                        boot=self.boot,
                        probes=format_address(*self._endpoint.address),
                        advertised=self._advertised,
                        health=format_address(*listening),
                    )
                )
                if self._settings.peer:
                    self._assign((), (), ())
                tasks = [group.create_task(self._probe(), name="probes")]
                broker = None
                if self._transport is not None:
                    tasks.append(group.create_task(self._report(), name="reports"))
                    broker = group.create_task(self._report_to(self._transport), name="broker")
                await self.stopping.wait()
                for task in tasks:
                    task.cancel()
                self._close_window()
                if broker is not None:
                    self._filled.set()
                    await asyncio.wait([broker], timeout=_FAREWELL_S if self._is_connected else 0)
                    broker.cancel()

    def metrics(self) -> bytes:
        """The page of metrics."""
        counts = self._prober.counts
        page = Exposition("netcore_agent_")
        page.counter("probes_sent_total", "Probes sent.", counts.probes_sent)
        page.counter("replies_total", "Replies that were expected.", counts.replies_received)
        page.counter("reflected_total", "Probes of peers answered.", counts.probes_reflected)
        page.counter(
            "stamped_total", "Packets that carried the kernel's time.", self._endpoint.stamped
        )
        page.counters("ignored_total", "Packets ignored.", "reason", counts.ignored)
        page.counters("send_errors_total", "Failed sends.", "error", self._endpoint.errors)
        page.counter("reports_total", "Reports made.", counts.reports)
        page.counter("reports_dropped_total", "Reports given up.", self._outbox.dropped)
        page.gauge("reports_waiting", "Reports that wait for the broker.", len(self._outbox))
        page.gauge("broker_connected", "Whether the broker is there.", int(self._is_connected))
        page.counter("broker_sessions_total", "Connections to the broker.", self._sessions)
        page.counter("assignments_invalid_total", "Assignments refused.", self._invalid_assignments)
        page.gauge("peers", "Nodes probed.", len(self._prober.peers))
        return page.render()

    def _unready(self) -> str:
        if self._transport is not None and not self._is_connected:
            return "no connection to the broker"
        return ""

    def _arrived(self, data: bytes, source: tuple[str, int], at: Instant) -> None:
        for action in self._prober.handle(PacketArrived(packet.decode(data), source), at):
            if isinstance(action, SendReply):
                self._endpoint.send_reply(action, received_ns=at.wall_ns)

    async def _probe(self) -> None:
        while True:
            due_s = self._prober.next_s()
            if due_s is None:
                self._assigned.clear()
                await self._assigned.wait()
                continue
            wait_s = due_s - time.monotonic()
            if wait_s > 0:
                # A new assignment may bring an earlier beat.
                self._assigned.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._assigned.wait()
            for action in self._prober.handle(Tick(), instant()):
                if isinstance(action, SendProbe) and (sent := self._endpoint.send_probe(action)):
                    stamp_ns, at = sent
                    self._prober.handle(ProbeSent(action.peer, stamp_ns), at)
            await asyncio.sleep(0)

    async def _report(self) -> None:
        interval_s = self._settings.report_interval
        next_s = time.monotonic() + interval_s
        while True:
            await asyncio.sleep(next_s - time.monotonic())
            self._close_window()
            next_s = max(next_s + interval_s, time.monotonic())

    def _close_window(self) -> None:
        for action in self._prober.handle(ReportDue(self._outbox.dropped), instant()):
            if isinstance(action, Publish):
                self.last_report = action.report
                if self._transport is None:
                    continue
                if given_up := self._outbox.put(
                    action.report.sequence, encode_report(action.report)
                ):
                    log.warning(
                        "gave up the oldest reports: the broker is away and the buffer is full",
                        extra={"reports": given_up, "in_all": self._outbox.dropped},
                    )
                self._filled.set()

    async def _report_to(self, transport: Transport) -> None:
        await keep_connected(transport, self._serve, will=self._will)

    async def _serve(self, session: Session) -> bool:
        """Use one session: say that we are here, take assignments, hand over the outbox."""
        self._is_connected = True
        try:
            await session.publish(self._status(online=True))
            await session.subscribe(self._topics.peers(self._settings.node))
            async with asyncio.TaskGroup() as group:
                assignments = group.create_task(self._take_assignments(session), name="assignments")
                await self._hand_over(session)
                assignments.cancel()
            await session.publish(self._status(online=False))
        finally:
            self._is_connected = False
        return True

    async def _take_assignments(self, session: Session) -> None:
        async for message in session.messages():
            try:
                assignment = self._decode(message.payload)
            except WireError as error:
                self._invalid_assignments += 1
                log.warning(
                    "refused an assignment; the last good one stands",
                    extra={"topic": message.topic, "error": str(error)},
                )
                continue
            self._assign(assignment.peers, assignment.addresses, assignment.sources)

    def _decode(self, payload: bytes) -> PeerAssignment:
        assignment = decode_peers(payload)
        if assignment.node != self._settings.node:
            raise WireError("node", f"{assignment.node!r} is another node")
        return assignment

    def _assign(
        self, peers: tuple[str, ...], addresses: tuple[str, ...], sources: tuple[str, ...]
    ) -> None:
        chosen = dict(zip(peers, addresses, strict=True)) | dict(self._settings.peer)
        assignment = PeerAssignment(
            self._settings.node, tuple(chosen), tuple(chosen.values()), sources
        )
        self._prober.handle(Assigned(assignment), instant())
        log.info("assigned peers", extra={"peers": len(chosen), "sources": len(sources)})
        self._assigned.set()

    async def _hand_over(self, session: Session) -> None:
        """Publish report after report; returns when stopping and nothing is left."""
        while True:
            self._filled.clear()
            while (first := self._outbox.first()) is not None:
                sequence, payload = first
                await session.publish(Message(self._topics.report(self._settings.node), payload))
                self._outbox.done(sequence)
            if self.stopping.is_set():
                return
            await self._filled.wait()

    def _will(self) -> Message:
        """The will of the session that begins with it."""
        self._sessions += 1
        return self._status(online=False)

    def _status(self, *, online: bool) -> Message:
        status = Status(
            node=self._settings.node,
            online=online,
            boot=self.boot,
            session=self._sessions,
            address=self._advertised,
            version=version("netcore-agents"),
            time_us=time.time_ns() // 1000,
        )
        return Message(self._topics.status(self._settings.node), encode_status(status), retain=True)


async def run(
    settings: Settings, transport: Transport | None, started: Callable[[Listening], None]
) -> Report | None:
    """Run an agent until SIGTERM or SIGINT, or with `once` for one window.

    Returns:
        Its last report.
    """
    agent = Agent(settings, transport)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stopping.set)
    if settings.once:
        loop.call_later(settings.report_interval + settings.timeout, agent.stopping.set)
    await agent.run(started)
    return agent.last_report
