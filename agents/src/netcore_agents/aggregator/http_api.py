"""The aggregator over HTTP: reports in, the matrix out, health and metrics."""

import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal

import orjson
from aiohttp import web

from netcore_agents.aggregator.events import ReportJudged
from netcore_agents.aggregator.matrix import Matrix
from netcore_agents.exposition import CONTENT_TYPE
from netcore_agents.wire import MAX_REPORT_BYTES

_FORMS: Final[dict[str, Literal["msgpack", "json"]]] = {
    "application/msgpack": "msgpack",
    "application/vnd.msgpack": "msgpack",
    "application/json": "json",
}
# JSON spells out in digits what MessagePack packs into bytes.
_MAX_BODY: Final = 4 * MAX_REPORT_BYTES
# Refusals that are about the sender, not about the bytes.
_FORBIDDEN: Final = frozenset({"spoofed"})
_CONFLICT: Final = frozenset({"replayed", "stale", "future"})


class HttpApi:
    """Answers requests.

    Args:
        tokens: Token → node that it proves.
        take: Hands a report to the core: sender, payload, form.
        matrix: The topology as it stands.
        metrics: The page of metrics.
        unready: Why the program is not ready; empty where it is.
    """

    def __init__(
        self,
        *,
        tokens: Mapping[str, str],
        take: Callable[[str, bytes, Literal["msgpack", "json"]], ReportJudged],
        matrix: Callable[[], Matrix],
        metrics: Callable[[], bytes],
        unready: Callable[[], str],
    ) -> None:
        self._tokens = tokens
        self._take = take
        self._matrix = matrix
        self._metrics = metrics
        self._unready = unready

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(client_max_size=_MAX_BODY)
        application.add_routes(
            [
                web.post("/v1/reports", self._post_report),
                web.get("/v1/matrix", self._get_matrix),
                web.get("/v1/matrix.npz", self._get_npz),
                web.get("/metrics", self._get_metrics),
                web.get("/healthz", self._get_health),
                web.get("/readyz", self._get_ready),
            ]
        )
        return application

    async def _post_report(self, request: web.Request) -> web.Response:
        node = self._sender(request.headers.get("Authorization", ""))
        if node is None:
            return _problem(401, "a bearer token of the node is needed; see --tokens")
        form = _FORMS.get(request.content_type)
        if form is None:
            return _problem(415, f"content type must be one of: {', '.join(_FORMS)}")
        judged = self._take(node, await request.read(), form)
        if judged.refusal is not None:
            reason = judged.refusal.reason
            code = 403 if reason in _FORBIDDEN else 409 if reason in _CONFLICT else 400
            return _problem(code, f"{reason}: {judged.refusal.detail}")
        return _json({"accepted": judged.accepted, "dropped": judged.dropped}, status=202)

    def _sender(self, authorization: str) -> str | None:
        """The node whose token this is; compared in constant time, so that none can be guessed."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = None
        for known, node in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.strip().encode()):
                found = node
        return found

    async def _get_matrix(self, _: web.Request) -> web.Response:
        return _json(self._matrix().as_json())

    async def _get_npz(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._matrix().as_npz(),
            content_type="application/octet-stream",
            headers={"Content-Disposition": 'attachment; filename="matrix.npz"'},
        )

    async def _get_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": CONTENT_TYPE})

    async def _get_health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _get_ready(self, _: web.Request) -> web.Response:
        reason = self._unready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)


@asynccontextmanager
async def serving(api: HttpApi, address: tuple[str, int]) -> AsyncIterator[tuple[str, int]]:
    """Serve while the context lasts; yields the address, with the port that was taken.

    Raises:
        OSError: The address cannot be bound.
    """
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
        host, port = runner.addresses[0][:2]
        yield str(host), int(port)
    finally:
        await runner.cleanup()


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY),
        status=status,
        content_type="application/json",
    )


def _problem(status: int, message: str) -> web.Response:
    return _json({"error": message}, status=status)
