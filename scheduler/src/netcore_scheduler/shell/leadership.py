"""Leader election: reads and writes the Lease, and tells the cycle when it may plan.

A leader that lost its lease ends the process: what it still has under way could meet what the next
leader does. Whoever runs the process starts it again, as a candidate.
"""

import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp

from netcore.kube import ApiError, KubeClient
from netcore.resources import LEASE
from netcore_scheduler.core import LeaderElection, LeaseSettings

log = logging.getLogger(__name__)


class LeadershipLostError(Exception):
    """The lease could not be renewed in time; another may lead by now."""


class Leadership:
    """Holds the Lease, or waits for it.

    Args:
        kube: An open client.
        settings: Lease and times.
        elected: Called once this process leads.
    """

    def __init__(
        self, kube: KubeClient, settings: LeaseSettings, elected: Callable[[], None]
    ) -> None:
        self._kube = kube
        self._settings = settings
        self._elected = elected
        self._election = LeaderElection(settings)
        self._leads = False
        self._is_over = False
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Campaign, then hold the lease, until cancelled.

        Raises:
            LeadershipLostError: It was ours, and is not ours any more.
        """
        while not self._is_over:
            try:
                async with asyncio.timeout(self._settings.renew_deadline_s / 4), self._writing:
                    await self._try()
            except (ApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.info("cannot renew the lease", extra={"error": repr(error)})
            if not self._is_over:
                self._look()
            await asyncio.sleep(self._settings.retry_s)

    async def release(self) -> None:
        """Stop campaigning, and give the lease up so that another need not wait for its end."""
        self._is_over = True
        async with self._writing:
            lease = await self._read()
            given_up = self._election.release(lease, wall=time.time()) if lease else None
            if given_up is not None:
                await self._kube.replace(LEASE, given_up, namespace=self._settings.namespace)

    async def _try(self) -> None:
        if self._is_over:
            return
        started = time.monotonic()
        verb, lease = self._election.consider(await self._read(), now=started, wall=time.time())
        namespace = self._settings.namespace
        if verb == "create":
            await self._kube.create(LEASE, lease, namespace=namespace)
        elif verb == "replace":
            await self._kube.replace(LEASE, lease, namespace=namespace)
        else:
            return
        self._election.wrote(started_at=started)

    async def _read(self) -> dict[str, object] | None:
        try:
            return await self._kube.get(
                LEASE, self._settings.name, namespace=self._settings.namespace
            )
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def _look(self) -> None:
        leads = self._election.leads(now=time.monotonic())
        if leads and not self._leads:
            log.info("leading", extra={"lease": self._settings.name})
            self._elected()
        elif self._leads and not leads:
            raise LeadershipLostError(
                f"lease {self._settings.namespace}/{self._settings.name} was not renewed within "
                f"{self._settings.renew_deadline_s:g} s"
            )
        self._leads = leads
