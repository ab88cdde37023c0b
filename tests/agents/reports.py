"""Reports as tests need them: what is not asked for otherwise is as it should be."""

from typing import Any

from netcore_agents.wire import Report

NOW_US = 1_790_000_000_000_000
COLUMNS = ("rtt_min_us", "rtt_p50_us", "rtt_p90_us", "jitter_us", "sent", "reached", "received")
ROW = {
    "rtt_min_us": 900,
    "rtt_p50_us": 1000,
    "rtt_p90_us": 1200,
    "jitter_us": 100,
    "sent": 30,
    "reached": 30,
    "received": 30,
}


def report(
    node: str = "a",
    peers: tuple[str, ...] = ("b",),
    *,
    row: dict[str, int] | None = None,
    **keys: Any,
) -> Report:
    """A report of a node whose rows are all alike."""
    one = ROW | (row or {})
    columns = {name: (one[name],) * len(peers) for name in COLUMNS}
    head = {
        "node": node,
        "boot": "boot-1",
        "sequence": 1,
        "started_us": NOW_US - 30_000_000,
        "ended_us": NOW_US,
        "dropped": 0,
        "peers": peers,
    }
    return Report(**(head | columns | keys))


def unanswered(sent: int = 30) -> dict[str, int]:
    """A row of a peer that did not answer."""
    return dict.fromkeys(COLUMNS, 0) | {"sent": sent}
