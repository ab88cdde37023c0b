"""The server on a socket: metrics, a failed disk, streams and their end, hasty clients."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from netcore_cluster.api.address import bind
from netcore_cluster.api.bootstrap import bootstrap
from netcore_cluster.api.http1 import MAX_BODY_BYTES
from netcore_cluster.api.identity import Authenticator
from netcore_cluster.api.listener import listening
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.server import Server
from netcore_cluster.storage.store import Store, open_store

TOKEN = "secret"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class Peer:
    """A client that writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, method: str, target: str, body: bytes = b"", *, token: str = TOKEN) -> None:
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), headers

    async def answer(self) -> tuple[int, bytes]:
        code, headers = await self.head()
        return code, await self.reader.readexactly(int(headers["content-length"]))

    async def chunk(self) -> bytes:
        size = int(await self.reader.readline(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]


class Running:
    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def peer(self) -> AsyncIterator[Peer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Peer(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Running]:
    async with open_store(folder, is_durable=False) as store:
        registry = Registry(store)
        await bootstrap(registry, port=6443)
        sock = bind("127.0.0.1", 0)
        server = Server(registry, Authenticator(TOKEN))
        async with listening(sock, server, None):
            yield Running(sock.getsockname()[1])


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as found:
        yield found


def config_map(name: str) -> bytes:
    return orjson.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


async def test_requests_sent_ahead_are_answered_in_order(running: Running) -> None:
    async with running.peer() as peer:
        for index in range(20):
            peer.send("POST", CONFIG_MAPS, config_map(f"m{index}"))
        for index in range(20):
            code, body = await peer.answer()
            assert (code, orjson.loads(body)["metadata"]["name"]) == (201, f"m{index}")


async def test_metrics_count_what_was_answered(running: Running) -> None:
    async with running.peer() as peer:
        peer.send("POST", CONFIG_MAPS, config_map("one"))
        peer.send("GET", f"{CONFIG_MAPS}/none")
        peer.send("GET", "/metrics")
        assert [(await peer.answer())[0] for _ in range(2)] == [201, 404]
        code, text = await peer.answer()
    assert code == 200
    lines = text.decode().splitlines()
    for code in ("201", "404"):
        verb = "POST" if code == "201" else "GET"
        labels = f'code="{code}",resource="configmaps",subresource="",verb="{verb}"'
        assert any(
            line.startswith("apiserver_request_total{")
            and all(part in line for part in labels.split(","))
            and line.endswith(" 1.0")
            for line in lines
        )
    assert 'apiserver_storage_objects{resource="configmaps"} 1.0' in lines
    assert any(line.startswith("apiserver_request_duration_seconds_bucket{") for line in lines)


async def test_a_failed_disk_is_told_and_reads_go_on(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with running.peer() as peer:
        peer.send("POST", CONFIG_MAPS, config_map("one"))
        assert (await peer.answer())[0] == 201
        monkeypatch.setattr("netcore_cluster.storage.sqlite.Database.write", full)
        for _ in range(2):
            peer.send("POST", CONFIG_MAPS, config_map("two"))
            code, body = await peer.answer()
            assert code == 500
            assert "disk is full" in orjson.loads(body)["message"]
        peer.send("GET", f"{CONFIG_MAPS}/one")
        assert (await peer.answer())[0] == 200
        peer.send("GET", "/readyz")
        code, body = await peer.answer()
        assert (code, b"read-only" in body) == (500, True)


async def test_a_watch_ends_whole_when_the_server_does(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        peer = Peer(reader, writer)
        peer.send("GET", f"{CONFIG_MAPS}?watch=1")
        code, headers = await peer.head()
        assert (code, headers["transfer-encoding"]) == (200, "chunked")
        async with running.peer() as other:
            other.send("POST", CONFIG_MAPS, config_map("one"))
            assert (await other.answer())[0] == 201
        event = orjson.loads(await peer.chunk())
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "one")
    assert await peer.chunk() == b""
    assert await reader.read() == b""
    writer.close()


async def test_a_watcher_that_hangs_up_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_store(tmp_path, is_durable=False) as store:
        registry = Registry(store)
        await bootstrap(registry, port=6443)
        sock = bind("127.0.0.1", 0)
        async with listening(sock, Server(registry, Authenticator(TOKEN)), None):
            async with Running(sock.getsockname()[1]).peer() as peer:
                peer.send("GET", f"{CONFIG_MAPS}?watch=1")
                await peer.head()
                peer.send("GET", "/readyz")  # never answered: a watch is the last thing here
                await watchers(store, 1)
            await watchers(store, 0)


async def watchers(store: Store, count: int) -> None:
    """Returns when the store has that many; nothing tells of it but the number."""
    async with asyncio.timeout(5):
        while store.watcher_count() != count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_body_over_the_limit_is_refused_while_it_is_still_sent(running: Running) -> None:
    async with running.peer() as peer:
        body = b"x" * (MAX_BODY_BYTES + 1)
        peer.send("POST", CONFIG_MAPS, body)
        code, text = await peer.answer()
        assert code == 413
        assert b"limit is 3145728" in text
        assert await peer.reader.read() == b""


async def test_a_stranger_learns_nothing(running: Running) -> None:
    async with running.peer() as peer:
        for path in (CONFIG_MAPS, "/metrics", "/api", "/nowhere"):
            peer.send("GET", path, token="wrong")
            assert (await peer.answer())[0] == 401
        peer.send("GET", "/livez", token="wrong")
        assert await peer.answer() == (200, b"ok")
