"""A bare HTTP client of the Kubernetes API: what goes over the wire stands in the test."""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from integration.server import Server

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}

# How long a state may take to come, or an event to arrive, before the test has failed.
PATIENCE_S = 30.0

Object = dict[str, Any]


# What a cause of a 422 says first, and the reasons that go with it.
REASONS = {
    "Invalid value": {"FieldValueInvalid", "FieldValueTypeInvalid"},
    "Required value": {"FieldValueRequired"},
    "Duplicate value": {"FieldValueDuplicate"},
    "Unsupported value": {"FieldValueNotSupported"},
    "Forbidden": {"FieldValueForbidden"},
    "Too long": {"FieldValueTooLong"},
    "Too many": {"FieldValueTooMany"},
}


def causes(status: Object) -> dict[str, str]:
    """The messages of an Invalid status by field; each must go with its reason."""
    found = status["details"]["causes"]
    for cause in found:
        assert cause["reason"] in REASONS[cause["message"].partition(":")[0]], cause
    return {cause["field"]: cause["message"] for cause in found}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: "aiohttp.typedefs.LooseHeaders"
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def expect(self, *statuses: int) -> Any:
        """The decoded body of an answer with one of the given statuses."""
        assert self.status in statuses, f"{self.status}: {self.raw[:2000].decode()}"
        return self.body


class Api:
    """One connection pool to one server, as the user with all rights.

    The short methods expect success and return the decoded object; `request` returns whatever
    came, and `refused` expects a Status with the given code.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        endpoint = server.endpoint
        self._session = aiohttp.ClientSession(
            endpoint.url,
            connector=aiohttp.TCPConnector(ssl=endpoint.trust or False),
            headers={"Authorization": f"Bearer {endpoint.token}"},
            read_bufsize=4 << 20,  # a watch line holds a whole object
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> Answer:
        """Sends one request; a body that is not bytes goes as JSON."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        data = None if raw is None else io.BytesIO(raw)
        async with self._session.request(
            method, path, data=data, headers=sent | (headers or {}), params=_texts(parameters)
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **parameters: Any) -> Object:
        return (await self.request("GET", path, **parameters)).expect(200)

    async def create(self, path: str, body: Object, **parameters: Any) -> Object:
        return (await self.request("POST", path, body, **parameters)).expect(201)

    async def replace(self, path: str, body: Object, **parameters: Any) -> Object:
        return (await self.request("PUT", path, body, **parameters)).expect(200)

    async def patch(self, path: str, body: Any, *, kind: str, **parameters: Any) -> Object:
        """Patches with one of the kinds `json`, `merge`, `strategic`."""
        headers = {"Content-Type": PATCH_TYPES[kind]}
        return (await self.request("PATCH", path, body, headers=headers, **parameters)).expect(200)

    async def apply(self, path: str, body: Object, *, manager: str, **parameters: Any) -> Object:
        """Applies on the server's side as a field manager; the object may be new or not."""
        headers = {"Content-Type": PATCH_TYPES["apply"]}
        parameters = {"fieldManager": manager} | parameters
        answer = await self.request("PATCH", path, body, headers=headers, **parameters)
        return answer.expect(200, 201)

    async def delete(self, path: str, options: Object | None = None, **parameters: Any) -> Object:
        return (await self.request("DELETE", path, options, **parameters)).expect(200, 202)

    async def refused(
        self, code: int, method: str, path: str, body: Any = None, **options: Any
    ) -> Object:
        """The Status of a request that must fail with the given code."""
        answer = await self.request(method, path, body, **options)
        status = answer.expect(code)
        head = {name: status[name] for name in ("kind", "apiVersion", "status", "code")}
        assert head == {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        return status

    @asynccontextmanager
    async def watch(
        self, path: str, *, accept: str = "application/json", **parameters: Any
    ) -> AsyncIterator["Watch"]:
        """An open watch on a collection."""
        async with self._session.get(
            path,
            params=_texts({"watch": 1} | parameters),
            headers={"Accept": accept},
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            assert response.status == 200, await response.text()
            try:
                yield Watch(response)
            finally:
                # A watch is left in the middle: no farewell of TLS, which the test's end would
                # cut off.
                if response.connection is not None and response.connection.transport is not None:
                    response.connection.transport.abort()

    async def until(
        self,
        path: str,
        holds: Callable[[Object], bool],
        *,
        within_s: float = PATIENCE_S,
    ) -> Object:
        """The object at a path, as soon as a claim about it holds."""
        try:
            async with asyncio.timeout(within_s), aclosing(self._states(path)) as states:
                async for item in states:
                    if item is not None and holds(item):
                        return item
        except TimeoutError:
            now = (await self.request("GET", path)).raw.decode()
            raise AssertionError(f"still not so after {within_s} s: {now}") from None
        raise AssertionError(f"the watch of {path} ended")

    async def until_gone(self, path: str, *, within_s: float = PATIENCE_S) -> None:
        """Returns when no object stands at a path."""
        try:
            async with asyncio.timeout(within_s), aclosing(self._states(path)) as states:
                async for item in states:
                    if item is None:
                        return
        except TimeoutError:
            now = (await self.request("GET", path)).raw.decode()
            raise AssertionError(f"still there after {within_s} s: {now}") from None

    async def _states(self, path: str) -> AsyncGenerator[Object | None, None]:
        """The object at a path now, then after each change; None while there is none."""
        collection, _, name = path.rpartition("/")
        selector = f"metadata.name={name}"
        listed = await self.get(collection, fieldSelector=selector)
        yield next(iter(listed["items"]), None)
        version = listed["metadata"]["resourceVersion"]
        async with self.watch(
            collection, fieldSelector=selector, resourceVersion=version
        ) as events:
            async for event in events:
                yield None if event["type"] == "DELETED" else event["object"]


class Watch:
    """The events of one watch, one JSON object a line."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Object:
        line = await self._response.content.readuntil(b"\n")
        if not line:
            raise StopAsyncIteration
        return json.loads(line)

    async def next(self, *, within_s: float = PATIENCE_S) -> Object:
        """The next event."""
        async with asyncio.timeout(within_s):
            return await anext(self)

    async def take(self, count: int) -> list[tuple[str, str]]:
        """Type and object name of each of the next events."""
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def _texts(parameters: dict[str, Any]) -> dict[str, str]:
    booleans = {True: "true", False: "false"}
    return {
        name: booleans[value] if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if value is not None
    }
