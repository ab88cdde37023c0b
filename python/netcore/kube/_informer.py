"""List, then watch, for ever: a stream of what a collection holds.

The handler sees each object at least once with its newest state, and each deletion; after a gap
the collection is listed anew and what went missing meanwhile is reported as deleted. That makes
the handler level-based: it may miss states in between, never the last one.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import aiohttp
import orjson

from netcore.kube._client import KubeClient
from netcore.kube._errors import ApiError
from netcore.resources import Resource

log = logging.getLogger(__name__)

_BACKOFF_FIRST_S: Final = 0.2
_BACKOFF_MAX_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """An object is now so, or is gone (then `raw` is its last known form, or empty)."""

    type: Literal["upsert", "delete"]
    resource: Resource
    namespace: str
    name: str
    raw: bytes
    obj: dict[str, Any]


class Informer:
    """Keeps a handler up to date with one collection.

    Args:
        client: An open client.
        resource: What to follow.
        handle: Called with each event, on the event loop; must not block.
        namespace: One namespace; empty for all.
        labels: Label selector.
        fields: Field selector.
        optional: The collection may not exist (a CRD that is not installed): then it counts as
            empty, and is looked for again now and then.

    Attributes:
        synced: Set once the first list has been handled.
    """

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        handle: Callable[[ResourceEvent], None],
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        optional: bool = False,
    ) -> None:
        self.synced = asyncio.Event()
        self.relists = 0
        self._client = client
        self._resource = resource
        self._handle = handle
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self._optional = optional
        self._known: set[tuple[str, str]] = set()
        # Where a watch goes on; empty asks for a list.
        self._version = ""

    async def run(self) -> None:
        """Follow the collection until cancelled; failures are retried with jittered backoff."""
        backoff = _BACKOFF_FIRST_S
        while True:
            try:
                if not self._version:
                    await self._list()
                    backoff = _BACKOFF_FIRST_S
                await self._watch()
                backoff = _BACKOFF_FIRST_S
                continue
            except ApiError as error:
                self._version = ""
                if error.code == 410:
                    continue
                if error.code == 404 and self._optional:
                    self._replace([])
                    self.synced.set()
                    backoff = _BACKOFF_MAX_S
                elif error.code in {401, 403, 404}:
                    log.warning(
                        "cannot follow a collection",
                        extra={"resource": self._resource.plural, "error": str(error)},
                    )
            except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
                log.info(
                    "lost a watch", extra={"resource": self._resource.plural, "error": repr(error)}
                )
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))
            backoff = min(backoff * 2, _BACKOFF_MAX_S)

    async def _list(self) -> None:
        self.relists += 1
        version = ""
        seen: list[tuple[dict[str, Any], bytes]] = []
        async for items, version in self._client.pages(  # noqa: B007 - the last one counts
            self._resource, namespace=self._namespace, labels=self._labels, fields=self._fields
        ):
            seen += [(item, orjson.dumps(item)) for item in items]
        self._replace(seen)
        self._version = version
        self.synced.set()

    def _replace(self, items: list[tuple[dict[str, Any], bytes]]) -> None:
        now = {_key(item) for item, _ in items}
        for namespace, name in sorted(self._known - now):
            self._emit("delete", namespace, name, b"", {})
        for item, raw in items:
            namespace, name = _key(item)
            self._emit("upsert", namespace, name, raw, item)
        self._known = now

    async def _watch(self) -> None:
        """Handle events until the stream ends; a broken one goes on where it broke."""
        async for kind, raw, obj in self._client.watch(
            self._resource,
            resource_version=self._version,
            namespace=self._namespace,
            labels=self._labels,
            fields=self._fields,
        ):
            if kind != "BOOKMARK":
                namespace, name = _key(obj)
                if kind == "DELETED":
                    self._known.discard((namespace, name))
                    self._emit("delete", namespace, name, raw, obj)
                else:
                    self._known.add((namespace, name))
                    self._emit("upsert", namespace, name, raw, obj)
            self._version = obj["metadata"]["resourceVersion"]

    def _emit(
        self,
        kind: Literal["upsert", "delete"],
        namespace: str,
        name: str,
        raw: bytes,
        obj: dict[str, Any],
    ) -> None:
        self._handle(ResourceEvent(kind, self._resource, namespace, name, raw, obj))


def _key(obj: dict[str, Any]) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
