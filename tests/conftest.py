"""What all suites share: the servers that they run against."""

from collections.abc import Iterator

import pytest

from integration.server import Server, embedded_server, real_server
from kubernetes.build import build, is_built, missing_tool


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds the real control plane before the first test, outside every test's time limit."""
    wanted = any(
        "server" in item.fixturenames and item.get_closest_marker("kubernetes")
        for item in session.items
    )
    if wanted and not session.config.option.collectonly and not missing_tool() and not is_built():
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        reporter.write_line("building kube-apiserver, kube-controller-manager, etcd and kwok ...")
        build()


@pytest.fixture(
    scope="session",
    params=["embedded", pytest.param("kubernetes", marks=pytest.mark.kubernetes)],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The embedded server, then the real one: a test that uses it runs on each."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        with embedded_server(directory) as running:
            yield running
    elif reason := missing_tool():
        pytest.skip(reason)
    else:
        with real_server(directory) as running:
            yield running
