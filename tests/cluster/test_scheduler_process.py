"""The scheduler's process: started again when it dies, ended when the control plane ends."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest

from netcore_cluster.scheduler_process import keep_running

# Each program tells the test what happens to it.
SAY = "import os, signal, socket, sys, time; says = socket.create_connection(sys.argv[1:])\n"
DIES = SAY + "says.sendall(b'start\\n')"
STAYS = (
    SAY
    + """
def end(*_):
    says.sendall(b'ended\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
says.sendall(b'start\\n')
time.sleep(60)
"""
)
DEAF = (
    SAY
    + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
says.sendall(f'{os.getpid()}\\n'.encode())
time.sleep(60)
"""
)


class Ear:
    """What the programs say, line by line."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.port = 0

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            self.lines.put_nowait(line.decode().strip())
        writer.close()

    async def next(self) -> str:
        return await asyncio.wait_for(self.lines.get(), 20)

    def command(self, program: str) -> list[str]:
        return [sys.executable, "-c", program, "127.0.0.1", str(self.port)]


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    listener = Ear()
    async with await asyncio.start_server(listener.listen, "127.0.0.1", 0) as server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


async def test_a_program_that_dies_starts_again(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netcore_cluster.scheduler_process.FIRST_BACKOFF_S", 0.01)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep_running(ear.command(DIES)))
        assert [await ear.next() for _ in range(3)] == ["start"] * 3
        task.cancel()


async def test_a_program_is_asked_to_end(ear: Ear) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep_running(ear.command(STAYS)))
        assert await ear.next() == "start"
        task.cancel()
    assert await ear.next() == "ended"


async def test_a_program_that_does_not_listen_is_killed(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netcore_cluster.scheduler_process.GRACE_S", 0.2)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep_running(ear.command(DEAF)))
        pid = int(await ear.next())
        task.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
