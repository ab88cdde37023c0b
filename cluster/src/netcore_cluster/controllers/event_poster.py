"""Posts Events beside the controllers' work, which never waits for one."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError
from netcore_cluster.controllers.actions import Create, Emit, Patch
from netcore_cluster.controllers.event_recorder import EventRecorder

_LOG: Final = logging.getLogger(__name__)

_MOST_WAITING: Final = 1000
_MOST_AT_ONCE: Final = 100


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
        """Write events until cancelled, all that wait at once: they share a commit of the store."""
        while True:
            waiting = [await self._waiting.get()]
            while not self._waiting.empty() and len(waiting) < _MOST_AT_ONCE:
                waiting.append(self._waiting.get_nowait())
            now = self._clock()
            writes = [
                self._recorder.write(emit, component=component, now=now)
                for emit, component in waiting
            ]
            # A repetition counts up an event that may be made in this same round.
            for kind in (Create, Patch):
                async with asyncio.TaskGroup() as group:
                    for write in writes:
                        if isinstance(write, kind):
                            group.create_task(self._write(write), name="event")

    async def _write(self, write: Create | Patch) -> None:
        try:
            if isinstance(write, Create):
                await self._client.create(
                    write.resource, write.obj, write.obj["metadata"]["namespace"]
                )
            else:
                await self._client.patch(
                    write.resource, write.name, write.patch, namespace=write.namespace
                )
        except ApiError as error:
            if isinstance(write, Patch):
                self._recorder.forget(write.name)
            _LOG.debug("an event was not written: %s", error.message)
