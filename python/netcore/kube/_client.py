"""Requests to an API server over one pool of connections."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from netcore.kube._config import Credentials, load_credentials
from netcore.kube._errors import ApiError
from netcore.resources import POD, Resource

_JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
# kubectl's chunk: a list of any length costs the server and us no more than this at once.
_PAGE: Final = 500
# An object may weigh 1.5 MiB, a watch line holds one.
_LINE_LIMIT: Final = 4 * 1024 * 1024


class KubeClient:
    """An API server as bytes and dicts.

    Use as `async with await KubeClient.connect() as kube:`. Each method raises `ApiError` where
    the server says no, and `aiohttp.ClientError` or `TimeoutError` where it cannot be reached.
    """

    def __init__(
        self, credentials: Credentials, *, connections: int = 32, timeout_s: float = 30.0
    ) -> None:
        self.credentials = credentials
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def connect(
        cls,
        kubeconfig: str | Path | None = None,
        *,
        context: str | None = None,
        connections: int = 32,
    ) -> Self:
        """Find the API server as kubectl does; nothing is sent yet.

        Raises:
            KubeConfigError: There is no usable kubeconfig.
        """
        credentials = await load_credentials(kubeconfig, context=context)
        return cls(credentials, connections=connections)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                # Watches hold their connections for ever: they come on top.
                limit=self._connections + 32,
                ssl=self.credentials.tls or False,
                ttl_dns_cache=60,
            ),
            timeout=self._timeout,
            read_bufsize=_LINE_LIMIT,
            auto_decompress=True,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = _JSON,
    ) -> bytes:
        """Send one request and return the body.

        Args:
            method: HTTP method.
            path: Path on the server, from the root.
            params: Query parameters.
            body: Bytes as they are, or a value to encode as JSON.
            content_type: Of the body.

        Raises:
            ApiError: The server answered with a failure.
        """
        headers = await self.credentials.headers()
        data = None
        if body is not None:
            headers["Content-Type"] = content_type
            data = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self._open().request(
            method, self.credentials.server + path, params=params, data=data, headers=headers
        ) as answer:
            payload = await answer.read()
            if answer.status >= 400:
                raise ApiError.from_body(answer.status, payload)
            return payload

    async def get(self, resource: Resource, name: str, *, namespace: str = "") -> dict[str, Any]:
        """Return one object."""
        path = resource.path(name, namespace=namespace)
        return _object(await self.request("GET", path))

    async def list_all(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> tuple[list[dict[str, Any]], str]:
        """Return all objects that the selectors let through, and the list's resourceVersion."""
        items: list[dict[str, Any]] = []
        version = ""
        async for page, version in self.pages(  # noqa: B007 - the last version counts
            resource, namespace=namespace, labels=labels, fields=fields
        ):
            items += page
        return items, version

    async def pages(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> AsyncIterator[tuple[list[dict[str, Any]], str]]:
        """Yield a list page by page, each with the resourceVersion of the whole."""
        params = {"limit": str(_PAGE)} | _selectors(labels, fields)
        while True:
            answer = _object(
                await self.request("GET", resource.path(namespace=namespace), params=params)
            )
            metadata = answer.get("metadata", {})
            yield answer.get("items") or [], metadata.get("resourceVersion", "")
            if not metadata.get("continue"):
                return
            params["continue"] = metadata["continue"]

    async def create(
        self, resource: Resource, obj: Mapping[str, Any], *, namespace: str = ""
    ) -> dict[str, Any]:
        """Create an object."""
        path = resource.path(namespace=namespace)
        return _object(await self.request("POST", path, body=obj))

    async def replace(
        self,
        resource: Resource,
        obj: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> dict[str, Any]:
        """Replace an object; its resourceVersion, where given, must be the current one."""
        path = resource.path(obj["metadata"]["name"], namespace=namespace, subresource=subresource)
        return _object(await self.request("PUT", path, body=obj))

    async def merge_patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> dict[str, Any]:
        """Patch an object by RFC 7386."""
        path = resource.path(name, namespace=namespace, subresource=subresource)
        return _object(await self.request("PATCH", path, body=patch, content_type=MERGE_PATCH))

    async def strategic_merge_patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> dict[str, Any]:
        """Patch a built-in object by its schema: lists are merged by key. Not for CRDs."""
        path = resource.path(name, namespace=namespace, subresource=subresource)
        return _object(await self.request("PATCH", path, body=patch, content_type=STRATEGIC_PATCH))

    async def apply(
        self,
        resource: Resource,
        obj: Mapping[str, Any],
        *,
        field_manager: str,
        namespace: str = "",
        subresource: str = "",
        force: bool = True,
    ) -> dict[str, Any]:
        """Apply an object server-side: create it, or own exactly the fields it names."""
        path = resource.path(obj["metadata"]["name"], namespace=namespace, subresource=subresource)
        params = {"fieldManager": field_manager, "force": "true" if force else "false"}
        return _object(
            await self.request("PATCH", path, params=params, body=obj, content_type=APPLY_PATCH)
        )

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Delete an object; `options` is a DeleteOptions."""
        path = resource.path(name, namespace=namespace)
        await self.request("DELETE", path, body=options)

    async def bind(
        self,
        namespace: str,
        pod: str,
        node: str,
        *,
        uid: str = "",
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Bind a pod to a node; annotations are merged into the pod by the same write.

        Raises:
            ApiError: 409 where the pod is bound already, is being deleted, or `uid` is another's.
        """
        metadata: dict[str, Any] = {"name": pod, "namespace": namespace}
        if uid:
            metadata["uid"] = uid
        if annotations:
            metadata["annotations"] = annotations
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        await self.request(
            "POST", POD.path(pod, namespace=namespace, subresource="binding"), body=body
        )

    async def watch(
        self,
        resource: Resource,
        *,
        resource_version: str,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        timeout_s: int = 300,
    ) -> AsyncIterator[tuple[str, bytes, dict[str, Any]]]:
        """Yield `(type, raw object, decoded object)` until the server ends the stream.

        Raises:
            ApiError: The server refused, or sent an ERROR event (410 Expired: list again).
        """
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(timeout_s),
        } | _selectors(labels, fields)
        async with self._open().get(
            self.credentials.server + resource.path(namespace=namespace),
            params=params,
            headers=await self.credentials.headers(),
            # Bookmarks come each minute: silence for longer is a dead peer.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=timeout_s + 30),
        ) as answer:
            if answer.status >= 400:
                raise ApiError.from_body(answer.status, await answer.read())
            while line := await answer.content.readline():
                event = orjson.loads(line)
                kind, obj = event["type"], event["object"]
                if kind == "ERROR":
                    code = int(obj.get("code", 500))
                    raise ApiError(code, obj.get("reason", ""), obj.get("message", ""), obj)
                yield kind, _raw_object(line, kind, obj), obj

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use KubeClient as an async context manager")
        return self._session


def _object(payload: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = orjson.loads(payload)
    return decoded


def _selectors(labels: str, fields: str) -> dict[str, str]:
    chosen = {"labelSelector": labels, "fieldSelector": fields}
    return {key: value for key, value in chosen.items() if value}


def _raw_object(line: bytes, kind: str, obj: dict[str, Any]) -> bytes:
    """Cut the object out of a watch line; encode it again where the line has another form."""
    prefix = b'{"type":"' + kind.encode() + b'","object":'
    body = line.rstrip()
    if body.startswith(prefix) and body.endswith(b"}"):
        return body[len(prefix) : -1]
    return orjson.dumps(obj)
