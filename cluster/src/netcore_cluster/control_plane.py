"""The embedded control plane: store, API server, controllers, nodes and scheduler.

They start in the order in which they need each other and stop in the opposite one.
"""

import asyncio
import ipaddress
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netcore_cluster import scheduler_process
from netcore_cluster.api.address import bind
from netcore_cluster.api.kubeconfig import Credentials, forget_kubeconfig, write_kubeconfig
from netcore_cluster.api.pki import Pki
from netcore_cluster.api.service_network import SERVER_ADDRESS
from netcore_cluster.settings import Settings, SettingsError

if TYPE_CHECKING:
    from netcore_cluster.api.registry import Registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A control plane at work.

    Attributes:
        url: where the API server listens.
        kubeconfig: file to reach it with.
        schedules: whether a scheduler runs beside it.
    """

    url: str
    kubeconfig: Path
    schedules: bool


class _Background:
    """Tasks that run until their context ends; one that fails ends the context."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Starts a task."""
        self._tasks.append(self._group.create_task(work, name=name))

    def cancel(self) -> None:
        """Ends all tasks."""
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def _background() -> AsyncIterator[_Background]:
    async with asyncio.TaskGroup() as group:
        tasks = _Background(group)
        try:
            yield tasks
        finally:
            tasks.cancel()


@asynccontextmanager
async def control_plane(settings: Settings) -> AsyncIterator[Running]:
    """Runs the control plane while the context lasts; ready once it is entered.

    Raises:
        SettingsError: it cannot run as asked.
        AddressError: the port is taken.
        KubeconfigError: the file belongs to something else.
        PkiError: there are no certificates to use.
        StorageError: the data directory cannot be used.
    """
    if not settings.is_loopback and settings.tls is None:
        raise SettingsError(
            f"--address {settings.address} can be reached from other machines: give --tls DIR, "
            "whose certificates (made there if there are none) server and clients then need"
        )
    async with AsyncExitStack() as stack:
        data = stack.enter_context(_data_directory(settings.data))
        sock = bind(settings.address, settings.port)
        stack.callback(sock.close)
        port = sock.getsockname()[1]
        url = f"https://{_host(settings.address)}:{port}"
        pki = Pki(settings.tls or data / "pki")
        # Signing takes a process and a third of a second. What is needed next is imported, read
        # and created meanwhile.
        signing = await stack.enter_async_context(pki.signing(_server_names(settings.address)))
        from netcore_cluster.api.bootstrap import bootstrap
        from netcore_cluster.api.identity import Authenticator
        from netcore_cluster.api.listener import listening
        from netcore_cluster.api.registry import Registry
        from netcore_cluster.api.server import Server
        from netcore_cluster.storage.store import open_store

        is_durable = settings.data is not None
        registry = Registry(
            await stack.enter_async_context(open_store(data, is_durable=is_durable))
        )
        await bootstrap(registry, port=port)
        await signing.finish()
        context = pki.server_context(needs_client_certificate=not settings.is_loopback)
        token = _token(data / "token") if settings.is_loopback else ""
        kubeconfig = _write_kubeconfig(stack, settings, data, _credentials(url, pki, token))
        server = Server(registry, Authenticator(token))
        await stack.enter_async_context(listening(sock, server, context))
        tasks = await stack.enter_async_context(_background())
        _start_controllers(tasks, registry)
        _start_nodes(tasks, registry, settings)
        schedules = _start_scheduler(tasks, settings, kubeconfig)
        yield Running(url, kubeconfig, schedules)


def _start_controllers(tasks: _Background, registry: "Registry") -> None:
    from netcore_cluster.api.client import Client
    from netcore_cluster.api.definition_cleanup import clean_up_forever
    from netcore_cluster.controllers import run_controllers

    tasks.start(registry.store.expire_forever(), "expiry")
    tasks.start(clean_up_forever(registry), "definition cleanup")
    tasks.start(run_controllers(Client(registry, manager="netcore-controllers")), "controllers")


def _start_nodes(tasks: _Background, registry: "Registry", settings: Settings) -> None:
    if not settings.nodes:
        return
    from netcore_cluster.api.client import Client
    from netcore_cluster.nodes import run_nodes

    work = run_nodes(Client(registry, manager="netcore-node"), settings.nodes)
    tasks.start(work, "nodes")


def _start_scheduler(tasks: _Background, settings: Settings, kubeconfig: Path) -> bool:
    """Starts the scheduler's process, if it is wanted and there; returns whether it is."""
    if not settings.runs_scheduler:
        return False
    if not scheduler_process.is_installed():
        logger.warning(
            "no scheduler is installed, so pods stay pending",
            extra={"remedy": f"pip install {scheduler_process.DISTRIBUTION}"},
        )
        return False
    words = scheduler_process.command(kubeconfig, settings.scheduler_config)
    tasks.start(scheduler_process.keep_running(words), "scheduler")
    return True


@contextmanager
def _data_directory(path: Path | None) -> Iterator[Path]:
    if path is None:
        with tempfile.TemporaryDirectory(prefix="netcore-") as temporary:
            yield Path(temporary)
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--data {path}: {error.strerror}") from error
    yield path


def _token(path: Path) -> str:
    """Returns the token of the data directory, made once."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token)
        return token


def _server_names(address: str) -> list[str]:
    """Returns under which names and addresses the server is reached."""
    names = ["localhost", "127.0.0.1", "::1", SERVER_ADDRESS]
    names += ["kubernetes", "kubernetes.default", "kubernetes.default.svc", socket.gethostname()]
    return list(dict.fromkeys([*names, address]))


def _host(address: str) -> str:
    """Returns how a URL names the address; one that means all of them is reached on this host."""
    if ipaddress.ip_address(address).is_unspecified:
        return "127.0.0.1"
    return f"[{address}]" if ":" in address else address


def _credentials(url: str, pki: Pki, token: str) -> Credentials:
    authority = pki.read(pki.authority)
    if token:
        return Credentials(url, authority, token)
    return Credentials(url, authority, certificate=pki.read(pki.admin), key=pki.read(pki.admin_key))


def _write_kubeconfig(
    stack: AsyncExitStack, settings: Settings, data: Path, credentials: Credentials
) -> Path:
    """Writes the kubeconfig; one that leads to a temporary cluster goes away with it."""
    path = settings.kubeconfig
    if path is None:
        path = data / "kubeconfig" if settings.data else Path.home() / ".netcore" / "kubeconfig"
    path = path.absolute()
    write_kubeconfig(path, credentials)
    if settings.data is None:
        stack.callback(forget_kubeconfig, path, credentials.url)
    return path
