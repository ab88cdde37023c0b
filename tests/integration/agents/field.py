"""Agents and aggregators as processes, and how tests look at them: over HTTP alone."""

import json
import re
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from integration.process import Program, netcore

T = TypeVar("T")

PATIENCE_S = 40.0
_SAMPLE = re.compile(r"^netcore_(?:agent|aggregator)_(\S+) (\S+)$", re.MULTILINE)
FAST = ("--interval", "50ms", "--report-interval", "500ms", "--timeout", "500ms")


def eventually(look: Callable[[], T | None], *, what: str) -> T:
    """Looks until there is something to see; other processes have no event to wait for."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"within {PATIENCE_S:.0f} s there was no {what}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str, body: bytes | None = None, *, token: str = "", kind: str = "application/msgpack"
) -> Answer:
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())


def metrics(url: str) -> dict[str, float]:
    """The samples of a metrics page by name, labels as they stand."""
    page = ask(f"{url}/metrics").body.decode()
    return {
        name: float(value)
        for name, value in re.findall(
            r"^netcore_(?:agent|aggregator)_(\S+) (\S+)$", page, re.MULTILINE
        )
    }


@dataclass(frozen=True, slots=True)
class Running:
    """A started process: where it is, and what it logs."""

    program: Program
    said: dict[str, Any]
    url: str

    def metric(self, name: str) -> float:
        return metrics(self.url).get(name, 0.0)

    def log(self) -> list[dict[str, Any]]:
        lines = self.program.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def aggregator(directory: Path, *arguments: object):
    command = netcore("aggregator", "--listen", "127.0.0.1:0", "-o", "json", *arguments)
    with Program(command, log=directory / "aggregator.log") as program:
        said = json.loads(program.first_line())
        yield Running(program, said, said["http"])


@contextmanager
def agent(directory: Path, node: str, broker: str, *arguments: object, bind: str = "127.0.0.1:0"):
    script = Path(sysconfig.get_path("scripts")) / "netcore-agent"
    command = [str(script), "--node", node, "--bind", bind, "--broker", broker, "-o", "json"]
    command += [*FAST, *map(str, arguments)]
    with Program(command, log=directory / f"agent-{node}.log") as program:
        said = json.loads(program.first_line())
        yield Running(program, said, f"http://{said['health']}")


def matrix(url: str) -> dict[str, Any]:
    return ask(f"{url}/v1/matrix").json


def complete_matrix(url: str, *, nodes: int) -> Callable[[], dict[str, Any] | None]:
    """A look at the matrix that sees it once all pairs of so many nodes are measured."""

    def look() -> dict[str, Any] | None:
        found = matrix(url)
        return found if len(found["nodes"]) == nodes and not found["missing"] else None

    return look
