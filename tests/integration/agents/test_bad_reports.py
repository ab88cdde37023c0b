"""What a running aggregator does with reports that it must not believe."""

import time
from collections.abc import Iterator
from dataclasses import replace

import aiomqtt
import msgpack
import pytest

from agents.reports import report
from integration.agents.field import Running, aggregator, ask, eventually, matrix
from netcore_agents.transport import MqttTransport, TransportError, parse_broker
from netcore_agents.wire import (
    MAX_REPORT_BYTES,
    Report,
    Status,
    Topics,
    encode_report,
    encode_report_json,
    encode_status,
)

TOPICS = Topics("default")
TOKENS = {"edge-1": "1" * 20, "edge-2": "2" * 20}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("aggregator")
    tokens = directory / "tokens"
    tokens.write_text("".join(f"{node} {token}\n" for node, token in TOKENS.items()))
    options = ["--no-kubernetes", "--embedded-broker", "127.0.0.1:0", "--tokens", tokens]
    with aggregator(directory, *options) as found:
        yield found


def client(running: Running, node: str, *, password: str | None = None, **keys) -> aiomqtt.Client:
    broker = parse_broker(running.said["broker"])
    return aiomqtt.Client(
        broker.host, broker.port, username=node, password=password or TOKENS.get(node), **keys
    )


def fresh(node: str = "edge-1", **keys) -> Report:
    """A report of just now; its number grows with time."""
    now_us = time.time_ns() // 1000
    head = {"sequence": now_us, "ended_us": now_us, "started_us": now_us - 1_000_000}
    return report(node, ("edge-2" if node == "edge-1" else "edge-1",), **(head | keys))


def birth(node: str, **keys) -> bytes:
    head = {
        "node": node,
        "online": True,
        "boot": "boot-1",
        "session": 1,
        "address": "127.0.0.1:9",
        "version": "0.1.0",
        "time_us": 1,
    }
    return encode_status(Status(**(head | keys)))


def post(running: Running, body: bytes, *, node: str = "edge-1", **keys):
    return ask(f"{running.url}/v1/reports", body, **({"token": TOKENS[node]} | keys))


@pytest.fixture
async def known(running: Running) -> None:
    """Both nodes have said that they are there."""
    for node in TOKENS:
        async with client(running, node) as session:
            await session.publish(TOPICS.status(node), birth(node), qos=1, retain=True)
    eventually(lambda: running.metric("nodes") == 2, what="two nodes")


def rtt(running: Running) -> float | None:
    found = matrix(running.url)
    row, column = (found["nodes"].index(node) for node in ("edge-1", "edge-2"))
    return found["rtt_ms"][row][column]


@pytest.mark.usefixtures("known")
async def test_refused_reports_over_http_leave_the_good_one(running: Running):
    answer = post(running, encode_report(fresh()))
    assert (answer.status, answer.json) == (202, {"accepted": 1, "dropped": 0})
    assert rtt(running) == 1.0
    wild = fresh(row={"rtt_min_us": 9, "rtt_p50_us": 9_000_000, "rtt_p90_us": 9_000_000})
    payload = encode_report(wild)
    second = 1_000_000
    old = {"ended_us": wild.ended_us - 400 * second, "started_us": wild.ended_us - 401 * second}
    for body, keys, status, reason, said in (
        (payload, {"token": ""}, 401, "unauthorized", "a node's token is wanted"),
        (payload, {"token": "3" * 20}, 401, "unauthorized", "a node's token is wanted"),
        (payload, {"kind": "text/plain"}, 415, "unsupported", "application/msgpack"),
        (b"x" * (MAX_REPORT_BYTES + 1), {}, 413, "oversized", "at most 131072 bytes"),
        (b"\xc1", {}, 400, "malformed", "payload: no valid MessagePack"),
        (b"{", {"kind": "application/json"}, 400, "malformed", "payload: no valid JSON"),
        (payload, {"node": "edge-2"}, 403, "spoofed", "says it is of edge-1, comes from edge-2"),
        (encode_report(replace(wild, **old)), {}, 409, "stale", "ended 400"),
        (
            encode_report(replace(wild, ended_us=wild.ended_us + 60 * second)),
            {},
            409,
            "future",
            "is the node's clock right?",
        ),
        (encode_report(replace(wild, sequence=1)), {}, 409, "replayed", "sequence 1 was had"),
        (
            msgpack.packb(msgpack.unpackb(payload) | {"sent": b"\0"}),
            {},
            400,
            "malformed",
            "sent: 2 bytes are wanted, not 1",
        ),
    ):
        answer = post(running, body, **keys)
        error = answer.json["error"]
        assert (answer.status, error["reason"]) == (status, reason)
        assert said in error["message"]
        assert rtt(running) == 1.0
    answer = post(running, encode_report(fresh(row={"received": 31})))
    assert (answer.status, answer.json) == (202, {"accepted": 0, "dropped": 1})
    assert rtt(running) == 1.0
    posted = post(running, encode_report_json(fresh()), kind="application/json; charset=utf-8")
    assert posted.status == 202


@pytest.mark.usefixtures("known")
async def test_refused_messages_leave_the_good_one_and_are_logged_with_their_origin(
    running: Running,
):
    before = running.metric('rejected_total{reason="malformed"}')
    spoofed_before = running.metric('rejected_total{reason="spoofed"}')
    async with client(running, "edge-1") as session:
        topic = TOPICS.report("edge-1")
        await session.publish(topic, encode_report(fresh()), qos=1)
        for payload in (b"", b"\xc1", b"x" * (MAX_REPORT_BYTES + 1)):
            await session.publish(topic, payload, qos=1)
        await session.publish(TOPICS.status("edge-1"), b"nonsense", qos=1)
        spoofed = encode_report(fresh("edge-2", row={"rtt_p90_us": 9_000_000}))
        await session.publish(topic, spoofed, qos=1)
        eventually(
            lambda: running.metric('rejected_total{reason="spoofed"}') > spoofed_before,
            what="refusal of the last message",
        )
    assert running.metric('rejected_total{reason="malformed"}') >= before + 4
    assert rtt(running) == 1.0
    [told, *_] = eventually(
        lambda: [
            line
            for line in running.log()
            if line["message"] == "refused" and line["origin"] == "edge-1"
        ],
        what="log of a refusal",
    )
    assert told["level"] == "WARNING"
    assert told["count"] >= 1


@pytest.mark.usefixtures("known")
async def test_the_broker_holds_a_node_to_its_own_topics(running: Running):
    reports = running.metric("reports_total")
    async with client(running, "edge-2") as session:
        forged = encode_report(fresh("edge-1", row={"rtt_p90_us": 9_000_000}))
        await session.publish(TOPICS.report("edge-1"), forged, qos=0)
        await session.publish(TOPICS.status("edge-1"), birth("edge-1", online=False), qos=0)
        await session.publish(TOPICS.peers("edge-1"), b"x", qos=0)
        granted = await session.subscribe(TOPICS.report("edge-1"))
        assert [code.value for code in granted] == [0x80]
        # Its own gets through, after what did not.
        await session.publish(TOPICS.report("edge-2"), encode_report(fresh("edge-2")), qos=1)
    eventually(lambda: running.metric("reports_total") > reports, what="report of edge-2")
    assert running.metric("reports_total") == reports + 1
    assert running.metric("agents_online") == 2


@pytest.mark.parametrize(
    ("node", "keys"),
    [
        ("edge-1", {"password": "wrong" * 5}),
        ("stranger", {"password": "1" * 20}),
        ("_aggregator", {"password": "1" * 20}),
        ("edge-2", {"will": aiomqtt.Will(TOPICS.status("edge-1"), b"x", 1)}),
    ],
)
async def test_the_broker_lets_nobody_in_as_another(running: Running, node: str, keys):
    with pytest.raises(aiomqtt.MqttError):
        async with client(running, node, **keys):
            pass


async def test_what_may_not_be_subscribed_to_is_an_error_with_the_topic(running: Running):
    transport = MqttTransport(
        parse_broker(running.said["broker"]),
        client_id="x",
        username="edge-1",
        password=TOKENS["edge-1"],
    )
    with pytest.raises(TransportError, match="subscribing to #: the broker does not allow it"):
        async with transport.open() as session:
            await session.subscribe("#")
