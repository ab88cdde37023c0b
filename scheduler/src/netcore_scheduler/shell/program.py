"""The process: its parts, its start and its end."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from netcore import ClusterState, Profile
from netcore.kube import ApiError, Informer, KubeClient
from netcore.resources import (
    APP_GROUP,
    NAMESPACE,
    NETWORK_TOPOLOGY,
    NODE,
    NODE_NETWORK,
    POD,
    SERVICE,
)
from netcore_scheduler.config import ProfileSettings
from netcore_scheduler.core import LeaseSettings, QueueSettings, SchedulingCore
from netcore_scheduler.shell.binder import Binder
from netcore_scheduler.shell.cluster_view import ClusterView
from netcore_scheduler.shell.cycle import Cycle
from netcore_scheduler.shell.health import health_endpoint
from netcore_scheduler.shell.leadership import Leadership
from netcore_scheduler.shell.metrics import Metrics
from netcore_scheduler.shell.reporter import Reporter
from netcore_scheduler.shell.settings import Settings

log = logging.getLogger(__name__)

# Nodes and the network first: a pod that is seen before them would be planned without them.
_WATCHED: Final = (NODE, NAMESPACE, SERVICE, APP_GROUP, NETWORK_TOPOLOGY, NODE_NETWORK, POD)
_CUSTOM: Final = frozenset({APP_GROUP, NETWORK_TOPOLOGY, NODE_NETWORK})


@dataclass(frozen=True, slots=True)
class Started:
    """The process is at work.

    Attributes:
        scheduler_names: Pods that name one of these are placed.
        listen: Where health and metrics are.
    """

    scheduler_names: tuple[str, ...]
    listen: tuple[str, int]


async def run(
    settings: Settings,
    profiles: dict[str, ProfileSettings],
    started: Callable[[Started], None],
) -> None:
    """Schedule until SIGTERM or SIGINT.

    Args:
        settings: Options.
        profiles: Scheduler name → profile.
        started: Called once the caches are filled.

    Raises:
        KubeConfigError: There is no usable kubeconfig.
        InvalidInputError: A plugin's arguments are not sound.
        ListenError: The health address cannot be listened on.
        ExceptionGroup: A part failed; with LeadershipLostError in it where that is why.
    """
    engine_profiles = {name: Profile(profile.engine_json) for name, profile in profiles.items()}
    stopped = asyncio.Event()
    _stop_on_signals(stopped)
    if settings.ends_with_stdin:
        await _stop_with_stdin(stopped)
    identity = f"{socket.gethostname()}_{os.getpid()}"
    metrics = Metrics()
    state = ClusterState()
    core = SchedulingCore(
        QueueSettings(
            backoff_first_s=settings.configuration.initial_backoff_s,
            backoff_max_s=settings.configuration.max_backoff_s,
        ),
        bindings=settings.bindings,
        batch=settings.batch,
    )
    async with _clients(settings) as (watching, binding, reporting):
        view = ClusterView(state, engine_profiles)
        reporter = Reporter(reporting, identity=identity)
        cycle = Cycle(
            core,
            state,
            engine_profiles,
            view=view,
            binder=Binder(binding),
            reporter=reporter,
            metrics=metrics,
        )
        metrics.watch(core, state, view, reporter)
        informers = [
            Informer(watching, resource, cycle.watch_event, optional=resource in _CUSTOM)
            for resource in _WATCHED
        ]
        leadership = _leadership(settings, watching, identity, cycle)
        async with (
            health_endpoint(
                settings.listen,
                metrics,
                is_ready=lambda: all(informer.synced.is_set() for informer in informers),
            ) as listen,
            _tasks() as start,
        ):
            for informer, resource in zip(informers, _WATCHED, strict=True):
                start(informer.run(), f"watch {resource.plural}")
            start(cycle.run(), "cycle")
            start(reporter.run(), "reports")
            if not await _synced(informers, stopped):
                return
            started(Started(tuple(engine_profiles), listen))
            if leadership is None:
                cycle.allow_planning(allowed=True)
            else:
                start(leadership.run(), "leadership")
            await stopped.wait()
            cycle.allow_planning(allowed=False)
            await _drain(cycle, leadership, settings.grace_s)


def _leadership(
    settings: Settings, kube: KubeClient, identity: str, cycle: Cycle
) -> Leadership | None:
    election = settings.configuration.leader_election
    if not election.enabled:
        return None
    lease = LeaseSettings(
        identity=identity,
        name=election.name,
        namespace=election.namespace,
        duration_s=election.lease_s,
        renew_deadline_s=election.renew_s,
        retry_s=election.retry_s,
    )
    return Leadership(kube, lease, lambda: cycle.allow_planning(allowed=True))


@asynccontextmanager
async def _clients(
    settings: Settings,
) -> AsyncIterator[tuple[KubeClient, KubeClient, KubeClient]]:
    """Three clients: what one of them waits for never delays another."""
    path = settings.kubeconfig or settings.configuration.kubeconfig or None
    async with (
        await KubeClient.connect(path) as watching,
        await KubeClient.connect(path, connections=settings.bindings) as binding,
        await KubeClient.connect(path) as reporting,
    ):
        yield watching, binding, reporting


@asynccontextmanager
async def _tasks() -> AsyncIterator[Callable[..., None]]:
    """A group whose tasks end with the block; one that fails ends the block."""
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        def start(work: object, name: str) -> None:
            tasks.append(group.create_task(work, name=name))  # type: ignore[arg-type]

        try:
            yield start
        finally:
            for task in tasks:
                task.cancel()


async def _synced(informers: Sequence[Informer], stopped: asyncio.Event) -> bool:
    """Wait until all caches are filled; False where the process is to stop before that."""
    filled = asyncio.gather(*(informer.synced.wait() for informer in informers))
    stop = asyncio.ensure_future(stopped.wait())
    waiting: set[asyncio.Future[object]] = {filled, stop}  # type: ignore[arg-type]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for future in waiting:
        if not future.done():
            future.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await future
    return not stopped.is_set()


async def _drain(cycle: Cycle, leadership: Leadership | None, grace_s: float) -> None:
    try:
        async with asyncio.timeout(grace_s):
            await cycle.settle()
            if leadership is not None:
                await leadership.release()
    except TimeoutError:
        log.warning("bindings were cut off by the end of the grace period")
    except (ApiError, aiohttp.ClientError, OSError) as error:
        log.info("the lease was not given up", extra={"error": str(error)})


def _stop_on_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)


async def _stop_with_stdin(stopped: asyncio.Event) -> None:
    """Stop when standard input ends: the parent that held it is gone, however it ended."""

    class Ending(asyncio.Protocol):
        def eof_received(self) -> None:
            stopped.set()

        def connection_lost(self, error: Exception | None) -> None:
            del error
            stopped.set()

    await asyncio.get_running_loop().connect_read_pipe(Ending, sys.stdin)
