"""Paths that are not about objects: discovery, OpenAPI, version, health and metrics."""

import platform
from collections.abc import Callable, Iterable, Mapping

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.discovery import Discovery
from netcore_cluster.api.http1 import Request, Response
from netcore_cluster.api.metrics import RequestMetrics
from netcore_cluster.api.options import Query
from netcore_cluster.api.registry import Registry
from netcore_cluster.kinds import Kind

KUBERNETES_VERSION = "v1.35.4"
"""The version whose behaviour this server follows, and says that it has."""

_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_OPENAPI_V3 = "/openapi/v3"


class Documents:
    """Answers that describe the server.

    It is healthy whenever it answers, since it listens once everything is set up, and ready as
    long as its disk takes writes.
    """

    def __init__(self, registry: Registry, metrics: RequestMetrics) -> None:
        """Describes `registry`."""
        self._registry = registry
        self._metrics = metrics
        self._discovery = Discovery(registry.catalog)
        self._v2: tuple[int, bytes, str] | None = None

    def answer(self, request: Request, path: str, query: Query) -> Response:
        """Answers a request.

        Raises:
            ApiError: nothing is served there.
        """
        if request.method not in {"GET", "HEAD"}:
            raise (
                errors.no_such_path()
                if self._is_unknown(path)
                else errors.method_not_allowed(request.method)
            )
        path = path.rstrip("/") or "/"
        simple = self._simple().get(path)
        if simple is not None:
            return simple(request)
        if path == "/openapi/v2":
            return self._openapi_v2(request)
        if path.startswith(_OPENAPI_V3):
            return self._openapi(request, path.removeprefix(_OPENAPI_V3).strip("/"), query)
        parts = path.split("/")[1:]
        if parts[0] == "api" and len(parts) == 2:
            return Response(200, self._discovery.resources("", parts[1]))
        if parts[0] == "apis" and len(parts) == 2:
            return Response(200, self._discovery.group(parts[1]))
        if parts[0] == "apis" and len(parts) == 3:
            return Response(200, self._discovery.resources(parts[1], parts[2]))
        raise errors.no_such_path()

    def _is_unknown(self, path: str) -> bool:
        return path not in self._simple()

    def _simple(self) -> Mapping[str, Callable[[Request], Response]]:
        return {
            "/": self._root,
            "/healthz": lambda _request: Response(200, b"ok", _TEXT),
            "/livez": lambda _request: Response(200, b"ok", _TEXT),
            "/readyz": self._readyz,
            "/version": self._version,
            "/metrics": self._metrics_text,
            "/api": lambda request: self._groups(request, is_core=True),
            "/apis": lambda request: self._groups(request, is_core=False),
        }

    def _root(self, _request: Request) -> Response:
        paths = [path for path in self._simple() if path != "/"]
        for group, versions in self._registry.catalog.versions().items():
            base = f"/apis/{group}" if group else "/api"
            paths += [base, *(f"{base}/{version}" for version in versions)]
        return Response(200, orjson.dumps({"paths": sorted({*paths, _OPENAPI_V3})}))

    def _readyz(self, _request: Request) -> Response:
        failure = self._registry.store.failure
        if failure is None:
            return Response(200, b"ok", _TEXT)
        return Response(500, f"the storage is read-only: {failure}".encode(), _TEXT)

    def _version(self, _request: Request) -> Response:
        _, minor, _ = KUBERNETES_VERSION.split(".")
        return Response(
            200,
            orjson.dumps(
                {
                    "major": "1",
                    "minor": minor,
                    "emulationMajor": "1",
                    "emulationMinor": minor,
                    "minCompatibilityMajor": "1",
                    "minCompatibilityMinor": str(int(minor) - 1),
                    "gitVersion": f"{KUBERNETES_VERSION}+netcore",
                    "gitCommit": "",
                    "gitTreeState": "clean",
                    "buildDate": "1970-01-01T00:00:00Z",
                    "goVersion": "",
                    "compiler": platform.python_implementation(),
                    "platform": f"{platform.system().lower()}/{_architecture()}",
                }
            ),
        )

    def _metrics_text(self, _request: Request) -> Response:
        store = self._registry.store
        counts: Iterable[tuple[Mapping[str, str], float]] = [
            ({"resource": name}, store.count(name))
            for name in sorted({resource.storage for resource in self._registry.catalog})
        ]
        gauges = {
            "apiserver_storage_objects": ("Objects held, by resource.", counts),
            "apiserver_longrunning_requests": (
                "Watches under way.",
                [({"verb": "WATCH"}, float(store.watcher_count()))],
            ),
            "netcore_storage_revision": (
                "Revision of the last committed write.",
                [({}, float(store.revision))],
            ),
        }
        return Response(200, self._metrics.text(gauges), _METRICS)

    def _groups(self, request: Request, *, is_core: bool) -> Response:
        for clause in request.headers.get("accept", "").split(","):
            media_type, *parts = (part.strip() for part in clause.split(";"))
            parameters = dict(part.split("=", 1) for part in parts if "=" in part)
            if media_type != "application/json":
                continue
            if parameters.get("as") == "APIGroupDiscoveryList":
                version = parameters.get("v", "")
                if parameters.get("g") == "apidiscovery.k8s.io" and version in {"v2", "v2beta1"}:
                    return self._aggregated(request, version, is_core=is_core)
                continue
            break
        text = self._discovery.groups()
        if is_core:
            text = self._discovery.core_versions(request.headers.get("host", ""))
        return Response(200, text, headers=[("Vary", "Accept")])

    def _aggregated(self, request: Request, version: str, *, is_core: bool) -> Response:
        text, etag = self._discovery.aggregated(is_core=is_core, version=version)
        form = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        headers = [("ETag", etag), ("Vary", "Accept")]
        if request.headers.get("if-none-match") == etag:
            return Response(304, b"", form, headers)
        return Response(200, text, form, headers)

    def _openapi_v2(self, request: Request) -> Response:
        """Answers old clients, in the one form that they ask for."""
        from netcore_cluster.schema.openapi_v2 import ASKED_TYPE, MEDIA_TYPE, openapi_v2

        accepted = request.headers.get("accept", "")
        if not any(name in accepted for name in (ASKED_TYPE, MEDIA_TYPE, "*/*")):
            raise errors.not_acceptable(ASKED_TYPE)
        generation = self._registry.catalog.generation
        if self._v2 is None or self._v2[0] != generation:
            import gzip

            kinds = [resource.kind for resource in self._registry.catalog]
            text, digest = openapi_v2(kinds)
            self._v2 = generation, gzip.compress(text, compresslevel=1), f'"{digest}"'
        _, compressed, etag = self._v2
        return _compressed(request, compressed, etag, MEDIA_TYPE)

    def _kinds_by(self, path_of: Callable[[Kind], str]) -> dict[str, list[Kind]]:
        found: dict[str, list[Kind]] = {}
        for resource in self._registry.catalog:
            found.setdefault(path_of(resource.kind), []).append(resource.kind)
        return found

    def _openapi(self, request: Request, path: str, query: Query) -> Response:
        from netcore_cluster.schema.openapi import (
            document_digest,
            openapi_document,
            openapi_path,
        )

        served = self._kinds_by(openapi_path)
        if not path:
            found = {}
            for name, kinds in served.items():
                digest = document_digest(kinds)
                url = f"{_OPENAPI_V3}/{name}?hash={digest}"
                found[name] = {"serverRelativeURL": url}
            return Response(200, orjson.dumps({"paths": found}))
        if path not in served:
            raise errors.no_such_path()
        kinds = served[path]
        digest = document_digest(kinds)
        answer = _compressed(request, openapi_document(kinds), f'"{digest}"', "application/json")
        if query.get("hash") == digest:
            answer.headers = [*answer.headers, ("Cache-Control", "public, immutable")]
        return answer


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _compressed(request: Request, compressed: bytes, etag: str, content_type: str) -> Response:
    """Returns a document that is kept compressed, unless the client has it already."""
    headers = [("ETag", etag), ("Vary", "Accept-Encoding")]
    if request.headers.get("if-none-match") == etag:
        return Response(304, b"", content_type, headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(200, compressed, content_type, [*headers, ("Content-Encoding", "gzip")])
    import gzip

    return Response(200, gzip.decompress(compressed), content_type, headers)
