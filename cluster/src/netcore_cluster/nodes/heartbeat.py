"""Renews the leases of many nodes from one task.

Each node is due every `interval_s`, at its own share of it; the task looks a few times in that time
and renews all that are due side by side, so that they share a commit of the store.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from heapq import heapify, heapreplace
from typing import Final

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.objects import micro_timestamp
from netcore_cluster.nodes.node_spec import LEASE_NAMESPACE, LEASES, lease_object

_LOG: Final = logging.getLogger(__name__)

_LONGEST_LOOK_S: Final = 0.5


class Heartbeat:
    """The leases of some nodes."""

    def __init__(
        self,
        client: Client,
        node_of: Callable[[str], Object | None],
        names: Iterable[str],
        *,
        interval_s: float,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Beats once `run` is awaited.

        Args:
            client: Whom to tell.
            node_of: The Node of a name as known; None for one that was deleted.
            names: The nodes.
            interval_s: How often each one's lease is renewed.
            clock: Unix seconds, for what is written.
            steady: Seconds that no one sets, for what is waited for.
        """
        self._client: Final = client
        self._node_of: Final = node_of
        self._names: Final = list(names)
        self._interval_s: Final = interval_s
        self._clock: Final = clock
        self._steady: Final = steady

    async def run(self) -> None:
        """Renew at once, then until cancelled."""
        if not self._names:
            return
        now = self._steady()
        due = [
            (now + self._interval_s * place / len(self._names), name)
            for place, name in enumerate(self._names)
        ]
        heapify(due)
        await self._renew_all(self._names)
        look_every_s = min(_LONGEST_LOOK_S, self._interval_s / 4)
        while True:
            await asyncio.sleep(look_every_s)
            now = self._steady()
            beating = []
            while due[0][0] <= now:
                at, name = due[0]
                # Late by more than an interval (the process was held): start the count anew.
                heapreplace(due, (max(at, now - self._interval_s) + self._interval_s, name))
                beating.append(name)
            await self._renew_all(beating)

    async def _renew_all(self, names: Iterable[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._renew(name), name=f"lease-{name}")

    async def _renew(self, name: str) -> None:
        node = self._node_of(name)
        if node is None:
            return
        now = self._clock()
        patch = {"spec": {"renewTime": micro_timestamp(now)}}
        try:
            await self._client.patch(LEASES, name, patch, namespace=LEASE_NAMESPACE)
        except ApiError as error:
            if error.code != 404:
                _LOG.warning("cannot renew the lease of %s: %s", name, error.message)
                return
            await self._create(node, now)

    async def _create(self, node: Object, now: float) -> None:
        try:
            await self._client.create(LEASES, lease_object(node, now=now), LEASE_NAMESPACE)
        except ApiError as error:
            name = node["metadata"]["name"]
            _LOG.warning("cannot make the lease of %s: %s", name, error.message)
