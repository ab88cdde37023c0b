"""A running API server, embedded or real, as the suites see it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration.process import Program, netcore
from kubernetes.build import is_built, missing_tool
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


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def netcore_definitions() -> list[dict[str, Any]]:
    """The CustomResourceDefinitions that netcore ships, by name."""
    folder = files("netcore").joinpath("crds")
    found = [yaml.safe_load(file.read_text()) for file in folder.iterdir()]
    return sorted(found, key=lambda definition: definition["metadata"]["name"])


def is_established(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


@contextmanager
def real_server(directory: Path) -> Iterator[Server]:
    """The judge; skips the test where it cannot be."""
    if (reason := missing_tool()) and not is_built():
        pytest.skip(reason)
    nodes = [f"node-{index}" for index in range(NODE_COUNT)]
    with control_plane(directory, nodes) as kubeconfig:
        server = Server.from_kubeconfig("kubernetes", kubeconfig)
        _install_kinds(server.endpoint)
        yield server


@contextmanager
def embedded_server(directory: Path) -> Iterator[Server]:
    """`netcore up` as a person starts it, on a free port, ready before the caller goes on."""
    kubeconfig = directory / "kubeconfig"
    arguments = ["--data", directory / "data", "--kubeconfig", kubeconfig, "--port", "0"]
    command = netcore("up", *arguments, "--nodes", NODE_COUNT, "--no-scheduler")
    with Program(command, log=directory / "up.log") as program:
        assert str(kubeconfig) in program.first_line()
        yield Server.from_kubeconfig("embedded", kubeconfig)


def _install_kinds(endpoint: Endpoint) -> None:
    """Gives a real cluster what `netcore up` brings."""
    for definition in netcore_definitions():
        path = f"{DEFINITIONS}/{definition['metadata']['name']}"
        endpoint.send("POST", DEFINITIONS, definition)
        while not is_established(json.loads(endpoint.send("GET", path))):
            time.sleep(0.05)
