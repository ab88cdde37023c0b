"""kubectl as people have it: the real binaries, old and new, against the server at hand."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.server import Server

VERSIONS = ("1.27", "1.32")

# Longest time that a command may take before the test has failed.
PATIENCE_S = 60


# For what does not differ between versions: the newest alone, since each command is a process.
newest = pytest.mark.parametrize("kubectl_binary", VERSIONS[-1:], indirect=True, scope="session")


def binaries() -> dict[str, Path]:
    """The wanted kubectl binaries on this machine by minor version.

    Some installations keep `kubectl.1.27` and its like beside `kubectl`; elsewhere there is one.
    """
    found = shutil.which("kubectl")
    if found is None:
        return {}
    beside = Path(found).resolve().parent
    several = {v: beside / f"kubectl.{v}" for v in VERSIONS if (beside / f"kubectl.{v}").exists()}
    return several or {"installed": Path(found)}


@dataclass(frozen=True, slots=True)
class Kubectl:
    """One kubectl binary, one server, one namespace."""

    binary: Path
    environment: dict[str, str]
    namespace: str

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, whatever that is."""
        return subprocess.run(
            [self.binary, "--namespace", self.namespace, *arguments],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def __call__(self, *arguments: str, manifest: object = None) -> str:
        """What a command prints; it must succeed.

        Args:
            arguments: Of kubectl.
            manifest: One object, or a list of them, for `-f -`.
        """
        items = manifest if isinstance(manifest, list) else [manifest]
        text = "\n".join(json.dumps(item) for item in items) if manifest else None
        done = self.run(*arguments, text=text)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def fails(self, *arguments: str, manifest: object = None) -> str:
        """What a command that must fail says on its error output."""
        text = json.dumps(manifest) if manifest else None
        done = self.run(*arguments, text=text)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))

    def table(self, *arguments: str) -> list[dict[str, str]]:
        """The rows of a printed table by column."""
        lines = self("get", *arguments).splitlines()
        starts = [match.start() for match in re.finditer(r"(?<=\s{2})\S|^\S", lines[0])]
        ends = [*starts[1:], None]
        names = [lines[0][a:b].strip() for a, b in zip(starts, ends, strict=True)]
        return [
            {name: line[a:b].strip() for name, a, b in zip(names, starts, ends, strict=True)}
            for line in lines[1:]
        ]

    @contextmanager
    def following(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on, such as `get --watch`; ended with the block."""
        process = subprocess.Popen(
            [self.binary, "--namespace", self.namespace, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture(scope="session", params=VERSIONS)
def kubectl_binary(request: pytest.FixtureRequest) -> Path:
    found = binaries()
    if not found:
        pytest.skip("there is no kubectl on this machine")
    if request.param in found:
        return found[request.param]
    if "installed" in found and request.param == VERSIONS[-1]:
        return found["installed"]
    pytest.skip(f"there is no kubectl {request.param} on this machine")


@pytest.fixture(scope="session")
def kubectl_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kubectl keeps what it discovered, so that every test but the first starts warm."""
    return tmp_path_factory.mktemp("kubectl")


@pytest.fixture
def kubectl(server: Server, kubectl_binary: Path, kubectl_home: Path) -> Iterator[Kubectl]:
    """kubectl in a namespace of the test's own."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "kubectl-"}}
    made = json.loads(server.endpoint.send("POST", "/api/v1/namespaces", body))
    name = made["metadata"]["name"]
    environment = os.environ | {"KUBECONFIG": str(server.kubeconfig), "HOME": str(kubectl_home)}
    yield Kubectl(kubectl_binary, environment, name)
    server.endpoint.send("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def node(kubectl: Kubectl) -> str:
    """The name of a node that runs what is bound to it."""
    kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=30s")
    return kubectl("get", "nodes", "-o", "name").split()[0].partition("/")[2]
