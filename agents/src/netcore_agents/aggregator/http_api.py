"""HTTP: reports in, the matrix, metrics and health out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from aiohttp import web

from netcore_agents.aggregator.events import ReportJudged
from netcore_agents.aggregator.tokens import Tokens
from netcore_agents.exposition import CONTENT_TYPE
from netcore_agents.wire import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from netcore_agents.aggregator.matrix import Matrix

Form = Literal["msgpack", "json"]
_FORMS: Final[dict[str, Form]] = {
    "application/msgpack": "msgpack",
    "application/x-msgpack": "msgpack",
    "application/vnd.msgpack": "msgpack",
    "application/json": "json",
}
# What a refused report is answered with; what is not named here is the report's own fault.
_STATUS: Final = {"spoofed": 403, "stale": 409, "future": 409, "replayed": 409}


@dataclass(frozen=True, slots=True)
class HttpApi:
    """What the routes ask of the program.

    Attributes:
        take: Hands a report of a proven node to the core.
        matrix: The matrix as it is now.
        metrics: The page of metrics.
        unready: Why the program is not ready; empty where it is.
        tokens: Which node a token proves; None refuses reports over HTTP.
    """

    take: Callable[[str, bytes, Form], ReportJudged]
    matrix: "Callable[[], Matrix]"
    metrics: Callable[[], bytes]
    unready: Callable[[], str]
    tokens: Tokens | None

    @asynccontextmanager
    async def serve(self, address: tuple[str, int]) -> AsyncIterator[tuple[str, int]]:
        """Serve for as long as the context is open; yields the address bound.

        Raises:
            OSError: The address cannot be bound.
        """
        app = web.Application(client_max_size=MAX_REPORT_BYTES)
        app.add_routes(
            [
                web.post("/v1/reports", self._post_report),
                web.get("/v1/matrix", self._get_matrix),
                web.get("/v1/matrix.npz", self._get_npz),
                web.get("/metrics", self._get_metrics),
                web.get("/healthz", self._get_health),
                web.get("/readyz", self._get_readiness),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, *address)
            await site.start()
            host, port, *_ = runner.addresses[0]
            yield host, port
        finally:
            await runner.cleanup()

    async def _post_report(self, request: web.Request) -> web.Response:
        if self.tokens is None:
            return _error(403, "forbidden", "reports over HTTP need --tokens")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        node = self.tokens.node_of(token.strip()) if scheme.lower() == "bearer" else None
        if node is None:
            answer = _error(401, "unauthorized", "a node's token is wanted: Authorization: Bearer")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        form = _FORMS.get(request.content_type)
        if form is None:
            return _error(415, "unsupported", f"one of these is wanted: {', '.join(_FORMS)}")
        try:
            payload = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "oversized", f"at most {MAX_REPORT_BYTES} bytes are wanted")
        judged = self.take(node, payload, form)
        if judged.refusal is not None:
            reason = judged.refusal.reason
            return _error(_STATUS.get(reason, 400), reason, judged.refusal.detail)
        return _json({"accepted": judged.accepted, "dropped": judged.dropped}, status=202)

    async def _get_matrix(self, _: web.Request) -> web.Response:
        return _json(self.matrix().to_json())

    async def _get_npz(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self.matrix().to_npz(),
            content_type="application/octet-stream",
            headers={"Content-Disposition": 'attachment; filename="matrix.npz"'},
        )

    async def _get_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics(), headers={"Content-Type": CONTENT_TYPE})

    async def _get_health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _get_readiness(self, _: web.Request) -> web.Response:
        reason = self.unready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)


def _json(value: Any, *, status: int = 200) -> web.Response:
    body = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)
    return web.Response(body=body, status=status, content_type="application/json")


def _error(status: int, reason: str, message: str) -> web.Response:
    return _json({"error": {"reason": reason, "message": message}}, status=status)
