"""Builds the judge: the programs of a real control plane, as the tools of the module in judge/.

The Go build cache makes a second build short; the digest beside the programs makes it none at all
as long as the module stands as it was.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

JUDGE = Path(__file__).parent / "judge"
PROGRAMS = JUDGE / "bin"

# As `tool` lines in judge/go.mod: one build for all, since they share most packages.
PACKAGES = (
    "go.etcd.io/etcd/server/v3",
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "sigs.k8s.io/kwok/cmd/kwok",
)

# The stages that kwok plays on the nodes and pods it keeps; without them it does nothing.
STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


def missing_tool() -> str | None:
    """The reason why nothing can be built here, or None."""
    return None if shutil.which("go") else "there is no Go toolchain to build kube-apiserver with"


def kubernetes_version() -> str:
    """The version of Kubernetes that the module names, `v1.35.4`."""
    for line in (JUDGE / "go.mod").read_text().splitlines():
        match line.split():
            case ["k8s.io/kubernetes", version, *_]:
                return version
    raise LookupError("judge/go.mod requires no k8s.io/kubernetes")


def is_built() -> bool:
    stamp = PROGRAMS / ".digest"
    return stamp.exists() and stamp.read_text() == _digest()


def build() -> None:
    """Builds every program, minutes when Go's cache is empty, seconds when it is not."""
    if is_built():
        return
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(["-s -w", *(f"-X {package}.{name}={to}" for name, to in stamps.items())])
    PROGRAMS.mkdir(exist_ok=True)
    subprocess.run(
        ["go", "build", "-ldflags", flags, "-o", PROGRAMS, *PACKAGES],
        cwd=JUDGE,
        env=os.environ | {"CGO_ENABLED": "0"},
        check=True,
    )
    (PROGRAMS / "server").rename(PROGRAMS / "etcd")
    stages = _module_directory("sigs.k8s.io/kwok") / "kustomize" / "stage"
    texts = [(stages / stage).read_text() for stage in STAGES]
    (PROGRAMS / "stages.yaml").write_text("---\n".join(texts))
    (PROGRAMS / ".digest").write_text(_digest())


def _digest() -> str:
    sources = (JUDGE / "go.mod", JUDGE / "go.sum", Path(__file__))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _module_directory(module: str) -> Path:
    listing = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module],
        cwd=JUDGE,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(listing.stdout.strip())
