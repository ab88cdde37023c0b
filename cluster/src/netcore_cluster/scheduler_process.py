"""The scheduler beside the embedded API server: a process of its own, restarted if it dies."""

import asyncio
import contextlib
import logging
import random
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

logger = logging.getLogger(__name__)

COMMAND = "scheduler"
DISTRIBUTION = "netcore-scheduler"
SERVED_NAMES = ("default-scheduler", "netcore")

FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
HEALTHY_AFTER_S = 60.0
"""A scheduler that ran this long starts again without delay counted against it."""

GRACE_S = 5.0
"""How long it may take to end before it is killed."""

_RUN = "import sys; from netcore.cli import main; sys.exit(main())"


def is_installed() -> bool:
    """Tells whether the distribution that brings the scheduler is there."""
    return bool(entry_points(group="netcore.commands", name=COMMAND))


def command(kubeconfig: Path, config: Path | None) -> list[str]:
    """Returns the command line of the scheduler.

    Args:
        kubeconfig: how it reaches the API server.
        config: its KubeSchedulerConfiguration, whose profiles it then serves; None: its default
            profile under the names that pods use here.
    """
    words = [sys.executable, "-c", _RUN, COMMAND, "--kubeconfig", str(kubeconfig)]
    # Its health must not clash with that of another cluster on this machine, and it must end with
    # this process however that ends: the pipe that is its standard input closes.
    words += ["--listen", "127.0.0.1:0", "--until-stdin-ends"]
    if config is not None:
        return [*words, "--config", str(config)]
    return [*words, *(word for name in SERVED_NAMES for word in ("--scheduler-name", name))]


async def keep_running(words: Sequence[str]) -> None:
    """Runs a program until cancelled, again each time it ends by itself."""
    loop = asyncio.get_running_loop()
    backoff_s = FIRST_BACKOFF_S
    while True:
        started_s = loop.time()
        code = await _run_once(words)
        if loop.time() - started_s > HEALTHY_AFTER_S:
            backoff_s = FIRST_BACKOFF_S
        delay_s = backoff_s * (0.5 + random.random())
        logger.warning(
            "scheduler ended, starting it again",
            extra={"code": code, "delay_s": round(delay_s, 2)},
        )
        await asyncio.sleep(delay_s)
        backoff_s = min(MAX_BACKOFF_S, backoff_s * 2)


async def _run_once(words: Sequence[str]) -> int:
    """Runs a program to its end; ends it when cancelled."""
    program = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        return await program.wait()
    finally:
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                program.terminate()
            try:
                async with asyncio.timeout(GRACE_S):
                    await program.wait()
            except TimeoutError:
                program.kill()
                await program.wait()
