"""What a node measured: one row a peer, kept as columns.

A report for 16 peers with names of 18 characters takes 871 bytes in MessagePack; without the
bandwidth column, which an agent that does not measure it leaves empty.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from netcore_agents.wire._fields import (
    SCHEMA_VERSION,
    Fields,
    open_fields,
    open_json_fields,
    pack,
    pack_column,
)
from netcore_agents.wire._peers import MAX_PEERS

MAX_REPORT_BYTES: Final = 128 * 1024

# Column → bytes an entry.
_COLUMNS: Final = {
    "rtt_min_us": 4,
    "rtt_p50_us": 4,
    "rtt_p90_us": 4,
    "jitter_us": 4,
    "sent": 2,
    "reached": 2,
    "received": 2,
    "bandwidth_bps": 8,
}


@dataclass(frozen=True, slots=True)
class Report:
    """Measurements of one window; entry i of each column is about `peers[i]`.

    Attributes:
        node: The node that measured.
        boot: Start of the agent, as in its birth.
        sequence: Number of the report within the boot, from 1; grows by one.
        started_us: Begin of the window, microseconds since 1970.
        ended_us: End of the window, microseconds since 1970.
        dropped: Reports of this boot that were given up before this one.
        peers: Nodes that were probed.
        rtt_min_us: Shortest round-trip time, microseconds; 0 where no reply came.
        rtt_p50_us: Median of it.
        rtt_p90_us: 90th percentile of it.
        jitter_us: Interquartile range of it.
        sent: Probes sent.
        reached: Probes that the peer counted.
        received: Replies that came back.
        bandwidth_bps: Bandwidth to the peer, bit/s; 0 is unknown, empty is unknown for all.
    """

    node: str
    boot: str
    sequence: int
    started_us: int
    ended_us: int
    dropped: int
    peers: tuple[str, ...]
    rtt_min_us: tuple[int, ...]
    rtt_p50_us: tuple[int, ...]
    rtt_p90_us: tuple[int, ...]
    jitter_us: tuple[int, ...]
    sent: tuple[int, ...]
    reached: tuple[int, ...]
    received: tuple[int, ...]
    bandwidth_bps: tuple[int, ...] = ()


def encode_report(report: Report) -> bytes:
    """Encode a report in MessagePack, its columns packed."""
    columns = {
        name: pack_column(getattr(report, name), width=width) for name, width in _COLUMNS.items()
    }
    return pack(_head(report) | columns)


def encode_report_json(report: Report) -> bytes:
    """Encode a report in JSON, its columns as lists."""
    columns = {name: getattr(report, name) for name in _COLUMNS}
    return json.dumps({"v": SCHEMA_VERSION} | _head(report) | columns).encode()


def decode_report(payload: bytes) -> Report:
    """Decode a report from MessagePack.

    Raises:
        WireError: It breaks the schema; the error names the field.
    """
    return _report(open_fields(payload, limit=MAX_REPORT_BYTES))


def decode_report_json(payload: bytes) -> Report:
    """Decode a report from JSON.

    Raises:
        WireError: It breaks the schema; the error names the field.
    """
    return _report(open_json_fields(payload, limit=MAX_REPORT_BYTES))


def _head(report: Report) -> dict[str, Any]:
    return {
        "node": report.node,
        "boot": report.boot,
        "sequence": report.sequence,
        "started_us": report.started_us,
        "ended_us": report.ended_us,
        "dropped": report.dropped,
        "peers": report.peers,
    }


def _report(fields: Fields) -> Report:
    peers = fields.nodes("peers", limit=MAX_PEERS)
    columns = {
        name: ()
        if name == "bandwidth_bps" and fields.is_empty(name)
        else fields.column(name, width=width, length=len(peers))
        for name, width in _COLUMNS.items()
    }
    report = Report(
        node=fields.node("node"),
        boot=fields.text("boot", limit=64),
        sequence=fields.integer("sequence", low=1),
        started_us=fields.time_us("started_us"),
        ended_us=fields.time_us("ended_us"),
        dropped=fields.integer("dropped"),
        peers=peers,
        **columns,
    )
    fields.end()
    return report
