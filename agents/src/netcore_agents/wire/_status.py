"""Birth and will: whether an agent is there, where it can be probed, which start of it this is.

The broker keeps the last one. An agent leaves the will with the broker when it connects and then
publishes the birth; both carry the boot and the number of the connection, so that a will that
comes late, of a connection that was replaced already, is told apart from the agent's end.
"""

from dataclasses import dataclass
from typing import Final

from netcore_agents.wire._address import parse_address
from netcore_agents.wire._fields import open_fields, pack

_MAX_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Status:
    """What an agent says of itself.

    Attributes:
        node: The node it measures from.
        online: True in a birth, false in a will or a farewell.
        boot: Random name of this start of the agent.
        session: Number of the connection to the broker within this boot, from 1.
        address: Where it reflects probes, `IP:PORT`.
        version: Of netcore-agents.
        time_us: When it was written, microseconds since 1970; a will's is that of its connection.
    """

    node: str
    online: bool
    boot: str
    session: int
    address: str
    version: str
    time_us: int


def encode_status(status: Status) -> bytes:
    """Encode a status."""
    return pack(
        {
            "node": status.node,
            "online": status.online,
            "boot": status.boot,
            "session": status.session,
            "address": status.address,
            "version": status.version,
            "time_us": status.time_us,
        }
    )


def decode_status(payload: bytes) -> Status:
    """Decode a status.

    Raises:
        WireError: It breaks the schema; the error names the field.
    """
    fields = open_fields(payload, limit=_MAX_BYTES)
    status = Status(
        node=fields.node("node"),
        online=fields.flag("online"),
        boot=fields.text("boot", limit=64),
        session=fields.integer("session", low=1, high=2**32 - 1),
        address=fields.text("address", limit=64),
        version=fields.text("version", limit=64),
        time_us=fields.time_us("time_us"),
    )
    fields.end()
    parse_address(status.address)
    return status
