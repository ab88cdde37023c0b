"""Tables: the columns that people who use kubectl know, kind by kind."""

import re

import pytest

from integration import manifests
from integration.client import Api, Object
from integration.conftest import Namespace

TABLE = {
    "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,"
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
}
AGE = re.compile(r"\d+[smhd]|<unknown>")

# What `kubectl get` shows, and behind the bar what `-o wide` adds.
COLUMNS = {
    "/api/v1/namespaces": "Name Status Age",
    "/api/v1/nodes": (
        "Name Status Roles Age Version"
        " | Internal-IP External-IP OS-Image Kernel-Version Container-Runtime"
    ),
    "/api/v1/pods": "Name Ready Status Restarts Age | IP Node Nominated_Node Readiness_Gates",
    "/api/v1/configmaps": "Name Data Age",
    "/api/v1/secrets": "Name Type Data Age",
    "/api/v1/services": "Name Type Cluster-IP External-IP Port(s) Age | Selector",
    "/api/v1/serviceaccounts": "Name Age",
    "/api/v1/events": (
        "Last_Seen Type Reason Object Message | Subobject Source First_Seen Count Name"
    ),
    "/api/v1/persistentvolumes": (
        "Name Capacity Access_Modes Reclaim_Policy Status Claim StorageClass"
        " VolumeAttributesClass Reason Age | VolumeMode"
    ),
    "/api/v1/persistentvolumeclaims": (
        "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age"
        " | VolumeMode"
    ),
    "/apis/apps/v1/deployments": (
        "Name Ready Up-to-date Available Age | Containers Images Selector"
    ),
    "/apis/apps/v1/replicasets": "Name Desired Current Ready Age | Containers Images Selector",
    "/apis/coordination.k8s.io/v1/leases": "Name Holder Age",
    "/apis/policy/v1/poddisruptionbudgets": (
        "Name Min_Available Max_Unavailable Allowed_Disruptions Age"
    ),
    "/apis/scheduling.k8s.io/v1/priorityclasses": (
        "Name Value Global-Default Age PreemptionPolicy"
    ),
    "/apis/storage.k8s.io/v1/storageclasses": (
        "Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age"
    ),
    "/apis/storage.k8s.io/v1/csinodes": "Name Drivers Age",
    "/apis/rbac.authorization.k8s.io/v1/roles": "Name Created_At",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings": (
        "Name Role Age | Users Groups ServiceAccounts"
    ),
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": "Name Created_At",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": "Name Created_At",
}


async def table(api: Api, path: str, **parameters: object) -> Object:
    answer = await api.request("GET", path, headers=TABLE, **parameters)
    document = answer.expect(200)
    assert (document["kind"], document["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    return document


async def row(api: Api, path: str) -> dict[str, object]:
    """Cells of the one row at the path of an object, by column."""
    document = await table(api, path)
    names = [column["name"] for column in document["columnDefinitions"]]
    [only] = document["rows"]
    return dict(zip(names, only["cells"], strict=True))


@pytest.mark.parametrize("path", COLUMNS)
async def test_columns(api: Api, path: str) -> None:
    document = await table(api, path, limit=1)
    shown, wide = (
        [
            column["name"].replace(" ", "_")
            for column in document["columnDefinitions"]
            if (column["priority"] > 0) is is_wide
        ]
        for is_wide in (False, True)
    )
    assert " | ".join(filter(None, (" ".join(shown), " ".join(wide)))) == COLUMNS[path]
    for column in document["columnDefinitions"]:
        assert column.keys() == {"name", "type", "format", "description", "priority"}


async def test_rows_carry_the_metadata_of_their_object(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("one", {"a": "1", "b": "2"}))
    document = await table(api, path)
    assert int(document["metadata"]["resourceVersion"]) > 0
    [only] = document["rows"]
    assert only["cells"][:2] == ["one", 2]
    assert AGE.fullmatch(only["cells"][2])
    assert only["object"]["kind"] == "PartialObjectMetadata"
    assert only["object"]["apiVersion"] == "meta.k8s.io/v1"
    assert only["object"]["metadata"] == created["metadata"]


async def test_how_much_of_the_object(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("one", {"a": "1"}))
    [whole] = (await table(api, path, includeObject="Object"))["rows"]
    assert whole["object"] == created
    [none] = (await table(api, path, includeObject="None"))["rows"]
    assert none.get("object") is None


async def test_an_empty_table_has_rows(api: Api, namespace: Namespace) -> None:
    document = await table(api, namespace.core("configmaps"))
    assert document["rows"] == []
    assert document["columnDefinitions"]


async def test_tables_come_in_pages(api: Api, namespace: Namespace) -> None:
    for name in ("a", "b", "c"):
        await api.create(namespace.core("configmaps"), manifests.config_map(name))
    document = await table(api, namespace.core("configmaps"), limit=2)
    assert [item["cells"][0] for item in document["rows"]] == ["a", "b"]
    token = document["metadata"]["continue"]
    document = await table(api, namespace.core("configmaps"), limit=2, **{"continue": token})
    assert [item["cells"][0] for item in document["rows"]] == ["c"]


async def test_watched_tables_define_their_columns_once(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    await api.create(path, manifests.config_map("a"))
    async with api.watch(path, accept=TABLE["Accept"]) as events:
        first = await events.next()
        await api.create(path, manifests.config_map("b"))
        second = await events.next()
    assert first["object"]["kind"] == second["object"]["kind"] == "Table"
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert not second["object"].get("columnDefinitions")
    assert [event["object"]["rows"][0]["cells"][0] for event in (first, second)] == ["a", "b"]


async def test_pods(api: Api, namespace: Namespace, nodes: list[str]) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    cells = await row(api, path)
    assert (cells["Ready"], cells["Status"], cells["Restarts"]) == ("0/1", "Pending", "0")
    assert (cells["IP"], cells["Node"]) == ("<none>", "<none>")
    assert (cells["Nominated Node"], cells["Readiness Gates"]) == ("<none>", "<none>")
    await api.create(f"{path}/binding", manifests.binding("p", nodes[0]))
    running = await api.until(path, lambda pod: pod["status"]["phase"] == "Running")
    cells = await row(api, path)
    assert (cells["Ready"], cells["Status"]) == ("1/1", "Running")
    assert (cells["IP"], cells["Node"]) == (running["status"]["podIP"], nodes[0])


async def test_pods_whose_containers_say_more(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))

    async def shown(status: Object) -> tuple[object, object, object]:
        await api.patch(f"{path}/status", {"status": status}, kind="merge")
        cells = await row(api, path)
        return cells["Ready"], cells["Status"], cells["Restarts"]

    container = {"name": "main", "image": "i", "imageID": "", "ready": False, "restartCount": 3}
    waiting = container | {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    assert await shown({"containerStatuses": [waiting]}) == ("0/1", "CrashLoopBackOff", "3")
    ended = container | {"state": {"terminated": {"reason": "Completed", "exitCode": 0}}}
    assert await shown({"phase": "Succeeded", "containerStatuses": [ended]}) == (
        "0/1",
        "Completed",
        "3",
    )
    evicted = {"phase": "Failed", "reason": "Evicted", "containerStatuses": None}
    assert (await shown(evicted))[:2] == ("0/1", "Evicted")


async def test_a_gated_pod(api: Api, namespace: Namespace) -> None:
    body = manifests.pod("p", schedulingGates=[{"name": "example.com/wait"}])
    await api.create(namespace.core("pods"), body)
    assert (await row(api, namespace.core("pods/p")))["Status"] == "SchedulingGated"


async def test_a_dying_pod(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    body = manifests.pod("p")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await api.create(namespace.core("pods"), body)
    await api.delete(path)
    assert (await row(api, path))["Status"] == "Terminating"
    await api.patch(path, {"metadata": {"finalizers": None}}, kind="merge")


async def test_nodes(api: Api, nodes: list[str]) -> None:
    path = f"/api/v1/nodes/{nodes[0]}"
    cells = await row(api, path)
    assert cells["Status"] == "Ready"
    assert cells["Version"]
    assert cells["Internal-IP"]
    assert cells["External-IP"] == "<none>"
    patch = {
        "metadata": {"labels": {"node-role.kubernetes.io/edge": ""}},
        "spec": {"unschedulable": True},
    }
    await api.patch(path, patch, kind="merge")
    cells = await row(api, path)
    assert (cells["Status"], cells["Roles"]) == ("Ready,SchedulingDisabled", "edge")
    patch = {
        "metadata": {"labels": {"node-role.kubernetes.io/edge": None}},
        "spec": {"unschedulable": None},
    }
    await api.patch(path, patch, kind="merge")
    cells = await row(api, path)
    assert (cells["Status"], cells["Roles"]) == ("Ready", "<none>")


async def test_deployments_and_replica_sets(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    path = namespace.apps("deployments/web")
    body = manifests.deployment("web", replicas=2, nodeName=nodes[0])
    await api.create(namespace.apps("deployments"), body)
    await api.until(path, lambda item: item["status"].get("availableReplicas") == 2)
    cells = await row(api, path)
    assert (cells["Ready"], cells["Up-to-date"], cells["Available"]) == ("2/2", 2, 2)
    assert (cells["Containers"], cells["Images"]) == ("main", "registry.example/app:1")
    assert cells["Selector"] == "app=web"
    document = await table(api, namespace.apps("replicasets"))
    [only] = document["rows"]
    assert only["cells"][1:4] == [2, 2, 2]


async def test_services(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"app": "web"},
            "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}],
        },
    }
    created = await api.create(namespace.core("services"), body)
    cells = await row(api, namespace.core("services/web"))
    assert cells["Cluster-IP"] == created["spec"]["clusterIP"]
    assert (cells["Type"], cells["External-IP"]) == ("ClusterIP", "<none>")
    assert (cells["Port(s)"], cells["Selector"]) == ("80/TCP,53/UDP", "app=web")


async def test_events(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": namespace.name},
        "reason": "Started",
        "message": "It started.",
        "type": "Normal",
        "source": {"component": "kubelet", "host": "node-9"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 2,
    }
    await api.create(namespace.core("events"), body)
    cells = await row(api, namespace.core("events/e"))
    assert AGE.fullmatch(str(cells["Last Seen"]))
    assert (cells["Type"], cells["Reason"], cells["Object"]) == ("Normal", "Started", "pod/p")
    assert (cells["Source"], cells["Message"]) == ("kubelet, node-9", "It started.")
    assert (cells["Count"], cells["Name"]) == (2, "e")


async def test_budgets(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"},
        "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
    }
    await api.create(namespace.group("policy/v1", "poddisruptionbudgets"), body)
    cells = await row(api, namespace.group("policy/v1", "poddisruptionbudgets/b"))
    assert (cells["Min Available"], cells["Max Unavailable"]) == ("N/A", "50%")
    assert cells["Allowed Disruptions"] == 0


async def test_partial_metadata(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    created = await api.create(path, manifests.config_map("one", {"a": "1"}))
    accept = "application/json;as={};v=v1;g=meta.k8s.io"
    headers = {"Accept": accept.format("PartialObjectMetadata")}
    item = (await api.request("GET", f"{path}/one", headers=headers)).expect(200)
    assert item == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": created["metadata"],
    }
    headers = {"Accept": accept.format("PartialObjectMetadataList")}
    listed = (await api.request("GET", path, headers=headers)).expect(200)
    assert listed["kind"] == "PartialObjectMetadataList"
    assert [entry["metadata"]["name"] for entry in listed["items"]] == ["one"]
    assert "data" not in listed["items"][0]
