"""The aggregator's process: the core, and the ways in and out around it."""

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from netcore.kube import ApiError, Informer, KubeClient, ResourceEvent
from netcore.resources import NODE
from netcore_agents.aggregator.core import Aggregator
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
from netcore_agents.aggregator.http_api import Form, HttpApi
from netcore_agents.aggregator.kubernetes import KubernetesWriter, place_of
from netcore_agents.aggregator.settings import Settings
from netcore_agents.aggregator.tokens import Tokens
from netcore_agents.exposition import Exposition
from netcore_agents.transport import (
    Message,
    MqttTransport,
    Session,
    keep_connected,
)
from netcore_agents.wire import PeerAssignment, Topics, encode_peers, format_address

if TYPE_CHECKING:
    from netcore_agents.aggregator.matrix import Matrix

log = logging.getLogger(__name__)

_TICK_S: Final = 0.25
_WRITE_ERRORS: Final = (ApiError, aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a started aggregator is to be found."""

    http: str
    broker: str


class Program:
    """The core among its tasks.

    Args:
        settings: Options.
        transport: The broker.
        writer: The cluster; None keeps the topology in memory alone.
        kube: The client that Nodes are watched with; None without a cluster.
    """

    def __init__(
        self,
        settings: Settings,
        transport: MqttTransport,
        *,
        writer: KubernetesWriter | None,
        kube: KubeClient | None,
    ) -> None:
        self._settings = settings
        self._topics = Topics(settings.cluster)
        self._transport = transport
        self._writer = writer
        self._informer = Informer(kube, NODE, self._node_event) if kube is not None else None
        self._core = Aggregator(
            cluster=settings.cluster,
            policy=settings.policy(),
            now=_now(),
            seed=secrets.randbits(64),
        )
        # What agents are still to be told; only the newest of each counts.
        self._assignments: dict[str, PeerAssignment] = {}
        self._assigned = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._is_connected = False
        self._write_failures = 0
        self._writes = 0
        self._is_failing = False

    async def run(self) -> None:
        """Aggregate until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(keep_connected(self._transport, self._serve), name="broker")
            if self._informer is not None:
                group.create_task(self._informer.run(), name="watch nodes")
            while True:
                can_write = self._writer is not None and (
                    self._informer is not None and self._informer.synced.is_set()
                )
                self._handle(Tick(can_write=can_write))
                await asyncio.sleep(_TICK_S)

    def take(self, sender: str, payload: bytes, form: Form) -> ReportJudged:
        """Take a report that came over HTTP."""
        judged = [
            action
            for action in self._core.handle(ReportPosted(sender, payload, form), _now())
            if isinstance(action, ReportJudged)
        ]
        return judged[0]

    def matrix(self) -> "Matrix":
        """The topology as it stands."""
        # numpy takes as long to import as all the rest: the first who asks waits for it.
        from netcore_agents.aggregator.matrix import build_matrix

        now = _now()
        members = self._core.members
        return build_matrix(
            sorted(members.known), self._core.links(now), members.places, time_us=now.wall_us
        )

    def unready(self) -> str:
        """Why the program is not ready; empty where it is."""
        if not self._is_connected:
            return "no connection to the broker"
        if self._informer is not None and not self._informer.synced.is_set():
            return "the cluster's nodes are not read yet"
        return ""

    def metrics(self) -> bytes:
        """The page of metrics."""
        core = self._core
        page = Exposition("netcore_aggregator_")
        page.counter("reports_total", "Reports accepted.", core.reports)
        page.counters("rejected_total", "What was refused.", "reason", core.rejections.totals)
        page.gauge("agents_online", "Agents that are there.", core.members.online)
        page.gauge("nodes", "Nodes known.", len(core.members.known))
        page.gauge("links", "Paths measured lately.", sum(1 for _ in core.links(_now())))
        page.counter(
            "reports_given_up_total",
            "Reports that agents gave up while the broker was away.",
            sum(core.given_up.values()),
        )
        page.gauge("broker_connected", "Whether the broker is there.", int(self._is_connected))
        page.counter("broker_discarded_total", "Messages lost here.", self._transport.discarded)
        page.counter("writes_total", "Writes to the cluster.", self._writes)
        page.counter("write_failures_total", "Failed writes.", self._write_failures)
        return page.render()

    async def _serve(self, session: Session) -> bool:
        """Use one session with the broker: hear the agents, tell them their peers."""
        await session.subscribe(*self._topics.from_agents())
        # A broker that was away may have forgotten what it kept for the agents.
        self._core.repeat_assignments()
        self._assignments.clear()
        self._is_connected = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell(session), name="assignments")
                async for message in session.messages():
                    self._handle(MessageArrived(message.topic, message.payload))
        finally:
            self._is_connected = False
        return False

    async def _tell(self, session: Session) -> None:
        while True:
            await self._assigned.wait()
            self._assigned.clear()
            while self._assignments:
                node, assignment = self._assignments.popitem()
                topic = self._topics.peers(node)
                await session.publish(Message(topic, encode_peers(assignment), retain=True))

    def _node_event(self, event: ResourceEvent) -> None:
        if event.type == "delete":
            self._handle(NodeGone(event.name))
        else:
            self._handle(NodeSeen(event.name, place_of(event.obj)))

    def _handle(self, event: Event) -> None:
        for action in self._core.handle(event, _now()):
            self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case TellPeers(assignment):
                self._assignments[assignment.node] = assignment
                self._assigned.set()
            case WriteRow():
                self._start(self._write_row(action), f"write {action.row.node}")
            case WriteCosts():
                self._start(self._write_costs(action), "write costs")
            case TellRejected(rejected):
                log.warning(
                    "refused",
                    extra={
                        "reason": rejected.reason,
                        "origin": rejected.origin,
                        "count": rejected.count,
                        "example": rejected.example,
                    },
                )
            case ReportJudged():
                pass

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        assert self._group is not None
        self._group.create_task(work, name=name)

    async def _write_row(self, action: WriteRow) -> None:
        assert self._writer is not None
        succeeded = await self._attempt(self._writer.write_row(action.row, action.place))
        self._handle(RowWritten(action.row, succeeded))

    async def _write_costs(self, action: WriteCosts) -> None:
        assert self._writer is not None
        places = dict(self._core.members.places)
        work = self._writer.write_costs(action.costs, places, wall_us=_now().wall_us)
        self._handle(CostsWritten(action.costs, await self._attempt(work)))

    async def _attempt(self, work: Awaitable[None]) -> bool:
        """Whether a write went well; told once when writes begin to fail, once when it is over."""
        try:
            await work
        except _WRITE_ERRORS as error:
            self._write_failures += 1
            log.log(
                logging.DEBUG if self._is_failing else logging.WARNING,
                "cannot write to the cluster; will go on trying",
                extra={"error": str(error) or type(error).__name__},
            )
            self._is_failing = True
            return False
        self._writes += 1
        if self._is_failing:
            log.info("writes to the cluster work again")
            self._is_failing = False
        return True


async def run(settings: Settings, started: Callable[[Listening], None]) -> None:
    """Aggregate until SIGTERM or SIGINT.

    Raises:
        KubeConfigError: There is no usable kubeconfig.
        OSError: An address cannot be bound.
        SettingsError: A file that an option names cannot be read.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    tokens = Tokens(settings.tokens) if settings.tokens else None
    async with AsyncExitStack() as stack:
        transport = await _transport(settings, stack)
        kube = writer = None
        if settings.kubernetes:
            client = await KubeClient.connect(settings.kubeconfig, context=settings.context)
            kube = await stack.enter_async_context(client)
            writer = KubernetesWriter(kube, settings.topology, valid_for_s=settings.valid_for)
        program = Program(settings, transport, writer=writer, kube=kube)
        api = HttpApi(
            tokens=tokens,
            take=program.take,
            matrix=program.matrix,
            metrics=program.metrics,
            unready=program.unready,
        )
        listen = await stack.enter_async_context(api.serve(settings.listen))
        await stack.enter_async_context(_background(program.run()))
        started(Listening(f"http://{format_address(*listen)}", str(transport)))
        await stopped.wait()


async def _transport(settings: Settings, stack: AsyncExitStack) -> MqttTransport:
    """The way to the broker, which is started first where it is to run in this process."""
    if settings.embedded_broker is None:
        transport = settings.transport(
            client_id=f"netcore-aggregator-{settings.cluster}", username="netcore-aggregator"
        )
        assert transport is not None
        return replace(transport, is_durable=True)
    # amqtt takes a third of a second to import.
    from netcore_agents.aggregator.embedded_broker import embedded_broker

    broker = await stack.enter_async_context(
        embedded_broker(settings.embedded_broker, cluster=settings.cluster, tokens=settings.tokens)
    )
    return MqttTransport(
        broker.address,
        client_id="netcore-aggregator",
        username=broker.username,
        password=broker.password,
    )


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run while the context lasts; a failure ends it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name="aggregate")
        try:
            yield
        finally:
            task.cancel()


def _now() -> Moment:
    return Moment(time.time_ns() // 1000, time.monotonic())
