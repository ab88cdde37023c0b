"""The API server's answers: each request to its verb, each outcome to a response."""

import logging

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.connection import Certificate, Stream
from netcore_cluster.api.documents import Documents
from netcore_cluster.api.errors import ApiError
from netcore_cluster.api.http1 import Request, Response
from netcore_cluster.api.identity import Authenticator
from netcore_cluster.api.metrics import RequestMetrics
from netcore_cluster.api.objects_endpoint import ObjectsEndpoint
from netcore_cluster.api.options import parse_query
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.routes import route

logger = logging.getLogger(__name__)

_OPEN_PATHS = frozenset({"/healthz", "/livez", "/readyz", "/version"})


class Server:
    """Answers the requests of all connections."""

    def __init__(self, registry: Registry, authenticator: Authenticator) -> None:
        """Serves `registry` to whom `authenticator` knows."""
        self._authenticator = authenticator
        self._metrics = RequestMetrics()
        self._objects = ObjectsEndpoint(registry)
        self._documents = Documents(registry, self._metrics)

    async def handle(self, request: Request, certificate: Certificate | None) -> Response | Stream:
        """Answers one request; an answer to everything, whatever goes wrong."""
        started_s = self._metrics.started()
        path, _, query = request.target.partition("?")
        found = route(path)
        answer: Response | Stream
        try:
            user = self._authenticator.user(request.headers, certificate)
            if user is None and path not in _OPEN_PATHS:
                answer = failure_response(errors.unauthorized())
            elif found is None:
                answer = self._documents.answer(request, path, parse_query(query))
            else:
                assert user is not None
                answer = await self._objects.answer(request, found, parse_query(query), user)
        except ApiError as error:
            answer = failure_response(error)
        except Exception:
            logger.exception("request failed", extra={"method": request.method})
            answer = failure_response(errors.internal("the server has a bug; its log has more"))
        self._metrics.finished(request.method, found, answer, started_s)
        return answer


def failure_response(error: ApiError) -> Response:
    """Returns the answer to a request that failed."""
    headers = []
    retry_after_s = (error.status.get("details") or {}).get("retryAfterSeconds")
    if retry_after_s:
        headers.append(("Retry-After", str(retry_after_s)))
    return Response(error.code, orjson.dumps(error.status), headers=headers)
