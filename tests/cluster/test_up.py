"""`netcore up` as a person runs it: what it says, who gets in, how it ends and comes back."""

import base64
import json
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration.process import Program, free_port, netcore

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator[tuple[Program, dict[str, Any]]]:
    """A control plane without scheduler, and what it said when it was ready."""
    command = netcore("up", "--no-scheduler", "-o", "json", *arguments)
    with Program(command, log=folder / "up.log") as program:
        yield program, json.loads(program.first_line())


@dataclass(frozen=True)
class Server:
    """How a kubeconfig says that the server is reached."""

    url: str
    token: str
    trust: ssl.SSLContext

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Server":
        config = yaml.safe_load(Path(said["kubeconfig"]).read_text())
        cluster = config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        trust = ssl.create_default_context(cadata=authority)
        return cls(cluster["server"], config["users"][0]["user"]["token"], trust)

    def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """The code and content of an answer."""
        host, _, port = self.url.removeprefix("https://").rpartition(":")
        connection = HTTPSConnection(host, int(port), context=self.trust, timeout=10)
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
            is_json = response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(data) if is_json else data
        finally:
            connection.close()


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def test_it_says_where_it_is_and_ends_on_sigterm(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    started_s = time.monotonic()
    with running(tmp_path, "--port", 0, "--kubeconfig", kubeconfig) as (program, said):
        assert time.monotonic() - started_s < 10
        assert said["kubeconfig"] == str(kubeconfig)
        assert said["scheduler"] is False
        assert kubeconfig.stat().st_mode & 0o777 == 0o600
        server = Server.of(said)
        assert server.url == said["url"]
        assert server.ask("GET", "/readyz", token="") == (200, b"ok")
        code, found = server.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
        assert code == 200
        assert [item["spec"]["names"]["kind"] for item in found["items"]] == [
            "AppGroup",
            "NetworkTopology",
            "NodeNetwork",
        ]
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(10) == 0
    assert not kubeconfig.exists()
    assert program.log.read_text() == ""


def test_only_the_token_opens_it(tmp_path: Path) -> None:
    with running(tmp_path, "--port", 0, "--kubeconfig", tmp_path / "kubeconfig") as (_, said):
        server = Server.of(said)
        assert server.ask("GET", CONFIG_MAPS)[0] == 200
        for token in ("", "wrong", server.token[:-1]):
            code, status = server.ask("GET", CONFIG_MAPS, token=token)
            assert (code, status["reason"]) == (401, "Unauthorized")


def test_what_it_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    arguments = ("--data", tmp_path / "data", "--port", 0)
    with running(tmp_path, *arguments) as (program, said):
        first = Server.of(said)
        made = [first.ask("POST", CONFIG_MAPS, config_map(f"m{i}"))[1] for i in range(50)]
        assert first.ask("DELETE", f"{CONFIG_MAPS}/m7")[0] == 200
        program.kill()
    with running(tmp_path, *arguments) as (_, said):
        again = Server.of(said)
        assert again.token == first.token
        code, found = again.ask("GET", CONFIG_MAPS)
        assert code == 200
        expected = {each["metadata"]["uid"]: each["metadata"] for each in made}
        del expected[made[7]["metadata"]["uid"]]
        assert {item["metadata"]["uid"]: item["metadata"] for item in found["items"]} == expected
        assert int(found["metadata"]["resourceVersion"]) > int(
            made[-1]["metadata"]["resourceVersion"]
        )


def test_two_cannot_share_a_directory(tmp_path: Path) -> None:
    with running(tmp_path, "--data", tmp_path, "--port", 0):
        assert "in use by another process" in refusal("--data", tmp_path, "--port", 0)


def test_others_need_certificates(tmp_path: Path) -> None:
    # Any address of this machine that is not loopback will do; binding to all of them is one.
    tls = tmp_path / "tls"
    arguments = ("--address", "0.0.0.0", "--port", 0, "--tls", tls)
    with running(tmp_path, *arguments, "--kubeconfig", tmp_path / "kubeconfig") as (_, said):
        config = yaml.safe_load(Path(said["kubeconfig"]).read_text())
        assert "token" not in config["users"][0]["user"]
        port = int(said["url"].rpartition(":")[2])
        trust = ssl.create_default_context(cafile=tls / "ca.crt")
        stranger = HTTPSConnection("127.0.0.1", port, context=trust, timeout=10)
        stranger.request("GET", "/version")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            stranger.getresponse()
        stranger.close()
        trust.load_cert_chain(tls / "admin.crt", tls / "admin.key")
        admin = HTTPSConnection("127.0.0.1", port, context=trust, timeout=10)
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        admin.request("POST", path, json.dumps(review), {"Content-Type": "application/json"})
        user = json.load(admin.getresponse())["status"]["userInfo"]
        admin.close()
        assert user["username"] == "netcore-admin"
        assert "system:masters" in user["groups"]


def refusal(*arguments: object) -> str:
    """What a control plane that must not start says instead."""
    command = netcore("up", "--no-scheduler", *arguments)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_what_it_refuses(tmp_path: Path) -> None:
    assert "give --tls DIR" in refusal("--address", "192.0.2.1")
    assert "is no IP address" in refusal("--address", "example")
    assert "is no port" in refusal("--port", 70000)
    assert "neither a number nor a file" in refusal("--nodes", "-1")
    foreign = tmp_path / "notes.txt"
    foreign.write_text("buy milk")
    assert "is no kubeconfig" in refusal("--port", 0, "--kubeconfig", foreign)
    assert foreign.read_text() == "buy milk"
    port = free_port()
    with running(tmp_path, "--port", port, "--kubeconfig", tmp_path / "kubeconfig"):
        assert "choose another with --port" in refusal("--port", port)
