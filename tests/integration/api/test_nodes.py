"""Nodes: what they report, their leases, and one that falls silent."""

from integration import manifests
from integration.client import Api
from integration.conftest import Namespace


async def test_what_a_ready_node_reports(api: Api, nodes: list[str]) -> None:
    node = await api.get(f"/api/v1/nodes/{nodes[0]}")
    status = node["status"]
    conditions = {c["type"]: c["status"] for c in status["conditions"]}
    assert conditions["Ready"] == "True"
    assert conditions["MemoryPressure"] == conditions["DiskPressure"] == "False"
    assert {"cpu", "memory", "pods"} <= status["capacity"].keys()
    assert {"cpu", "memory", "pods"} <= status["allocatable"].keys()
    addresses = {address["type"] for address in status["addresses"]}
    assert "InternalIP" in addresses
    assert status["nodeInfo"]["kubeletVersion"]
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == nodes[0]


async def test_a_ready_node_holds_a_lease(api: Api, nodes: list[str]) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{nodes[0]}"
    lease = await api.until(path, lambda lease: lease["spec"].get("renewTime"))
    assert lease["spec"]["leaseDurationSeconds"] == 40


async def test_pods_get_addresses_of_their_own(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    addresses = set()
    for index, node in enumerate(nodes):
        path = namespace.core(f"pods/p-{index}")
        await api.create(namespace.core("pods"), manifests.pod(f"p-{index}", nodeName=node))
        pod = await api.until(path, lambda pod: pod["status"]["phase"] == "Running")
        addresses.add(pod["status"]["podIP"])
        conditions = {c["type"]: c["status"] for c in pod["status"]["conditions"]}
        assert conditions["Ready"] == conditions["ContainersReady"] == "True"
        [container] = pod["status"]["containerStatuses"]
        assert container["state"]["running"]["startedAt"]
    assert len(addresses) == len(nodes)


async def test_a_node_is_registered_and_removed(api: Api, namespace: Namespace) -> None:
    name = f"bare-{namespace.name}"
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"capacity": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
    }
    created = await api.create("/api/v1/nodes", body)
    assert (
        created["status"]["allocatable"]
        == created["status"]["capacity"]
        == {
            "cpu": "4",
            "memory": "8Gi",
            "pods": "10",
        }
    )
    await api.delete(f"/api/v1/nodes/{name}")
    await api.until_gone(f"/api/v1/nodes/{name}")
