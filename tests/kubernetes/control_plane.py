"""Runs the judge: etcd, kube-apiserver, kube-controller-manager and kwok on free loopback ports."""

import base64
import json
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kubernetes.build import PROGRAMS
from kubernetes.endpoint import Endpoint

START_TIMEOUT_S = 60.0

# Nodes with this annotation are kept by kwok: Ready, renewing a lease, running what is bound there.
KWOK_NODE = {"kwok.x-k8s.io/node": "fake"}

# What the embedded server runs as well. The others would only add objects of their own.
CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "disruption-controller",
    "node-lifecycle-controller",
)


@contextmanager
def control_plane(directory: Path, nodes: list[str]) -> Iterator[Path]:
    """A real control plane with kwok nodes of the given names.

    Everything is thrown away at the end, so the programs are killed and not asked: kube-apiserver
    would go on serving its watchers for up to a minute.

    Args:
        directory: An empty folder for data, certificates and logs.
        nodes: Names of the nodes to create.

    Yields:
        The path of a kubeconfig with all rights.
    """
    with ExitStack() as stack:
        programs = _Programs(directory, stack)
        etcd = _start_etcd(programs)
        kubeconfig = _start_apiserver(programs, etcd)
        programs.start(
            "kube-controller-manager",
            f"--kubeconfig={kubeconfig}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
        )
        programs.start(
            "kwok",
            f"--kubeconfig={kubeconfig}",
            f"--config={PROGRAMS / 'stages.yaml'}",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            f"--server-address=127.0.0.1:{_free_port()}",
            "--node-ip=127.0.0.1",
            "--node-lease-duration-seconds=40",
        )
        api = Endpoint.from_kubeconfig(kubeconfig)
        for node in nodes:
            labels = {"kubernetes.io/hostname": node}
            metadata = {"name": node, "annotations": KWOK_NODE, "labels": labels}
            body = {"kind": "Node", "apiVersion": "v1", "metadata": metadata}
            api.send("POST", "/api/v1/nodes", body)
        yield kubeconfig


@dataclass(frozen=True, slots=True)
class _Programs:
    """Starts programs with a log file each, and kills them when the stack unwinds."""

    directory: Path
    stack: ExitStack

    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = self.stack.enter_context((self.directory / f"{program}.log").open("wb"))
        process = subprocess.Popen(
            [PROGRAMS / program, *arguments], cwd=self.directory, stdout=log, stderr=log
        )
        self.stack.callback(_end, process)
        return process

    def log_tail(self, program: str) -> str:
        return (self.directory / f"{program}.log").read_text(errors="replace")[-2000:]


def _start_etcd(programs: _Programs) -> str:
    client, peer = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
    programs.start(
        "etcd",
        f"--data-dir={programs.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    )
    return client


def _start_apiserver(programs: _Programs, etcd: str) -> Path:
    """Starts kube-apiserver and answers with a kubeconfig, once it is ready."""
    directory, port, token = programs.directory, _free_port(), secrets.token_urlsafe()
    (directory / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    key = ec.generate_private_key(ec.SECP256R1())
    accounts = directory / "accounts.pem"
    accounts.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    process = programs.start(
        "kube-apiserver",
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={directory / 'certificates'}",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={accounts}",
        f"--service-account-signing-key-file={accounts}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--allow-privileged=true",
        # Pods need no token here, and nodes no taint until a kubelet calls them ready.
        "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        "--max-requests-inflight=0",
        "--max-mutating-requests-inflight=0",
        "--enable-priority-and-fairness=false",
    )
    certificate = directory / "certificates" / "apiserver.crt"
    kubeconfig = directory / "kubeconfig"
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (certificate.exists() and _is_ready(kubeconfig)):
        if process.poll() is not None or time.monotonic() > deadline:
            log = programs.log_tail("kube-apiserver")
            raise RuntimeError(f"kube-apiserver is not ready; the end of its log:\n{log}")
        if certificate.exists():
            config = _kubeconfig(f"https://127.0.0.1:{port}", token, certificate.read_bytes())
            kubeconfig.write_text(json.dumps(config))
        time.sleep(0.1)
    return kubeconfig


def _is_ready(kubeconfig: Path) -> bool:
    try:
        return Endpoint.from_kubeconfig(kubeconfig).send("GET", "/readyz") == b"ok"
    except OSError:
        return False


def _kubeconfig(url: str, token: str, certificate: bytes) -> dict[str, object]:
    authority = base64.b64encode(certificate).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "judge", "cluster": {"server": url, "certificate-authority-data": authority}}
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "judge", "context": {"cluster": "judge", "user": "admin"}}],
        "current-context": "judge",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
