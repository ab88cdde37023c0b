"""A broker that dies and returns: told clearly, and nothing that was measured is lost."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.agents.field import agent, aggregator, complete_matrix, eventually, metrics
from integration.process import Program, free_port

AMQTT = """
import asyncio, sys
from amqtt.broker import Broker

async def main():
    broker = Broker({
        "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {}},
    })
    await broker.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


def mosquitto(port: int) -> list[str]:
    # Debian keeps it where only root's PATH leads.
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if binary is None:
        pytest.skip("Mosquitto is not installed")
    return [binary, "-p", str(port)]


def amqtt(port: int) -> list[str]:
    return [sys.executable, "-c", AMQTT, str(port)]


@contextmanager
def broker(command: list[str], directory: Path) -> Iterator[Program]:
    with Program(command, log=directory / "broker.log") as program:
        yield program


@pytest.mark.parametrize("kind", [mosquitto, amqtt], ids=["mosquitto", "amqtt"])
def test_reports_of_an_outage_arrive_after_it(kind, tmp_path: Path):
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    command = kind(port)
    with (
        broker(command, tmp_path) as running,
        aggregator(tmp_path, "--no-kubernetes", "--broker", url) as collector,
        # Only the first reports, so that the test knows when nothing is on its way.
        agent(tmp_path, "edge-2", url, "--report-interval", "1h", "--interval", "1s") as other,
        agent(tmp_path, "edge-1", url, "--peer", f"edge-2={other.said['probes']}") as reporter,
    ):
        eventually(lambda: collector.metric("reports_total") >= 2, what="reports")
        eventually(lambda: other.metric("peers") == 1, what="assignment")
        arrived = collector.metric("reports_total")
        eventually(lambda: collector.metric("reports_total") > arrived, what="another report")
        running.kill()

        eventually(lambda: not reporter.metric("broker_connected"), what="loss of the broker")
        eventually(lambda: not collector.metric("broker_connected"), what="loss of the broker")
        eventually(lambda: reporter.metric("reports_waiting") >= 4, what="reports that wait")
        before = collector.metric("reports_total")

        running.start()
        eventually(lambda: not reporter.metric("reports_waiting"), what="end of the waiting")
        made = reporter.metric("reports_total")
        eventually(lambda: collector.metric("reports_total") >= made, what="all reports")
        assert before < made
        assert reporter.metric("reports_dropped_total") == 0
        assert collector.metric('rejected_total{reason="stale"}') == 0
        # A broker without a memory forgot whom to probe: it is told again.
        eventually(lambda: other.metric("broker_sessions_total") >= 2, what="second session")
        eventually(lambda: other.metric("peers") == 1, what="assignment")
        assert complete_matrix(collector.url, nodes=2)()

        for program in (reporter, collector):
            lost = [line for line in program.log() if "no connection" in line["message"]]
            assert len(lost) == 1
            assert lost[0]["level"] == "WARNING"
            assert lost[0]["broker"] == url
            assert lost[0]["error"]


def test_reports_during_an_aggregators_absence_arrive_after_it(tmp_path: Path):
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    options = ["--no-kubernetes", "--broker", url]
    with (
        broker(mosquitto(port), tmp_path),
        agent(tmp_path, "edge-2", url, "--report-interval", "1h", "--interval", "1s") as other,
        agent(tmp_path, "edge-1", url, "--peer", f"edge-2={other.said['probes']}") as reporter,
        aggregator(tmp_path, *options) as collector,
    ):
        eventually(lambda: collector.metric("reports_total") >= 2, what="reports")
        # It ends as in a crash, just after a report: none is on its way.
        arrived = collector.metric("reports_total")
        eventually(lambda: collector.metric("reports_total") > arrived, what="another report")
        arrived = collector.metric("reports_total")
        collector.program.kill()
        made = reporter.metric("reports_total")
        eventually(lambda: reporter.metric("reports_total") >= made + 3, what="more reports")
        assert reporter.metric("reports_waiting") <= 1
        collector.program.start()
        again = json.loads(collector.program.first_line())["http"]
        made = reporter.metric("reports_total")
        eventually(
            lambda: metrics(again).get("reports_total", 0) >= made - arrived,
            what="all reports",
        )
        assert not any(name.startswith("rejected") for name in metrics(again))
        eventually(complete_matrix(again, nodes=2), what="complete matrix")


def test_an_agent_without_a_broker_says_what_it_gave_up(tmp_path: Path):
    url = f"mqtt://127.0.0.1:{free_port()}"
    with (
        agent(tmp_path, "edge-2", url, "--reflect", "all") as other,
        agent(
            tmp_path,
            "edge-1",
            url,
            *("--peer", f"edge-2={other.said['probes']}"),
            *("--report-interval", "100ms", "--buffer", "3"),
        ) as lonely,
    ):
        eventually(lambda: lonely.metric("reports_dropped_total") >= 2, what="drop")
        assert lonely.metric("reports_waiting") == 3
        [told, *_] = [line for line in lonely.log() if "gave up" in line["message"]]
        assert told["level"] == "WARNING"
        assert told["in_all"] == 1


def test_the_will_of_a_killed_agent_and_the_farewell_of_a_stopped_one(tmp_path: Path):
    options = ["--no-kubernetes", "--embedded-broker", "127.0.0.1:0"]
    with aggregator(tmp_path, *options) as collector:
        url = collector.said["broker"]
        with agent(tmp_path, "edge-1", url):
            with agent(tmp_path, "edge-2", url) as killed:
                eventually(lambda: collector.metric("agents_online") == 2, what="two births")
                killed.program.kill()
                eventually(lambda: collector.metric("agents_online") == 1, what="will")
                killed.program.start()
                killed.program.first_line()
                eventually(lambda: collector.metric("agents_online") == 2, what="second birth")
            eventually(lambda: collector.metric("agents_online") == 1, what="farewell")
        eventually(lambda: collector.metric("agents_online") == 0, what="farewell")
