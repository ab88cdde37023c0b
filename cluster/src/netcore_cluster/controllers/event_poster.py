"""Posts Events beside the controllers' work, which never waits for one."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError
from netcore_cluster.controllers.actions import Create, Emit
from netcore_cluster.controllers.event_recorder import EventRecorder

_LOG: Final = logging.getLogger(__name__)

_MOST_WAITING: Final = 1000


class EventPoster:
    """A bounded queue of events and the task that writes them; what does not fit is dropped."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.time) -> None:
        self._client: Final = client
        self._clock: Final = clock
        self._recorder: Final = EventRecorder()
        self._waiting: Final[asyncio.Queue[tuple[Emit, str]]] = asyncio.Queue(_MOST_WAITING)
        self.dropped = 0

    def post(self, emit: Emit, component: str, *, name: str = "") -> None:
        """Have an event written soon; `name` fills the gap in its message."""
        if name:
            emit = replace(emit, message=emit.message.replace("{name}", name))
        try:
            self._waiting.put_nowait((emit, component))
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Write events until cancelled."""
        while True:
            emit, component = await self._waiting.get()
            write = self._recorder.write(emit, component=component, now=self._clock())
            try:
                if isinstance(write, Create):
                    namespace = write.obj["metadata"]["namespace"]
                    await self._client.create(write.resource, write.obj, namespace)
                elif write is not None:
                    await self._client.patch(
                        write.resource, write.name, write.patch, namespace=write.namespace
                    )
            except ApiError as error:
                if write is not None and not isinstance(write, Create):
                    self._recorder.forget(write.name)
                _LOG.debug("an event was not written: %s", error.message)
