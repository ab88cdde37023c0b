"""A client's connection: requests handled one after the other, answers written, streams fed."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from netcore_cluster.api.http1 import (
    ProtocolError,
    Request,
    RequestParser,
    Response,
    encode,
    encode_chunk,
    encode_stream_head,
)

logger = logging.getLogger(__name__)

MAX_UNREAD_BYTES = 4 << 20
"""Bytes read ahead of the request under way before the connection stops reading."""

IDLE_TIMEOUT_S = 300.0

LINGER_S = 2.0
"""How long the rest of a refused request is taken and dropped."""


@dataclass(slots=True)
class Stream:
    """An answer without end: its parts go out as they come, each in a chunk of its own.

    The generator is closed when the client hangs up or the server stops.
    """

    parts: AsyncGenerator[bytes, None]
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = field(default=())


Certificate = dict[str, object]
Handler = Callable[[Request, Certificate | None], Awaitable[Response | Stream]]


class Connection(asyncio.Protocol):
    """One connection; `serve` runs in a task of its own until the peer or the server ends it."""

    def __init__(self, opened: Callable[["Connection"], None]) -> None:
        """Calls `opened` once the connection stands."""
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self._parser = RequestParser()
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._unread_bytes = 0
        self._is_lost = False
        self._is_last = False
        self._is_refused = False
        self.is_busy = False
        self._streaming: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes over a new connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop.call_later(IDLE_TIMEOUT_S, self._check_idle)
        transport.set_write_buffer_limits(high=1 << 20)
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Takes bytes of a request."""
        if self._is_refused:
            return
        self._heard_s = self._loop.time()
        self._parser.feed(data)
        self._readable.set()
        if self.is_busy:
            self._unread_bytes += len(data)
            if self._unread_bytes > MAX_UNREAD_BYTES:
                self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Ends the connection when the peer has said its last word."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Wakes whoever waits for the peer."""
        self._is_lost = True
        self._readable.set()
        self._writable.set()
        if self._streaming is not None:
            self._streaming.cancel()

    def pause_writing(self) -> None:
        """Stops the answers while the peer does not read them."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Goes on with the answers."""
        self._writable.set()

    @property
    def is_answering(self) -> bool:
        """Whether a request is under way whose answer will have an end."""
        return self.is_busy and self._streaming is None

    def finish(self) -> None:
        """Ends the connection after the answer under way."""
        self._is_last = True

    async def serve(self, handle: Handler) -> None:
        """Answers requests until the connection ends."""
        certificate = self._transport.get_extra_info("peercert") or None
        try:
            while (request := await self._next_request()) is not None:
                self.is_busy = True
                answer = await handle(request, certificate)
                if isinstance(answer, Response):
                    has_body = request.method != "HEAD"
                    self._transport.write(
                        encode(answer, keeps_alive=request.keeps_alive, has_body=has_body)
                    )
                    await self._writable.wait()
                else:
                    await self._send_stream(answer)
                self.is_busy = False
                self._unread_bytes = 0
                self._transport.resume_reading()
                if self._is_last or not request.keeps_alive:
                    break
        except ProtocolError as error:
            refusal = Response(error.code, str(error).encode(), "text/plain; charset=utf-8")
            self._transport.write(encode(refusal, keeps_alive=False))
            await self._linger()
        except (ConnectionError, ssl.SSLError) as error:
            logger.debug("connection lost", extra={"error": str(error)})
        finally:
            self.is_busy = False
            self._transport.close()

    def _check_idle(self) -> None:
        """Closes a connection on which nothing happens; a timer a request would cost more."""
        if self._is_lost:
            return
        idle_s = self._loop.time() - self._heard_s
        if not self.is_busy and idle_s >= IDLE_TIMEOUT_S:
            self._transport.close()
            return
        self._loop.call_later(max(1.0, IDLE_TIMEOUT_S - idle_s), self._check_idle)

    async def _linger(self) -> None:
        """Takes what the peer still sends and drops it, so that it gets to read the answer.

        A connection closed on unread data is reset, and the peer may never see why.
        """
        self._is_refused = True
        self._transport.resume_reading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._is_lost:
                    self._readable.clear()
                    await self._readable.wait()

    async def _next_request(self) -> Request | None:
        while not self._is_lost:
            request = self._parser.next_request()
            if self._parser.interim:
                if request is None:
                    self._transport.write(self._parser.interim)
                self._parser.interim = b""
            if request is not None:
                return request
            self._readable.clear()
            await self._readable.wait()
        return None

    async def _send_stream(self, stream: Stream) -> None:
        self._transport.write(encode_stream_head(stream.content_type, stream.headers))
        # The next part may be long in coming: the peer's hanging up cancels the wait for it.
        self._streaming = asyncio.current_task()
        try:
            async with contextlib.aclosing(stream.parts) as parts:
                async for part in parts:
                    if part:  # an empty chunk would end the body
                        self._transport.write(encode_chunk(part))
                        await self._writable.wait()
        finally:
            self._streaming = None
            # A stream that the server ends is whole; one that the peer has left needs no end.
            self._transport.write(encode_chunk(b""))
