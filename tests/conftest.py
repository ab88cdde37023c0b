"""What all suites share: the servers that they run against."""

import subprocess
from collections.abc import Iterator

import pytest

from integration.server import Server, embedded_server, real_server
from kubernetes.build import build, is_built, missing_tool


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds the real control plane before the first test, outside every test's time limit."""
    wanted = any(item.get_closest_marker("kubernetes") for item in session.items)
    if not wanted or session.config.option.collectonly or missing_tool() or is_built():
        return
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    reporter.write_line("building kube-apiserver, kube-controller-manager, etcd and kwok ...")
    try:
        build()
    except subprocess.CalledProcessError as error:
        pytest.exit(f"the real control plane cannot be built: {error}", returncode=1)


@pytest.fixture(
    scope="session",
    params=["embedded", pytest.param("kubernetes", marks=pytest.mark.kubernetes)],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The embedded server, then the real one: a test that uses it runs on each."""
    start = embedded_server if request.param == "embedded" else real_server
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running
