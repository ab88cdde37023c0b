"""The programs of the demo as child processes: started, watched, ended by their ids."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

_GRACE_S: Final = 5.0


class ProgramEndedError(Exception):
    """A program of the demo ended before its time; the message quotes the end of its log."""


class Processes:
    """Child processes that live as long as the `async with` block.

    Each writes its log to a file of its own. `ended` completes as soon as one ends by itself.

    Args:
        logs: Folder of the log files.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        if not self._watchers:
            return
        _, late = await asyncio.wait(self._watchers, timeout=_GRACE_S)
        if late:
            for process in self._running.values():
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await asyncio.wait(late)

    async def start(
        self, name: str, module: str, *words: object, capture: bool = False
    ) -> asyncio.subprocess.Process:
        """Start `python -m module words…`.

        Args:
            name: What its log file is called.
            module: Python module to run.
            words: Command line.
            capture: Hand its standard output to the caller instead of the log.
        """
        log = (self.logs / f"{name}.log").open("ab")
        with log:
            process = await asyncio.create_subprocess_exec(
                *self.command(module, *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if capture else log,
                stderr=log,
                # Ctrl-C at the terminal must reach the demo alone, which then ends the others.
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        self._running[name] = process
        self._watchers.append(asyncio.create_task(self._watch(name, process), name=f"watch {name}"))
        return process

    @staticmethod
    def command(module: str, *words: object) -> list[str]:
        """The command line that runs a Python module as a program."""
        return [sys.executable, "-m", module, *map(str, words)]

    @property
    def ids(self) -> dict[str, int]:
        """Process id of each program."""
        return {name: process.pid for name, process in self._running.items()}

    def tail(self, name: str, lines: int = 5) -> str:
        """The end of a program's log."""
        text = (self.logs / f"{name}.log").read_text("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    async def _watch(self, name: str, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        if not self._stopping and not self.ended.done():
            self.ended.set_result(
                f"{name} ended with code {code}; the end of {self.logs / name}.log:\n"
                f"{self.tail(name)}"
            )


async def unless_ended(processes: Processes, work: Coroutine[Any, Any, T]) -> T:
    """Await work that needs all programs alive.

    Raises:
        ProgramEndedError: One of them ended first.
    """
    task = asyncio.create_task(work)
    waiting: set[asyncio.Future[Any]] = {task, processes.ended}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    raise ProgramEndedError(processes.ended.result())
