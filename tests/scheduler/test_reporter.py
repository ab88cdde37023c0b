"""Events and conditions as a real server takes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from integration import manifests
from integration.server import Server
from netcore.kube import KubeClient, load_credentials
from netcore.resources import EVENT, NAMESPACE, POD
from netcore_scheduler.core import Announce, Condition, Warn
from netcore_scheduler.shell.reporter import Reporter
from scheduler.lossy import Loss, LossyRelay, lossy

FULL = Condition("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.")


@dataclass(slots=True)
class Site:
    """A pod in a namespace of the test's own, and a reporter behind a relay."""

    kube: KubeClient
    relay: LossyRelay
    reporter: Reporter
    namespace: str
    uid: str

    @property
    def pod(self) -> str:
        return f"{self.namespace}/p"

    async def report(self, *reports: Announce | Warn) -> None:
        for report in reports:
            self.reporter.add(report)
            await self.reporter.drain()

    async def events(self) -> list[dict[str, Any]]:
        events, _ = await self.kube.list_all(EVENT, namespace=self.namespace)
        return [event for event in events if event["regarding"]["uid"] == self.uid]

    async def scheduled(self) -> dict[str, Any] | None:
        """The pod's PodScheduled condition."""
        pod = await self.kube.get(POD, "p", namespace=self.namespace)
        conditions = pod["status"].get("conditions", ())
        return next((each for each in conditions if each["type"] == "PodScheduled"), None)

    def warn(self, condition: Condition, *, shown: Condition | None = None) -> Warn:
        return Warn(self.pod, self.uid, "netcore", condition, shown)


@pytest.fixture
async def site(server: Server) -> AsyncIterator[Site]:
    credentials, behind = [await load_credentials(server.kubeconfig) for _ in range(2)]
    async with lossy(credentials.server) as (relay, url), KubeClient(credentials) as kube:
        behind.server = url
        created = await kube.create(NAMESPACE, {"metadata": {"generateName": "report-"}})
        namespace = created["metadata"]["name"]
        pod = await kube.create(POD, manifests.pod("p"), namespace=namespace)
        async with KubeClient(behind) as remote:
            # The connection stands before anything is lost.
            await remote.list_all(NAMESPACE)
            reporter = Reporter(remote, identity="host_1")
            running = asyncio.create_task(reporter.run())
            yield Site(kube, relay, reporter, namespace, pod["metadata"]["uid"])
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        await kube.delete(NAMESPACE, namespace)


async def test_a_placed_pod_gets_its_event(site: Site) -> None:
    note = f"Successfully assigned {site.pod} to n1"
    await site.report(
        Announce(site.pod, site.uid, "netcore", note, attempts=1, waited_s=0.1, record=b"")
    )
    [event] = await site.events()
    assert (event["type"], event["reason"], event["action"]) == ("Normal", "Scheduled", "Binding")
    assert event["note"] == note
    assert event["reportingController"] == "netcore"
    assert event["reportingInstance"] == "host_1"
    assert await site.scheduled() is None


async def test_a_pod_that_found_no_node_gets_its_event_and_condition(site: Site) -> None:
    await site.report(site.warn(FULL))
    [event] = await site.events()
    assert (event["type"], event["reason"]) == ("Warning", "FailedScheduling")
    assert (event["action"], event["note"]) == ("Scheduling", FULL.message)
    condition = await site.scheduled()
    assert condition is not None
    assert condition["status"] == "False"
    assert (condition["reason"], condition["message"]) == (FULL.reason, FULL.message)
    assert condition["lastTransitionTime"]


async def test_a_new_message_keeps_the_time_of_the_transition(site: Site) -> None:
    old = "2026-01-01T00:00:00Z"
    shown = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "before",
        "lastTransitionTime": old,
    }
    await site.kube.strategic_merge_patch(
        POD,
        "p",
        {"status": {"conditions": [shown]}},
        namespace=site.namespace,
        subresource="status",
    )
    await site.report(site.warn(FULL, shown=Condition("Unschedulable", "before")))
    condition = await site.scheduled()
    assert condition is not None
    assert condition["message"] == FULL.message
    assert condition["lastTransitionTime"] == old


async def test_repeats_make_a_series_and_an_unchanged_condition_no_write(site: Site) -> None:
    await site.report(site.warn(FULL))
    before = await site.kube.get(POD, "p", namespace=site.namespace)
    for _ in range(30):
        await site.report(site.warn(FULL, shown=FULL))
    [event] = await site.events()
    assert event["series"]["count"] == 2
    after = await site.kube.get(POD, "p", namespace=site.namespace)
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


async def test_an_event_that_the_server_dropped_is_made_anew(site: Site) -> None:
    await site.report(site.warn(FULL))
    [event] = await site.events()
    await site.kube.delete(EVENT, event["metadata"]["name"], namespace=site.namespace)
    await site.report(site.warn(FULL, shown=FULL))
    [again] = await site.events()
    assert again["metadata"]["name"] != event["metadata"]["name"]
    assert again["note"] == FULL.message


@pytest.mark.parametrize("loss", [Loss.REQUESTS, Loss.ANSWERS])
async def test_a_report_that_is_lost_on_the_way_is_sent_again_and_there_once(
    site: Site, loss: Loss
) -> None:
    site.relay.loss = loss
    site.reporter.add(site.warn(FULL))
    for _ in range(2):
        await site.relay.lost.wait()
        site.relay.loss = Loss.NOTHING if site.relay.losses > 1 else loss
        site.relay.lost.clear()
    await site.reporter.drain()
    [event] = await site.events()
    assert event["note"] == FULL.message
    condition = await site.scheduled()
    assert condition is not None
    assert site.reporter.dropped == 0


async def test_a_long_note_is_cut_and_the_condition_is_whole(site: Site) -> None:
    long = Condition("Unschedulable", "0/9 nodes are available: " + "é" * 1000)
    await site.report(site.warn(long))
    [event] = await site.events()
    assert len(event["note"].encode()) <= 1024
    assert event["note"].endswith("é ...")
    condition = await site.scheduled()
    assert condition is not None
    assert condition["message"] == long.message


async def test_a_pod_that_is_gone_or_another_by_now_is_not_marked(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    other = Warn(site.pod, "00000000-0000-0000-0000-000000000000", "netcore", FULL)
    nowhere = Warn(f"{site.namespace}/gone", site.uid, "netcore", FULL)
    await site.report(other, nowhere)
    assert await site.scheduled() is None
    assert [
        record.error for record in caplog.records if record.message == "a report was lost"
    ] == []
    assert site.reporter.dropped == 0


async def test_where_reports_pile_up_the_oldest_are_dropped_and_counted(site: Site) -> None:
    idle = Reporter(site.kube, identity="host_2")
    for _ in range(20_003):
        idle.add(site.warn(FULL))
    assert idle.dropped == 3
