"""A TCP relay before an API server that loses what a test wants lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from urllib.parse import urlsplit


class Loss(Enum):
    NOTHING = "nothing"
    REQUESTS = "requests"
    """The server never gets what the client sends; the connection breaks."""
    ANSWERS = "answers"
    """The server does as it is told; the connection breaks before the client hears of it."""


class LossyRelay:
    """Forwards connections; what is lost may change while they stand.

    Attributes:
        loss: What is lost from now on.
        losses: How often something was.
        lost: Set at each loss.
    """

    def __init__(self, upstream: str) -> None:
        self.loss = Loss.NOTHING
        self.losses = 0
        self.lost = asyncio.Event()
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname, parts.port)
        self.scheme = parts.scheme

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._upstream)
        ways = (
            asyncio.create_task(self._forward(reader, back, Loss.REQUESTS)),
            asyncio.create_task(self._forward(there, writer, Loss.ANSWERS)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (back, writer):
                end.transport.abort()

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Loss
    ) -> None:
        while data := await source.read(1 << 16):
            if self.loss is way:
                self.losses += 1
                self.lost.set()
                return
            sink.write(data)


@asynccontextmanager
async def lossy(upstream: str) -> AsyncIterator[tuple[LossyRelay, str]]:
    """A relay before the server at a URL, and the URL to reach it by."""
    relay = LossyRelay(upstream)
    server = await asyncio.start_server(relay.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield relay, f"{relay.scheme}://127.0.0.1:{port}"
