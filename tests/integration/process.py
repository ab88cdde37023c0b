"""Programs of ours as child processes: started, heard, and ended by their own id."""

import socket
import subprocess
import sysconfig
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

GRACE_S = 10.0


def netcore(command: str, *arguments: object) -> list[str]:
    """The command line of a netcore subcommand in this environment."""
    script = Path(sysconfig.get_path("scripts")) / "netcore"
    return [str(script), command, *map(str, arguments)]


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program(AbstractContextManager["Program"]):
    """A child process whose error output goes to a log file.

    Leaving the context asks it to end (SIGTERM) and holds it to its grace period.
    """

    def __init__(self, arguments: list[str], *, log: Path) -> None:
        self.arguments = arguments
        self.log = log
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def first_line(self) -> str:
        """The first line that it prints, which says that it is ready."""
        line = self.process.stdout.readline()
        assert line, f"{self.arguments[1]} ended without a word:\n{self.log_tail()}"
        return line

    def kill(self) -> None:
        """Ends it as a crash would (SIGKILL)."""
        with self.process as process:
            process.kill()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            with self.process as process:
                process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.arguments[1]} ignored SIGTERM:\n{self.log_tail()}"
            ) from None

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def __enter__(self) -> Self:
        return self
