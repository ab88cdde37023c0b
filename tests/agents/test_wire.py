"""What goes over the wire comes back the same; what is not of the wire ends in one error."""

import contextlib
import json
import string
from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reports import report
from netcore_agents.wire import (
    MAX_REPORT_BYTES,
    PeerAssignment,
    Report,
    Status,
    Topics,
    WireError,
    decode_peers,
    decode_report,
    decode_report_json,
    decode_status,
    encode_peers,
    encode_report,
    encode_report_json,
    encode_status,
    format_address,
    is_node_name,
    parse_address,
)

DECODERS = [decode_status, decode_peers, decode_report, decode_report_json]

letters = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
nodes = st.lists(letters, min_size=1, max_size=3).map(".".join)
words = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=64)
times = st.integers(0, 2**51)
addresses = st.builds(format_address, st.ip_addresses().map(str), st.integers(1, 65535))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    peers = tuple(draw(st.lists(nodes, unique=True, max_size=20)))

    def column(width: int) -> tuple[int, ...]:
        entries = st.integers(0, 256**width - 1)
        return tuple(draw(st.lists(entries, min_size=len(peers), max_size=len(peers))))

    return Report(
        node=draw(nodes),
        boot=draw(words),
        sequence=draw(st.integers(1, 2**63 - 1)),
        started_us=draw(times),
        ended_us=draw(times),
        dropped=draw(st.integers(0, 2**32)),
        peers=peers,
        rtt_min_us=column(4),
        rtt_p50_us=column(4),
        rtt_p90_us=column(4),
        jitter_us=column(4),
        sent=column(2),
        reached=column(2),
        received=column(2),
        bandwidth_bps=column(8) if draw(st.booleans()) else (),
    )


@st.composite
def assignments(draw: st.DrawFn) -> PeerAssignment:
    peers = tuple(draw(st.lists(nodes, unique=True, max_size=20)))
    return PeerAssignment(
        node=draw(nodes),
        peers=peers,
        addresses=tuple(draw(addresses) for _ in peers),
        sources=tuple(draw(st.lists(st.ip_addresses().map(str), max_size=5))),
    )


statuses = st.builds(
    Status,
    node=nodes,
    online=st.booleans(),
    boot=words,
    session=st.integers(1, 2**32 - 1),
    address=addresses,
    version=words,
    time_us=times,
)


@given(reports())
def test_a_report_comes_back_the_same(sent: Report):
    assert decode_report(encode_report(sent)) == sent
    assert decode_report_json(encode_report_json(sent)) == sent


@given(statuses)
def test_a_status_comes_back_the_same(sent: Status):
    assert decode_status(encode_status(sent)) == sent


@given(assignments())
def test_an_assignment_comes_back_the_same(sent: PeerAssignment):
    assert decode_peers(encode_peers(sent)) == sent


@given(st.binary(max_size=300))
@pytest.mark.parametrize("decode", DECODERS)
def test_no_bytes_end_in_another_error(decode, payload: bytes):
    with pytest.raises(WireError):
        decode(payload)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(reports(), st.data())
def test_a_field_of_another_kind_is_refused_by_name(sent: Report, data):
    fields = msgpack.unpackb(encode_report(sent))
    name = data.draw(st.sampled_from(sorted(fields)))
    value = data.draw(anything)
    changed = msgpack.packb(fields | {name: value})
    # By chance the value may be one of the field's kind.
    refused = None
    try:
        decode_report(changed)
    except WireError as error:
        refused = error
    assert refused is None or refused.field in fields


@given(st.data())
def test_a_changed_byte_ends_in_a_report_or_the_error(data):
    payload = bytearray(encode_report(report(peers=("b", "c"))))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        decode_report(bytes(payload))


def fields_of(**keys):
    return msgpack.packb(msgpack.unpackb(encode_report(report())) | keys)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "payload: no valid MessagePack"),
        (b"\x93\x01\x02\x03", "payload: a map is wanted, not list"),
        (b"x" * (MAX_REPORT_BYTES + 1), "payload: at most 131072 bytes are wanted, not 131073"),
        (msgpack.packb({"v": 1}), "peers: missing"),
        (fields_of(v=2), "v: 1 to 1 is wanted"),
        (fields_of(more=1), "more: unknown field"),
        (fields_of(node="Not A Node"), "node: 'Not A Node' is no node name"),
        (fields_of(node="x" * 300), "node: 1 to 253 printable characters"),
        (fields_of(sequence=0), "sequence: 1 to"),
        (fields_of(sequence=True), "sequence: an integer is wanted, not bool"),
        (fields_of(peers=["b", "b"], sent=b"\0" * 4), "peers: a node is named twice"),
        (fields_of(peers=["b", "c"]), "rtt_min_us: 8 bytes are wanted, not 4"),
        (fields_of(peers=[f"n{i}" for i in range(600)]), "peers: at most 512 entries"),
        (fields_of(sent=[30]), "sent: packed bytes are wanted, not list"),
        (fields_of(ended_us=2**62), "ended_us: 0 to"),
        (b"\x82\xa1v\x01\xa1v\x01", "v: given twice"),
        (b"\xd9" + b"\xff" * 9, "payload: no valid MessagePack"),
        (b"\x91" * 5000, "payload: no valid MessagePack"),
    ],
)
def test_what_is_wrong_is_said_by_name(payload: bytes, said: str):
    with pytest.raises(WireError, match=said):
        decode_report(payload)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"{", "payload: no valid JSON"),
        (b"[" * 100_000, "payload: no valid JSON"),
        (b'{"v": NaN}', "payload: NaN is not JSON"),
        (b'{"v": 1, "v": 1}', "v: given twice"),
        (b'{"v": 1.0}', "v: an integer is wanted, not float"),
    ],
)
def test_json_is_read_as_strictly(payload: bytes, said: str):
    with pytest.raises(WireError, match=said):
        decode_report_json(payload)


@pytest.mark.parametrize("value", [70_000, -1, 1.5, "1", True, None])
def test_a_column_in_json_holds_integers_of_its_width(value):
    fields = json.loads(encode_report_json(report())) | {"sent": [value]}
    with pytest.raises(WireError, match="sent: integers of 0 to 65535 are wanted"):
        decode_report_json(json.dumps(fields).encode())


def test_a_report_of_sixteen_peers_is_small():
    peers = tuple(f"edge-eu-west-1a-{number:02}" for number in range(16))
    sent = replace(report(node="edge-eu-west-1a-99", peers=peers), boot="0123456789abcdef")
    assert len(encode_report(sent)) < 900


def test_topics_are_told_apart():
    topics = Topics("shop")
    assert topics.status("edge-1") == "netcore/v1/shop/edge-1/status"
    assert topics.parse(topics.report("edge-1.example")) == ("edge-1.example", "report")
    for wrong in (
        "netcore/v1/shop/a/other",
        "netcore/v1/else/a/status",
        "netcore/v1/shop/a",
        "",
        "netcore/v1/shop/a/b/status",
        "netcore/v1/shop/A_B/status",
    ):
        with pytest.raises(WireError, match="topic: "):
            topics.parse(wrong)
    for wrong in ("", "a/b", "+", "#", "x" * 64):
        with pytest.raises(WireError, match="cluster: "):
            Topics(wrong)


@given(st.text(max_size=30))
def test_no_text_is_an_address_unless_it_comes_back(text: str):
    try:
        host, port = parse_address(text)
    except WireError:
        return
    assert parse_address(format_address(host, port)) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "localhost:1",
        "1.2.3.4",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "::1:80",
        "[1.2.3.4]:80",
        "[fe80::1%eth0]:80",
        "1.2.3.4:+1",
        "1.2.3.4:\uff11",
    ],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(WireError, match="address: "):
        parse_address(text)


def test_names_of_nodes():
    assert is_node_name("edge-1.example.org")
    for wrong in ("", "Edge", "-a", "a-", "a_b", "a/b", "a\n", "x" * 254):
        assert not is_node_name(wrong)


def test_an_assignment_names_one_address_a_peer():
    payload = msgpack.unpackb(encode_peers(PeerAssignment("a", ("b",), ("127.0.0.1:1",), ())))
    for keys, said in (
        ({"addresses": []}, "addresses: 1 entries are wanted"),
        ({"addresses": ["b.example:1"]}, "addresses: 'b.example:1' does not begin with an IP"),
        ({"sources": ["b"]}, "sources: 'b' is no IP address"),
    ):
        with pytest.raises(WireError, match=said):
            decode_peers(msgpack.packb(payload | keys))
