"""What agents and the aggregator say to each other: topics, and the payloads on them.

Payloads are MessagePack maps with a schema version; a report's figures are columns of packed
little-endian integers. Every decoder is strict: unknown, missing, oversized or mistyped fields end
in a `WireError` that names the field, and nothing else is ever raised. What a value means (is it
plausible, fresh, about the right node) is the reader's business, not the wire's.
"""

from netcore_agents.wire._address import format_address, parse_address
from netcore_agents.wire._errors import WireError
from netcore_agents.wire._fields import SCHEMA_VERSION, is_node_name
from netcore_agents.wire._peers import MAX_PEERS, PeerAssignment, decode_peers, encode_peers
from netcore_agents.wire._report import (
    MAX_REPORT_BYTES,
    Report,
    decode_report,
    decode_report_json,
    encode_report,
    encode_report_json,
)
from netcore_agents.wire._status import Status, decode_status, encode_status
from netcore_agents.wire._topics import Topics

__all__ = [
    "MAX_PEERS",
    "MAX_REPORT_BYTES",
    "SCHEMA_VERSION",
    "PeerAssignment",
    "Report",
    "Status",
    "Topics",
    "WireError",
    "decode_peers",
    "decode_report",
    "decode_report_json",
    "decode_status",
    "encode_peers",
    "encode_report",
    "encode_report_json",
    "encode_status",
    "format_address",
    "is_node_name",
    "parse_address",
]
