"""A pod that fits nowhere is tried again when something changes that can help."""

from integration.scheduler.conftest import Site


async def test_a_new_node(site: Site) -> None:
    await site.pod("p")
    assert "nodes are available" in await site.unschedulable("p")
    await site.node("one")
    assert await site.bound("p") == "one"


async def test_a_pod_that_leaves(site: Site) -> None:
    await site.node("one", cpu="1")
    await site.pod("first", cpu="1")
    await site.bound("first")
    await site.pod("second", cpu="1")
    assert "Insufficient cpu" in await site.unschedulable("second")
    await site.api.delete(f"{site.pods}/first", {"gracePeriodSeconds": 0})
    assert await site.bound("second") == "one"


async def test_a_node_that_is_opened(site: Site) -> None:
    path = f"/api/v1/nodes/{await site.node('one', unschedulable=True)}"
    await site.pod("p")
    await site.unschedulable("p")
    await site.api.patch(path, {"spec": {"unschedulable": None}}, kind="merge")
    assert await site.bound("p") == "one"


async def test_a_taint_that_is_lifted(site: Site) -> None:
    taint = {"key": "k", "value": "v", "effect": "NoSchedule"}
    path = f"/api/v1/nodes/{await site.node('one', taints=[taint])}"
    await site.pod("p")
    assert "taint" in await site.unschedulable("p")
    await site.api.patch(path, {"spec": {"taints": None}}, kind="merge")
    assert await site.bound("p") == "one"


async def test_a_node_that_grows(site: Site) -> None:
    path = f"/api/v1/nodes/{await site.node('one', cpu='1')}/status"
    await site.pod("p", cpu="2")
    await site.unschedulable("p")
    larger = {"cpu": "4", "memory": "64Gi", "pods": "250"}
    await site.api.patch(path, {"status": {"allocatable": larger}}, kind="merge")
    assert await site.bound("p") == "one"


async def test_a_gate_that_is_lifted(site: Site) -> None:
    await site.node("one")
    await site.pod("gated", schedulingGates=[{"name": "example.com/wait"}])
    await site.pod("free")
    await site.bound("free")
    assert "nodeName" not in (await site.api.get(f"{site.pods}/gated"))["spec"]
    patch = {"spec": {"schedulingGates": None}}
    await site.api.patch(f"{site.pods}/gated", patch, kind="merge")
    assert await site.bound("gated") == "one"


async def test_a_waiting_pod_that_is_deleted(site: Site) -> None:
    await site.pod("p", cpu="1")
    await site.unschedulable("p")
    await site.api.delete(f"{site.pods}/p")
    await site.node("one", cpu="1")
    # The room is not kept for a pod that is gone.
    await site.pod("q", cpu="1")
    assert await site.bound("q") == "one"


async def test_pods_bound_by_another_first(site: Site) -> None:
    """A lost race costs nothing: the pod stays where it is, and no room is kept elsewhere."""
    theirs = await site.node("theirs", cpu="2")
    await site.node("ours", cpu="2", labels={"better": "yes"})
    preference = {
        "weight": 100,
        "preference": {
            "matchExpressions": [{"key": "better", "operator": "In", "values": ["yes"]}]
        },
    }
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}}
    for index in range(20):
        name = f"p{index}"
        await site.pod(name, affinity=affinity)
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}}
        binding["target"] = {"kind": "Node", "name": theirs}
        answer = await site.api.request("POST", f"{site.pods}/{name}/binding", binding)
        assert answer.status in {201, 409}
        # Whoever won, the loser is told nothing but the truth.
        assert await site.bound(name) == ("theirs" if answer.status == 201 else "ours")
    await site.api.delete(site.pods, {"gracePeriodSeconds": 0})
    await site.pod("whole", cpu="2", nodeSelector={"name": "ours"})
    assert await site.bound("whole") == "ours"
