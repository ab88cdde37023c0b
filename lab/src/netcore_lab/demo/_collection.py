"""A collection of the API server, kept up to date, that can be waited on."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from netcore.kube import Informer, KubeClient, ResourceEvent
from netcore.resources import Resource


class Collection:
    """The objects of a collection by name, for as long as the `async with` block lasts.

    Args:
        kube: An open client.
        resource: What to follow.
        namespace: One namespace; empty for all or for a cluster-scoped kind.
        labels: Label selector.
        fields: Field selector.
    """

    def __init__(
        self,
        kube: KubeClient,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
    ) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self._changed = asyncio.Event()
        self._informer = Informer(
            kube, resource, self._handle, namespace=namespace, labels=labels, fields=fields
        )

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._informer.run(), name="watch a collection")
        await self._informer.synced.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def wait(
        self, holds: Callable[[dict[str, dict[str, Any]]], bool], *, timeout_s: float
    ) -> None:
        """Return once `holds(objects)` is true.

        Raises:
            TimeoutError: It was not, for so many seconds.
        """
        async with asyncio.timeout(timeout_s):
            while not holds(self.objects):
                self._changed.clear()
                await self._changed.wait()

    def _handle(self, event: ResourceEvent) -> None:
        if event.type == "delete":
            self.objects.pop(event.name, None)
        else:
            self.objects[event.name] = event.obj
        self._changed.set()
