"""`/healthz`, `/livez`, `/readyz` and `/metrics` over HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from netcore_scheduler.shell.metrics import Metrics


class ListenError(Exception):
    """The address of health and metrics cannot be listened on."""


@asynccontextmanager
async def health_endpoint(
    address: tuple[str, int], metrics: Metrics, *, is_ready: Callable[[], bool]
) -> AsyncIterator[tuple[str, int]]:
    """Serve while the context lasts; yields the address, with the port that was taken.

    Raises:
        ListenError: The address cannot be listened on.
    """

    async def answer(request: web.BaseRequest) -> web.Response:
        match request.path:
            case "/healthz" | "/livez":
                return web.Response(text="ok")
            case "/readyz":
                ready = is_ready()
                return web.Response(
                    text="ok" if ready else "the caches are not filled yet",
                    status=200 if ready else 503,
                )
            case "/metrics":
                return web.Response(
                    body=metrics.exposition(),
                    headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
                )
        return web.Response(text="not found", status=404)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    try:
        site = web.TCPSite(runner, *address, shutdown_timeout=1.0)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(f"{address[0]}:{address[1]}: {error}") from error
        host, port = runner.addresses[0][:2]
        yield str(host), int(port)
    finally:
        await runner.cleanup()
