"""Agents behind a relay, an aggregator: what is measured is what was emulated."""

import io
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from integration.agents.field import (
    agent,
    aggregator,
    ask,
    complete_matrix,
    eventually,
    matrix,
    metrics,
)
from integration.process import Program, netcore
from netcore_lab.topology import load_topology

TOPOLOGY = """
nodes:
  - {name: fra-1, region: eu, zone: eu-a}
  - {name: fra-2, region: eu, zone: eu-a, access_ms: 4}
  - {name: ams-1, region: eu, zone: eu-b}
  - {name: iad-1, region: us, zone: us-a}
links:
  same_zone: {rtt_ms: 2, jitter_ms: 0.2, bandwidth_mbps: 1000}
  same_region: {rtt_ms: 8, jitter_ms: 0.5, bandwidth_mbps: 1000}
  regions:
    - {between: [eu, us], rtt_ms: 90, jitter_ms: 2, loss: 0.01, bandwidth_mbps: 100}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs all of 127.0.0.0/8")
def test_the_measured_matrix_is_the_emulated_one(tmp_path: Path):
    file = tmp_path / "topology.yaml"
    file.write_text(TOPOLOGY)
    truth = load_topology(file).network()
    command = [sys.executable, "-m", "netcore_lab.relay", "--topology", str(file)]
    options = ["--no-kubernetes", "--embedded-broker", "127.0.0.1:0"]
    with ExitStack() as stack:
        relay = stack.enter_context(Program(command, log=tmp_path / "relay.log"))
        addresses = json.loads(relay.first_line())["nodes"]
        collector = stack.enter_context(aggregator(tmp_path, *options))
        for node, address in addresses.items():
            options = ["--advertise", address["public"]]
            broker = collector.said["broker"]
            stack.enter_context(agent(tmp_path, node, broker, *options, bind=address["agent"]))
        eventually(complete_matrix(collector.url, nodes=4), what="complete matrix")

        others = ~np.eye(4, dtype=bool)

        def is_accurate() -> bool:
            """Whether the median pair is within 1 ms and 5 % of the emulated time."""
            found = matrix(collector.url)
            order = [found["nodes"].index(node) for node in truth.nodes]
            measured = np.array(found["rtt_ms"], dtype=float)[np.ix_(order, order)]
            error = np.abs(measured - truth.rtt_ms)[others]
            return bool(np.median(error - 0.05 * truth.rtt_ms[others]) <= 1.0)

        # On a machine that is busy with other things the first windows may be disturbed.
        eventually(is_accurate, what="measurement within 1 ms and 5 %")
        assert not any(name.startswith("rejected") for name in metrics(collector.url))

        archive = np.load(io.BytesIO(ask(f"{collector.url}/v1/matrix.npz").body))
        assert sorted(archive["nodes"]) == sorted(truth.nodes)
        assert not np.isnan(archive["rtt_ms"]).any()
        shown = topology("--aggregator", collector.url)
        assert shown.count("\n") > 16
        assert "RTT from, ms:" in shown
        links = json.loads(topology("--aggregator", collector.url, "-o", "json"))["links"]
        assert len(links) == 12
        assert all(link["rtt_ms"] > 0 for link in links)


def topology(*arguments: str) -> str:
    done = subprocess.run(
        netcore("topology", *arguments),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "100"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_aggregator_that_cannot_be_reached_is_named():
    done = subprocess.run(
        netcore("topology", "--aggregator", "http://127.0.0.1:1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("netcore topology: http://127.0.0.1:1 cannot be reached")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--embedded-broker", "192.0.2.1:1883"], "beyond loopback it needs --tokens"),
        (["--embedded-broker", "127.0.0.1:0", "--tokens", "/nowhere"], "--tokens /nowhere: No"),
        (["--broker", "mqtt://b", "--kubeconfig", "/nowhere"], "no kubeconfig at /nowhere"),
        (["--broker", "mqtts://b", "--broker-ca", "/nowhere"], "No such file"),
        (["--broker", "mqtt://b", "--no-kubernetes", "--listen", "192.0.2.1:80"], "192.0.2.1"),
    ],
)
def test_an_aggregator_that_cannot_start_says_why(arguments: list[str], said: str):
    done = subprocess.run(
        netcore("aggregator", *arguments), capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
