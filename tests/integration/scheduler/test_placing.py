"""Which pods are placed, on which nodes, and what is said of each."""

import asyncio
import json
import re

import pytest

from integration import manifests
from integration.scheduler.conftest import SCHEDULER, Site

# The penalty of a first failure, and some room.
BACKOFF_S = 1.2

DECISION = "netcore.dev/decision"


async def test_a_pod_that_names_the_scheduler_is_bound(site: Site) -> None:
    node = await site.node("one")
    created = await site.pod("p")
    assert await site.bound("p") == "one"
    event = await site.event("p", "Scheduled")
    assert event["note"] == f"Successfully assigned {site.namespace.name}/p to {node}"
    assert (event["type"], event["action"]) == ("Normal", "Binding")
    assert event["reportingController"] == SCHEDULER
    assert event["regarding"]["uid"] == created["metadata"]["uid"]
    assert event["regarding"]["kind"] == "Pod"
    pod = await site.api.get(f"{site.pods}/p")
    [scheduled] = [c for c in pod["status"]["conditions"] if c["type"] == "PodScheduled"]
    assert scheduled["status"] == "True"


async def test_the_binding_says_why(site: Site) -> None:
    node = await site.node("one")
    await site.pod("p")
    await site.bound("p")
    pod = await site.api.get(f"{site.pods}/p")
    text = pod["metadata"]["annotations"][DECISION]
    assert len(text) < 4096
    assert node in json.dumps(json.loads(text))


async def test_pods_of_other_schedulers_are_left_and_counted(site: Site) -> None:
    node = await site.node("one", cpu="1")
    await site.pod("theirs", scheduler="nobody", cpu="700m")
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "theirs"}}
    binding["target"] = {"kind": "Node", "name": node}
    await site.pod("waiting", scheduler="nobody")
    await site.api.create(f"{site.pods}/theirs/binding", binding)
    await site.pod("large", cpu="500m")
    assert "Insufficient cpu" in await site.unschedulable("large")
    await site.pod("small", cpu="200m")
    assert await site.bound("small") == "one"
    waiting = await site.api.get(f"{site.pods}/waiting")
    assert "nodeName" not in waiting["spec"]
    assert "conditions" not in waiting["status"]


async def test_why_no_node_is_feasible(site: Site) -> None:
    await site.node("small", cpu="1")
    await site.node("tainted", taints=[{"key": "k", "value": "v", "effect": "NoSchedule"}])
    await site.node("cordoned", unschedulable=True)
    await site.pod("p", cpu="2")
    message = await site.unschedulable("p")
    total = len((await site.api.get("/api/v1/nodes"))["items"])
    assert re.match(rf"0/{total} nodes are available: ", message)
    for part in (
        "1 Insufficient cpu",
        "1 node(s) were unschedulable",
        f"{total - 3} node(s) didn't match Pod's node affinity/selector",
    ):
        assert part in message
    assert "1 node(s) had untolerated taint" in message
    reasons = message.split(": ", 1)[1].split(". ")[0].rstrip(".").split(", ")
    assert reasons == sorted(reasons)
    event = await site.event("p", "FailedScheduling")
    assert (event["type"], event["action"]) == ("Warning", "Scheduling")
    assert event["note"] == message
    assert event["reportingController"] == SCHEDULER


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("tolerating", {"tolerations": [{"key": "k", "operator": "Exists"}]}),
        ("named", {"nodeSelector": {"name": "plain"}}),
    ],
)
async def test_constraints_are_kept(site: Site, name: str, spec: dict) -> None:
    await site.node("plain", cpu="1")
    taint = {"key": "k", "value": "v", "effect": "NoSchedule"}
    await site.node("tainted", cpu="64", taints=[taint])
    await site.pod(name, **spec)
    assert await site.bound(name) == ("tainted" if name == "tolerating" else "plain")


async def test_a_burst_fits_exactly(site: Site) -> None:
    """Ten nodes with room for ten pods each, and a hundred pods at once."""
    for index in range(10):
        await site.node(f"n{index}", cpu="1")
    for index in range(100):
        await site.pod(f"p{index}")
    counts: dict[str, int] = {}
    for index in range(100):
        node = await site.bound(f"p{index}")
        counts[node] = counts.get(node, 0) + 1
    assert counts == {f"n{index}": 10 for index in range(10)}


async def test_priority_goes_first(site: Site) -> None:
    await site.node("one", cpu="1", unschedulable=True)
    name = f"high-{site.namespace.name}"
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    await site.api.create(classes, manifests.priority_class(name, 100))
    await site.pod("low", cpu="1")
    await site.pod("high", cpu="1", priorityClassName=name)
    for waiting in ("low", "high"):
        await site.unschedulable(waiting)
    # Both have served their penalty: only the priority tells them apart.
    await asyncio.sleep(BACKOFF_S)
    patch = {"spec": {"unschedulable": None}}
    await site.api.patch(f"/api/v1/nodes/{site.node_name('one')}", patch, kind="merge")
    assert await site.bound("high") == "one"
    assert "nodeName" not in (await site.api.get(f"{site.pods}/low"))["spec"]
    await site.api.delete(f"{classes}/{name}")
