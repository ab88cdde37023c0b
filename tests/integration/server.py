"""A running API server, embedded or real, as the suites see it."""

import base64
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from integration.process import Program, netcore
from kubernetes.control_plane import control_plane

# Both servers run pods on these nodes.
NODE_COUNT = 3


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens and how to talk to it.

    Attributes:
        name: `embedded` or `kubernetes`.
        kubeconfig: A file with all rights, as handed to kubectl.
        url: Scheme, host and port.
        token: Bearer token of the same user.
        trust: TLS trust in the server's certificate; None for plain HTTP.
    """

    name: str
    kubeconfig: Path
    url: str
    token: str
    trust: ssl.SSLContext | None

    @property
    def is_real(self) -> bool:
        return self.name == "kubernetes"

    @classmethod
    def from_kubeconfig(cls, name: str, path: Path) -> "Server":
        config = yaml.safe_load(path.read_text())
        cluster = config["clusters"][0]["cluster"]
        trust = None
        if authority := cluster.get("certificate-authority-data"):
            trust = ssl.create_default_context(cadata=base64.b64decode(authority).decode())
        token = config["users"][0]["user"]["token"]
        return cls(name, path, cluster["server"].rstrip("/"), token, trust)


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


def kubectl_environment(server: Server, home: Path) -> dict[str, str]:
    """The environment in which kubectl talks to the server and caches under a folder of ours."""
    return os.environ | {"KUBECONFIG": str(server.kubeconfig), "HOME": str(home)}
