"""Check the wheels that users install, not the editable tree that hides omissions.

Builds a wheel of every distribution, installs each into a clean virtual environment, imports it
and runs its commands. Run by `make check`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MEMBERS = ("agents", "scheduler", "cluster", "lab")
EVERYTHING = (
    "netcore_agents.aggregator",
    "netcore_scheduler",
    "netcore_cluster",
    "netcore_lab",
    "netcore.kube",
)


def main() -> int:
    """Build, install, import, run."""
    with tempfile.TemporaryDirectory(prefix="netcore-wheels-") as folder:
        wheels = Path(folder) / "wheels"
        build(wheels)
        carries(wheels, "netcore_k8s", "netcore/py.typed", "netcore/crds/nodenetwork.yaml")
        for name in ("netcore_agents", "netcore_scheduler", "netcore_cluster", "netcore_lab"):
            carries(wheels, name, f"{name}/py.typed")
        library = Environment(Path(folder) / "library", wheels, "netcore-k8s")
        library.python("import netcore; netcore.ClusterState()")
        library.run("netcore", "crds")
        edge = Environment(Path(folder) / "edge", wheels, "netcore-agents")
        edge.lacks("numpy", "netcore", "netcore._netcore", "aiohttp", "kubernetes_asyncio")
        edge.run("netcore-agent", "--help")
        whole = Environment(Path(folder) / "whole", wheels, "netcore-lab")
        for module in EVERYTHING:
            whole.python(f"import {module}")
        for command in ("up", "demo", "agent", "aggregator", "topology", "scheduler", "simulate"):
            whole.run("netcore", command, "--help")
        whole.run("netcore", "explain", "--help")
    print("wheels: 5 distributions build, install and run in clean environments")
    return 0


def build(wheels: Path) -> None:
    """Build every wheel, with the build tools that stand in this environment."""
    environment = os.environ | {"VIRTUAL_ENV": str(BIN.parent)}
    run(
        BIN / "maturin", "build", "--release", "--locked", "--quiet", "--out", wheels,
        environment=environment,
    )  # fmt: skip
    for member in MEMBERS:
        run(BIN / "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, member)


def carries(wheels: Path, distribution: str, *files: str) -> None:
    """Fail unless the wheel holds the files and declares the one version."""
    [wheel] = wheels.glob(f"{distribution}-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    missing = [file for file in files if file not in names]
    if missing:
        raise SystemExit(f"{wheel.name} lacks {', '.join(missing)}")
    version = declared_version()
    if wheel.name.split("-")[1] != version:
        raise SystemExit(f"{wheel.name}: Cargo.toml says version {version}")


def declared_version() -> str:
    """The one version, from Cargo.toml."""
    import tomllib

    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))
    return str(manifest["workspace"]["package"]["version"])


class Environment:
    """A clean virtual environment with one of our distributions."""

    def __init__(self, folder: Path, wheels: Path, requirement: str) -> None:
        self.folder = folder
        run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder)
        run(
            BIN / "uv", "pip", "install", "--quiet", "--python", folder / "bin" / "python",
            "--find-links", wheels, "--constraint", ROOT / "requirements" / "dev.txt", requirement,
        )  # fmt: skip

    def python(self, code: str) -> None:
        """Run a line of Python in it, away from the source tree."""
        self.run("python", "-W", "error", "-c", code)

    def run(self, program: str, *words: str) -> None:
        """Run one of its programs, away from the source tree."""
        run(self.folder / "bin" / program, *words, cwd=self.folder)

    def lacks(self, *modules: str) -> None:
        """Fail where one of the modules can be imported."""
        code = (
            "import importlib.util as u\n"
            f"found = [m for m in {modules!r} if not m.count('.') and u.find_spec(m)]\n"
            "raise SystemExit(f'edge install brings {found}' if found else 0)"
        )
        self.python(code)


def run(
    program: Path, *words: object, cwd: Path = ROOT, environment: dict[str, str] | None = None
) -> None:
    """Run a program; its output is shown only where it fails."""
    command = [str(program), *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    if shutil.which("cargo") is None:
        sys.exit("wheels: cargo is missing")
    sys.exit(main())
