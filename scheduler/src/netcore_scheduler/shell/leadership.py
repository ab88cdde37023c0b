"""Leader election: reads and writes the Lease, and tells the cycle whether it may plan."""

import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp

from netcore.kube import ApiError, KubeClient
from netcore.resources import LEASE
from netcore_scheduler.core import LeaderElection, LeaseSettings

log = logging.getLogger(__name__)


class Leadership:
    """Holds the Lease, or waits for it.

    Args:
        kube: An open client.
        settings: Lease and times.
        changed: Told whenever leadership comes or goes.
    """

    def __init__(
        self, kube: KubeClient, settings: LeaseSettings, changed: Callable[[bool], None]
    ) -> None:
        self._kube = kube
        self._settings = settings
        self._changed = changed
        self._election = LeaderElection(settings)
        self._leads = False

    async def run(self) -> None:
        """Campaign until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._settings.renew_deadline_s / 2):
                    await self._try()
            except (ApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.info("cannot renew the lease", extra={"error": str(error)})
            self._tell()
            await asyncio.sleep(self._settings.retry_s)

    async def release(self) -> None:
        """Give the lease up, so that another need not wait for its end."""
        lease = await self._read()
        given_up = self._election.release(lease, wall=time.time()) if lease else None
        if given_up is not None:
            await self._kube.replace(LEASE, given_up, namespace=self._settings.namespace)
        self._tell()

    async def _try(self) -> None:
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

    def _tell(self) -> None:
        leads = self._election.leads(now=time.monotonic())
        if leads != self._leads:
            self._leads = leads
            log.info("leading" if leads else "not leading", extra={"lease": self._settings.name})
            self._changed(leads)
