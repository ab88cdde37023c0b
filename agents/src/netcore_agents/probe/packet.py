"""Probes and replies on the wire: the unauthenticated packets of STAMP (RFC 8762, section 4).

Both are 44 bytes long, so a reflector never sends more than it got. Time stamps are PTPv2's: 32
bits of seconds since 1970 and 32 of nanoseconds. The session identifier is that of RFC 8972.
Probes and replies use one port; a reply is told by its receive time stamp, which stands where a
probe must be zero.
"""

import struct
from dataclasses import dataclass
from typing import Final

SIZE: Final = 44
_PROBE: Final = struct.Struct(">IIIHH28x")
_REPLY: Final = struct.Struct(">IIIHHIIIIIH2xB3x")
# Z set (PTPv2 format), S clear (not known to be synchronised), multiplier 1: RFC 8762, 4.2.1.
_ERROR_ESTIMATE: Final = 0x4001
_Z_BIT: Final = 0x4000
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Probe:
    """What a sender sends.

    Attributes:
        sequence: Number of the probe in its session, from 0.
        sent_ns: When it was sent by the sender's clock, nanoseconds since 1970.
        session: Identifier of the session, 16 bits.
        error_estimate: As sent; a reply carries it back.
    """

    sequence: int
    sent_ns: int
    session: int
    error_estimate: int = _ERROR_ESTIMATE


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reflector sends back.

    Attributes:
        sequence: Probes of the session that the reflector had counted before this one.
        sent_ns: When the reply was sent, by the reflector's clock.
        session: Of the probe.
        received_ns: When the probe arrived, by the reflector's clock.
        probe_sequence: Of the probe.
        probe_sent_ns: Of the probe, by the sender's clock.
    """

    sequence: int
    sent_ns: int
    session: int
    received_ns: int
    probe_sequence: int
    probe_sent_ns: int


def encode_probe(sequence: int, sent_ns: int, session: int) -> bytes:
    """Encode a probe."""
    seconds, nanos = divmod(sent_ns, _NS)
    return _PROBE.pack(sequence & 0xFFFFFFFF, seconds & 0xFFFFFFFF, nanos, _ERROR_ESTIMATE, session)


def encode_reply(probe: Probe, *, sequence: int, received_ns: int, sent_ns: int) -> bytes:
    """Encode the reply to a probe."""
    sent = divmod(sent_ns, _NS)
    received = divmod(received_ns, _NS)
    probe_sent = divmod(probe.sent_ns, _NS)
    return _REPLY.pack(
        sequence & 0xFFFFFFFF,
        sent[0] & 0xFFFFFFFF,
        sent[1],
        _ERROR_ESTIMATE,
        probe.session,
        received[0] & 0xFFFFFFFF,
        received[1],
        probe.sequence,
        probe_sent[0],
        probe_sent[1],
        probe.error_estimate,
        0,  # the probe's time to live, which we do not read
    )


def decode(data: bytes) -> Probe | Reply | None:
    """Decode a packet; None where it is neither a probe nor a reply of ours."""
    if len(data) != SIZE:
        return None
    (sequence, seconds, nanos, estimate, session, rx_seconds, rx_nanos, *echo, _ttl) = (
        _REPLY.unpack(data)
    )
    if not estimate & _Z_BIT or nanos >= _NS:
        return None
    sent_ns = seconds * _NS + nanos
    if not rx_seconds:
        return Probe(sequence, sent_ns, session, estimate) if not any(data[16:]) else None
    probe_sequence, probe_seconds, probe_nanos, _estimate = echo
    if rx_nanos >= _NS or probe_nanos >= _NS:
        return None
    return Reply(
        sequence=sequence,
        sent_ns=sent_ns,
        session=session,
        received_ns=rx_seconds * _NS + rx_nanos,
        probe_sequence=probe_sequence,
        probe_sent_ns=probe_seconds * _NS + probe_nanos,
    )
