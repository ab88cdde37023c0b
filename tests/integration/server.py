"""A running API server, embedded or real, as the suites see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.process import Program, netcore
from kubernetes.control_plane import control_plane
from kubernetes.endpoint import Endpoint

# Both servers run pods on so many nodes.
NODE_COUNT = 3


@dataclass(frozen=True, slots=True)
class Server:
    """A server and how to talk to it with all rights.

    Attributes:
        name: `embedded` or `kubernetes`.
        kubeconfig: A file as handed to kubectl.
        endpoint: The same in parts.
    """

    name: str
    kubeconfig: Path
    endpoint: Endpoint

    @property
    def is_real(self) -> bool:
        return self.name == "kubernetes"

    @classmethod
    def from_kubeconfig(cls, name: str, path: Path) -> "Server":
        return cls(name, path, Endpoint.from_kubeconfig(path))


@contextmanager
def real_server(directory: Path) -> Iterator[Server]:
    nodes = [f"node-{index}" for index in range(NODE_COUNT)]
    with control_plane(directory, nodes) as kubeconfig:
        yield Server.from_kubeconfig("kubernetes", kubeconfig)


@contextmanager
def embedded_server(directory: Path) -> Iterator[Server]:
    """`netcore up` as a person starts it, on a free port, ready before the caller goes on."""
    kubeconfig = directory / "kubeconfig"
    arguments = ["--data", directory / "data", "--kubeconfig", kubeconfig, "--port", "0"]
    command = netcore("up", *arguments, "--nodes", NODE_COUNT, "--no-scheduler")
    with Program(command, log=directory / "up.log") as program:
        assert str(kubeconfig) in program.first_line()
        yield Server.from_kubeconfig("embedded", kubeconfig)
