"""Leader election against a real server, with times shortened to tenths of a second."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count

import pytest

from integration.server import Server
from netcore.kube import KubeClient, load_credentials
from netcore.resources import LEASE
from netcore_scheduler.core import LeaseSettings
from netcore_scheduler.shell.leadership import Leadership, LeadershipLostError
from scheduler.lossy import Loss, lossy

SERIAL = count()
LEASE_S = 3.0


@pytest.fixture
def lease() -> Iterator[str]:
    return f"test-{next(SERIAL)}"


class Candidate:
    def __init__(self, kube: KubeClient, lease: str, identity: str) -> None:
        settings = LeaseSettings(
            identity=identity,
            name=lease,
            namespace="default",
            duration_s=LEASE_S,
            renew_deadline_s=1.0,
            retry_s=0.1,
        )
        self.elected = asyncio.Event()
        self.leadership = Leadership(kube, settings, self.elected.set)

    @asynccontextmanager
    async def campaigning(self) -> AsyncIterator["asyncio.Task[None]"]:
        task = asyncio.create_task(self.leadership.run())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, LeadershipLostError):
                await task


async def test_one_leads_and_the_next_follows_as_soon_as_the_lease_is_given_up(
    server: Server, lease: str
) -> None:
    async with KubeClient(await load_credentials(server.kubeconfig)) as kube:
        first, second = Candidate(kube, lease, "a"), Candidate(kube, lease, "b")
        async with first.campaigning() as leading, asyncio.timeout(20):
            await first.elected.wait()
            async with second.campaigning():
                await asyncio.sleep(LEASE_S * 1.5)
                assert not second.elected.is_set()
                await first.leadership.release()
                await second.elected.wait()
            # Who gave the lease up does not take it again.
            await leading
        held = await kube.get(LEASE, lease, namespace="default")
        assert held["spec"]["holderIdentity"] == "b"
        assert held["spec"]["leaseTransitions"] == 1


async def test_a_leader_without_a_server_ends_before_another_can_lead(
    server: Server, lease: str
) -> None:
    credentials = await load_credentials(server.kubeconfig)
    behind = await load_credentials(server.kubeconfig)
    async with (
        lossy(credentials.server) as (relay, behind.server),
        KubeClient(behind) as cut_off,
        KubeClient(credentials) as kube,
    ):
        first, second = Candidate(cut_off, lease, "a"), Candidate(kube, lease, "b")
        async with first.campaigning() as leading, asyncio.timeout(20):
            await first.elected.wait()
            async with second.campaigning():
                relay.loss = Loss.REQUESTS
                with pytest.raises(LeadershipLostError, match="was not renewed within 1 s"):
                    await leading
                assert not second.elected.is_set()
                await second.elected.wait()
