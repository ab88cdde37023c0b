"""Packets of the probes, byte for byte as RFC 8762 lays them out."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_agents.probe.packet import SIZE, Probe, Reply, decode, encode_probe, encode_reply

NS = 1_000_000_000
stamps = st.integers(NS, 2**32 * NS - 1)
short = st.integers(0, 2**16 - 1)
counts = st.integers(0, 2**32 - 1)


@given(counts, stamps, short)
def test_a_probe_comes_back_the_same(sequence: int, sent_ns: int, session: int):
    assert decode(encode_probe(sequence, sent_ns, session)) == Probe(sequence, sent_ns, session)


@given(counts, stamps, short, counts, stamps, stamps)
def test_a_reply_carries_what_the_probe_brought(
    number: int, probe_ns: int, session: int, sequence: int, received_ns: int, sent_ns: int
):
    packet = encode_reply(
        Probe(number, probe_ns, session),
        sequence=sequence,
        received_ns=received_ns,
        sent_ns=sent_ns,
    )
    assert decode(packet) == Reply(sequence, sent_ns, session, received_ns, number, probe_ns)


def test_the_layout_is_that_of_the_standard():
    probe = encode_probe(7, 5 * NS + 9, 0xABCD)
    # Sequence, PTP seconds and nanoseconds, error estimate, session, 28 bytes of zero: figure 1.
    assert probe == struct.pack(">IIIHH", 7, 5, 9, 0x4001, 0xABCD) + bytes(28)
    reply = encode_reply(
        Probe(7, 5 * NS + 9, 0xABCD, 0x4002), sequence=3, received_ns=6 * NS + 1, sent_ns=8 * NS + 2
    )
    # Figure 5: … receive time stamp, the sender's sequence, time stamp, error estimate, MBZ, TTL.
    assert reply == struct.pack(
        ">IIIHHIIIIIHHBBH", 3, 8, 2, 0x4001, 0xABCD, 6, 1, 7, 5, 9, 0x4002, 0, 0, 0, 0
    )
    assert len(probe) == len(reply) == SIZE == 44


@given(st.binary(max_size=64))
def test_no_bytes_raise(data: bytes):
    packet = decode(data)
    assert packet is None or len(data) == SIZE


@pytest.mark.parametrize(
    "data",
    [
        encode_probe(0, NS, 1)[:-1],
        encode_probe(0, NS, 1) + b"\0",
        struct.pack(">IIIHH", 7, 5, NS, 0x4001, 1) + bytes(28),  # nanoseconds of a whole second
        struct.pack(">IIIHH", 7, 5, 9, 0x0001, 1) + bytes(28),  # NTP's format
        encode_probe(0, NS, 1)[:-1] + b"x",  # not zero where it must be
    ],
)
def test_what_is_no_packet_is_none(data: bytes):
    assert decode(data) is None
