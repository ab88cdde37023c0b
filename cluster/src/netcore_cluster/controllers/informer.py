"""Fills a cache from the API server: list, then watch; list again where the history is gone."""

import asyncio
import logging
import random
from typing import Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError
from netcore_cluster.controllers.hub import Hub

_LOG: Final = logging.getLogger(__name__)

_FIRST_RETRY_S: Final = 0.05
_LONGEST_RETRY_S: Final = 5.0


class Informer:
    """Keeps one resource's cache in step."""

    def __init__(self, client: Client, hub: Hub, resource: str) -> None:
        self._client: Final = client
        self._hub: Final = hub
        self.resource: Final = resource
        self.has_synced: Final = asyncio.Event()

    async def run(self) -> None:
        """List and watch until cancelled."""
        failures = 0
        while True:
            try:
                await self._list_and_watch()
                failures = 0
            except ApiError as error:
                if error.code == 410:
                    _LOG.info("history of a watch is gone, listing again: %s", self.resource)
                    continue
                failures += 1
                _LOG.warning("cannot watch %s: %s", self.resource, error.message)
                wait_s = min(_FIRST_RETRY_S * 2 ** min(failures, 10), _LONGEST_RETRY_S)
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))

    async def _list_and_watch(self) -> None:
        objects, revision = await self._client.list(self.resource)
        self._hub.listed(self.resource, objects, revision)
        self.has_synced.set()
        async for event, obj in self._client.watch(self.resource, revision):
            self._hub.seen(self.resource, event, obj)
