"""The socket, its time stamps, and the small HTTP server, on loopback."""

import asyncio
import logging
import socket

import pytest

from netcore_agents.exposition import Exposition
from netcore_agents.probe.endpoint import Endpoint, instant
from netcore_agents.probe.health import serve_health
from netcore_agents.probe.packet import SIZE, Probe, Reply, decode
from netcore_agents.probe.prober import SendProbe, SendReply

LOOPBACK = ("127.0.0.1", 0)
PATIENCE_S = 10


async def test_a_probe_and_its_reply_carry_four_times_in_order():
    arrived: asyncio.Queue = asyncio.Queue()

    def reflect(data, source, at):
        probe = decode(data)
        assert isinstance(probe, Probe)
        there.send_reply(SendReply(probe, source, 4), received_ns=at.wall_ns)

    def take(data, source, at):
        arrived.put_nowait((decode(data), source, at))

    with Endpoint(LOOPBACK, reflect) as there, Endpoint(LOOPBACK, take) as here:
        before = instant()
        address = there.address
        stamp_ns, sent = here.send_probe(SendProbe("b", address, 9, 77))
        async with asyncio.timeout(PATIENCE_S):
            reply, source, at = await arrived.get()
        after = instant()
    assert source == address
    assert isinstance(reply, Reply)
    assert (reply.sequence, reply.probe_sequence, reply.session) == (4, 9, 77)
    assert reply.probe_sent_ns == stamp_ns == sent.wall_ns
    assert before.wall_ns <= stamp_ns <= reply.received_ns <= reply.sent_ns <= at.wall_ns
    assert before.steady_ns <= sent.steady_ns < at.steady_ns <= after.steady_ns
    assert here.stamped in {0, 1}


async def test_the_kernel_tells_when_a_packet_arrived_not_when_it_was_read():
    times = []
    with (
        Endpoint(LOOPBACK, lambda _data, _source, at: times.append(at)) as endpoint,
        socket.socket(type=socket.SOCK_DGRAM) as sender,
    ):
        sender.sendto(bytes(SIZE), endpoint.address)
        sent = instant()
        # The process looks away: nothing but the clock can be waited for here.
        while instant().steady_ns < sent.steady_ns + 30_000_000:
            pass
        endpoint._read()
        if not endpoint.stamped:
            pytest.skip("this platform does not stamp packets")
    assert abs(times[0].steady_ns - sent.steady_ns) < 10_000_000


def test_without_the_kernels_word_the_time_of_reading_counts():
    endpoint = Endpoint(LOOPBACK, lambda *_: None)
    before = instant()
    for ancillary in (
        [],
        [(socket.SOL_SOCKET, 35, b"short")],
        [(socket.SOL_SOCKET, 35, bytes(16))],
    ):
        at = endpoint._arrival(ancillary)
        assert before.steady_ns <= at.steady_ns <= instant().steady_ns
    assert endpoint.stamped == 0
    endpoint._socket.close()


async def test_a_send_that_fails_is_counted():
    with Endpoint(LOOPBACK, lambda *_: None) as endpoint:
        assert endpoint.send_probe(SendProbe("b", ("255.255.255.255", 9), 0, 0)) is None
        assert sum(endpoint.errors.values()) == 1


def test_an_address_that_is_taken_is_an_error():
    first = Endpoint(LOOPBACK, lambda *_: None)
    with pytest.raises(OSError, match="Address already in use"):
        Endpoint(first.address, lambda *_: None)
    first._socket.close()


async def ask(address: tuple[str, int], request: bytes) -> tuple[str, bytes]:
    """Status line and body."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body


async def test_health_readiness_and_metrics():
    reasons = ["no broker", ""]
    async with serve_health(
        LOOPBACK, unready=lambda: reasons.pop(0), metrics=lambda: b"x 1\n"
    ) as address:
        found = [
            await ask(address, b"%b HTTP/1.1\r\nHost: a\r\n\r\n" % line)
            for line in (
                b"GET /healthz",
                b"GET /readyz",
                b"GET /readyz?verbose",
                b"GET /metrics",
                b"HEAD /metrics",
                b"GET /else",
                b"POST /healthz",
                b"nonsense",
            )
        ]
    assert [line.removeprefix("HTTP/1.1 ") for line, _ in found] == [
        "200 OK",
        "503 Service Unavailable",
        "200 OK",
        "200 OK",
        "200 OK",
        "404 Not Found",
        "405 Method Not Allowed",
        "400 Bad Request",
    ]
    assert [body for _, body in found[:5]] == [b"ok\n", b"no broker\n", b"ok\n", b"x 1\n", b""]


async def test_what_is_no_request_does_not_stay(caplog):
    async with serve_health(LOOPBACK, unready=str, metrics=bytes) as address:
        assert await ask(address, b"x" * 20_000) == ("", b"")
        assert (await ask(address, b"GET /healthz HTTP/1.0\r\n\r\n"))[1] == b"ok\n"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_metrics_are_written_as_prometheus_reads_them():
    page = Exposition("netcore_")
    page.counter("sent_total", "Sent.", 3)
    page.gauge("share", "A share.", 0.5)
    page.counters("ignored_total", "Ignored.", "reason", {'a"b\\c\nd': 2})
    assert page.render().decode().splitlines() == [
        "# HELP netcore_sent_total Sent.",
        "# TYPE netcore_sent_total counter",
        "netcore_sent_total 3",
        "# HELP netcore_share A share.",
        "# TYPE netcore_share gauge",
        "netcore_share 0.5",
        "# HELP netcore_ignored_total Ignored.",
        "# TYPE netcore_ignored_total counter",
        'netcore_ignored_total{reason="a\\"b\\\\c\\nd"} 2',
    ]
