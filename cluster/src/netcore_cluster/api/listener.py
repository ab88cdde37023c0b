"""The listening socket: aiohttp speaks HTTP, the server answers."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import ClientConnectionError, web

from netcore_cluster.api.messages import MAX_BODY_BYTES, Request, Response, Stream
from netcore_cluster.api.server import Server

DRAIN_S = 2.0
"""How long requests under way may take when the server stops."""

IDLE_TIMEOUT_S = 300.0


@asynccontextmanager
async def listening(
    sock: socket.socket, server: Server, context: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Serves connections while the context lasts; then lets requests under way end.

    Args:
        sock: a bound socket, which is taken over.
        server: who answers.
        context: TLS; None for plain HTTP.
    """
    front = _Front(server)
    loop = asyncio.get_running_loop()
    request = partial(web.BaseRequest, loop=loop, client_max_size=MAX_BODY_BYTES)
    runner = web.ServerRunner(
        web.Server(
            front.answer,
            request_factory=request,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=IDLE_TIMEOUT_S,
        ),
        shutdown_timeout=DRAIN_S,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, sock, ssl_context=context, backlog=1024).start()
        yield
    finally:
        front.end_streams()
        await runner.cleanup()


class _Front:
    """Turns aiohttp's requests into the server's, and the server's answers into aiohttp's."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streaming: set[asyncio.Task[Any]] = set()
        self._is_ending = False

    async def answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        if incoming.headers.get("Expect", "").lower() == "100-continue":
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            incoming.writer.output_size = 0
        try:
            body = await incoming.read()
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        request = Request(incoming.method, incoming.raw_path, incoming.headers, body)
        transport = incoming.transport
        certificate = transport.get_extra_info("peercert") if transport else None
        # What is being written is written, whether the client still waits for the answer or not.
        answer = await asyncio.shield(
            asyncio.ensure_future(self._server.handle(request, certificate or None))
        )
        if isinstance(answer, Stream):
            return await self._send(incoming, answer)
        return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))

    def end_streams(self) -> None:
        """Ends the answers that have no end of their own, and begins no more."""
        self._is_ending = True
        for task in self._streaming:
            task.cancel()

    async def _send(self, incoming: web.BaseRequest, stream: Stream) -> web.StreamResponse:
        response = web.StreamResponse(headers=_headers(stream))
        task = asyncio.current_task()
        assert task is not None
        self._streaming.add(task)
        try:
            async with contextlib.aclosing(stream.parts) as parts:
                await response.prepare(incoming)
                if not self._is_ending:
                    async for part in parts:
                        await response.write(part)
        except asyncio.CancelledError:
            if not self._is_ending:
                raise
            # A stream that the server ends is whole.
            task.uncancel()
        except ClientConnectionError:
            pass
        finally:
            self._streaming.discard(task)
        with contextlib.suppress(ClientConnectionError):
            await response.write_eof()
        return response


def _too_large() -> web.Response:
    text = f"Request entity too large: limit is {MAX_BODY_BYTES}"
    refusal = web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text=text)
    # The rest of the body is read and dropped, so that the client gets to read the answer.
    refusal.force_close()
    return refusal


def _headers(answer: Response | Stream) -> list[tuple[str, str]]:
    return [("Content-Type", answer.content_type), *answer.headers]
