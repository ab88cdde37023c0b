"""Whom a node probes, and whose probes it answers."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from netcore_agents.wire._address import parse_address
from netcore_agents.wire._errors import WireError
from netcore_agents.wire._fields import open_fields, pack

MAX_PEERS: Final = 512
_MAX_SOURCES: Final = 1024
_MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class PeerAssignment:
    """What the aggregator asks of one agent.

    Attributes:
        node: The node that it is for.
        peers: Nodes to probe, sorted.
        addresses: Where each of them reflects, `IP:PORT`.
        sources: IP addresses of the nodes that probe this one, sorted; peers count without being
            named here.
    """

    node: str
    peers: tuple[str, ...]
    addresses: tuple[str, ...]
    sources: tuple[str, ...]


def encode_peers(assignment: PeerAssignment) -> bytes:
    """Encode an assignment."""
    return pack(
        {
            "node": assignment.node,
            "peers": assignment.peers,
            "addresses": assignment.addresses,
            "sources": assignment.sources,
        }
    )


def decode_peers(payload: bytes) -> PeerAssignment:
    """Decode an assignment.

    Raises:
        WireError: It breaks the schema; the error names the field.
    """
    fields = open_fields(payload, limit=_MAX_BYTES)
    assignment = PeerAssignment(
        node=fields.node("node"),
        peers=fields.nodes("peers", limit=MAX_PEERS),
        addresses=fields.texts("addresses", limit=MAX_PEERS, length=64),
        sources=fields.texts("sources", limit=_MAX_SOURCES, length=64),
    )
    fields.end()
    if len(assignment.addresses) != len(assignment.peers):
        raise WireError("addresses", f"{len(assignment.peers)} entries are wanted, one a peer")
    for address in assignment.addresses:
        parse_address(address, field="addresses")
    for source in assignment.sources:
        try:
            ip_address(source)
        except ValueError:
            raise WireError("sources", f"{source!r} is no IP address") from None
    return assignment
