"""How the topology is shown: the picture, the table, and what is no longer valid."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from netcore_agents.aggregator.heatmap import heatmap
from netcore_agents.aggregator.topology_command import _from_node_network, _is_valid, _table

NODES = ("a", "b", "c")
PLACES = {"a": ("eu", "eu-a"), "b": ("eu", "eu-b"), "c": ("us", "")}
RTT = {("a", "b"): 1.0, ("b", "a"): 1.0, ("a", "c"): 100.0, ("c", "a"): 100.0, ("b", "c"): 10.0}


def draw(**keys) -> list[str]:
    options = {"has_color": False, "width": 80} | keys
    return heatmap(NODES, RTT, PLACES, **options).splitlines()


def test_a_cell_is_darker_the_longer_it_takes_on_a_logarithmic_scale():
    rows = draw()
    assert rows[:3] == ["a    ··██  eu-a", "b  ··  ▒▒  eu-b", "c  ██??    us"]
    assert rows[-1] == ("RTT from, ms: ·· 1  ░░ 2.51  ▒▒ 6.31  ▓▓ 15.8  ██ 39.8  ?? unknown")


def test_colour_says_the_same():
    rows = draw(has_color=True)
    colours = [re.findall(r"38;5;(\d+)m██", row) for row in rows[:3]]
    assert colours[0] == ["19", "124"]
    assert colours[1][1] not in {"19", "124"}
    assert len(re.findall(r"38;5;(\d+)m██", rows[-1])) == 11


def test_what_does_not_fit_is_said():
    rows = draw(width=13)
    assert rows[0] == "a    ··  eu-a"
    assert rows[3] == "(columns that do not fit: 1; -o json has all)"


@pytest.mark.parametrize("rtt", [{}, {("a", "b"): None}])
def test_nothing_known_is_said(rtt):
    drawn = heatmap(NODES, rtt, PLACES, has_color=False, width=80)
    assert drawn == "No round-trip time is known."


def network(**status):
    return {"metadata": {"name": "a"}, "status": status}


def test_rows_become_links_and_unknown_stays_unknown():
    [link] = _from_node_network(
        network(
            peers=["b"],
            rttMicros=[1500],
            rttP90Micros=[2000],
            jitterMicros=[100],
            lossToPpm=[250_000],
            bandwidthBps=[0],
        )
    )
    assert link == {
        "origin": "a",
        "destination": "b",
        "rtt_ms": 1.5,
        "rtt_p90_ms": 2.0,
        "jitter_ms": 0.1,
        "loss": 0.25,
        "bandwidth_bps": None,
    }
    assert _table([link]).splitlines()[1].split() == [
        "a",
        "b",
        "1.50",
        "2.00",
        "0.10",
        "25.00%",
        "-",
    ]
    [sparse] = _from_node_network(network(peers=["b"], rttMicros=[1500]))
    assert sparse["rtt_ms"] == 1.5
    assert sparse["jitter_ms"] is None
    assert _from_node_network({"metadata": {"name": "a"}}) == []


def test_only_what_is_valid_counts():
    now = datetime.now(UTC)

    def until(moment: datetime) -> str:
        return moment.isoformat().replace("+00:00", "Z")

    assert _is_valid(network(validUntil=until(now + timedelta(seconds=9))), now)
    assert not _is_valid(network(validUntil=until(now - timedelta(seconds=9))), now)
    assert not _is_valid(network(), now)
    assert not _is_valid({"metadata": {"name": "a"}}, now)
