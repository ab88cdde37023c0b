"""`/healthz`, `/readyz` and `/metrics` over HTTP, without a web framework on the edge node."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from netcore_agents.exposition import CONTENT_TYPE

_PLAIN: Final = "text/plain; charset=utf-8"
_HEAD_LIMIT: Final = 8192
_PATIENCE_S: Final = 5.0


@asynccontextmanager
async def serve_health(
    address: tuple[str, int],
    *,
    unready: Callable[[], str],
    metrics: Callable[[], bytes],
) -> AsyncIterator[tuple[str, int]]:
    """Serve for as long as the context is open; yields the address bound.

    Args:
        address: IP and port; port 0 lets the system choose.
        unready: Why the program is not ready; empty where it is.
        metrics: The page of metrics.

    Raises:
        OSError: The address cannot be bound.
    """

    def answer(method: str, path: str) -> tuple[HTTPStatus, str, bytes]:
        if method not in {"GET", "HEAD"}:
            return HTTPStatus.METHOD_NOT_ALLOWED, _PLAIN, b"only GET\n"
        if path == "/healthz":
            return HTTPStatus.OK, _PLAIN, b"ok\n"
        if path == "/readyz":
            reason = unready()
            status = HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.OK
            return status, _PLAIN, f"{reason or 'ok'}\n".encode()
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, metrics()
        return HTTPStatus.NOT_FOUND, _PLAIN, b"see /healthz, /readyz, /metrics\n"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # One request a connection: whoever asks here asks each few seconds at most.
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                if len(words) != 3 or not words[2].startswith("HTTP/1."):
                    status, kind, body = HTTPStatus.BAD_REQUEST, _PLAIN, b"no HTTP request\n"
                else:
                    status, kind, body = answer(words[0], words[1].partition("?")[0])
                writer.write(
                    f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                )
                writer.write(b"" if words[0] == "HEAD" else body)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, *address, limit=_HEAD_LIMIT)
    async with server:
        host, port, *_ = server.sockets[0].getsockname()
        yield host, port
