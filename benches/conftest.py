"""The fixture `report`: rows of the Python boundary, for the report of `make bench`."""

import pytest

from harness.recorder import Recorder, Report

RECORDER = pytest.StashKey[Recorder]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rows", metavar="FILE", help="write the rows that were taken down, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORDER] = Recorder()
    config.pluginmanager.register(config.stash[RECORDER], "rows")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """What takes down the rows of one benchmark: see `Report.row`."""
    return Report(request.config.stash[RECORDER], request.node.nodeid)
