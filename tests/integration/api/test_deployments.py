"""Deployments through their controllers: rolling out, history, undo, scale, pause."""

import copy

import pytest

from integration import manifests
from integration.client import Api, Object
from integration.conftest import Namespace

REVISION = "deployment.kubernetes.io/revision"


class Web:
    """A Deployment `web` of the test's namespace whose pods need no scheduler."""

    def __init__(self, api: Api, namespace: Namespace, node: str) -> None:
        self.api = api
        self.namespace = namespace
        self.node = node
        self.path = namespace.apps("deployments/web")

    async def create(self, replicas: int, **spec: object) -> Object:
        body = manifests.deployment("web", replicas=replicas, nodeName=self.node)
        body["spec"] |= spec
        await self.api.create(self.namespace.apps("deployments"), body)
        return await self.rolled_out(replicas)

    async def set_image(self, tag: str) -> None:
        container = {"name": "main", "image": f"registry.example/app:{tag}"}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        await self.api.patch(self.path, patch, kind="strategic")

    async def rolled_out(self, replicas: int) -> Object:
        """The Deployment once it is what `kubectl rollout status` waits for."""

        def is_done(item: Object) -> bool:
            status = item.get("status", {})
            counts = {status.get(name, 0) for name in COUNTS}
            return status.get("observedGeneration", 0) >= item["metadata"][
                "generation"
            ] and counts == {replicas}

        return await self.api.until(self.path, is_done)

    async def replica_sets(self) -> dict[str, Object]:
        """ReplicaSets by their revision."""
        listed = await self.api.get(self.namespace.apps("replicasets"))
        return {item["metadata"]["annotations"][REVISION]: item for item in listed["items"]}

    async def images(self) -> set[str]:
        listed = await self.api.get(self.namespace.core("pods"))
        return {
            pod["spec"]["containers"][0]["image"].partition(":")[2]
            for pod in listed["items"]
            if "deletionTimestamp" not in pod["metadata"]
        }


COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


@pytest.fixture
def web(api: Api, namespace: Namespace, nodes: list[str]) -> Web:
    return Web(api, namespace, nodes[0])


async def test_what_a_deployment_makes(api: Api, namespace: Namespace, web: Web) -> None:
    deployment = await web.create(2)
    assert deployment["metadata"]["annotations"][REVISION] == "1"
    conditions = {c["type"]: (c["status"], c["reason"]) for c in deployment["status"]["conditions"]}
    assert conditions == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    [replica_set] = (await web.replica_sets()).values()
    [reference] = replica_set["metadata"]["ownerReferences"]
    assert reference == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": deployment["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    mark = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert replica_set["metadata"]["name"] == f"web-{mark}"
    assert replica_set["spec"]["selector"]["matchLabels"] == {
        "app": "web",
        "pod-template-hash": mark,
    }
    annotations = replica_set["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/desired-replicas"] == "2"
    assert annotations["deployment.kubernetes.io/max-replicas"] == "3"
    pods = (await api.get(namespace.core("pods")))["items"]
    assert len(pods) == 2
    for pod in pods:
        assert pod["metadata"]["generateName"] == f"web-{mark}-"
        assert pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": mark}
        assert pod["metadata"]["ownerReferences"][0]["name"] == f"web-{mark}"


async def test_the_events_of_a_deployment(api: Api, namespace: Namespace, web: Web) -> None:
    await web.create(1)
    [replica_set] = (await web.replica_sets()).values()
    name = replica_set["metadata"]["name"]

    def says(reason: str, message: str) -> object:
        return lambda event: (event["reason"], event["message"]) == (reason, message)

    await find_event(
        api, namespace, says("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 1")
    )
    [pod] = (await api.get(namespace.core("pods")))["items"]
    await find_event(
        api, namespace, says("SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
    )


async def find_event(api: Api, namespace: Namespace, holds: object) -> Object:
    async with api.watch(namespace.core("events")) as events:
        while True:
            event = await events.next()
            if holds(event["object"]):
                return event["object"]


async def test_a_new_template_rolls_out(web: Web) -> None:
    await web.create(3)
    await web.set_image("2")
    deployment = await web.rolled_out(3)
    assert deployment["metadata"]["annotations"][REVISION] == "2"
    assert await web.images() == {"2"}
    found = await web.replica_sets()
    assert {key: item["spec"]["replicas"] for key, item in found.items()} == {"1": 0, "2": 3}


async def test_a_rolling_update_keeps_its_bounds(api: Api, namespace: Namespace, web: Web) -> None:
    limits = {"maxSurge": 1, "maxUnavailable": 0}
    await web.create(4, strategy={"type": "RollingUpdate", "rollingUpdate": limits})
    version = (await api.get(web.path))["metadata"]["resourceVersion"]
    await web.set_image("2")
    seen = []
    async with api.watch(namespace.apps("deployments"), resourceVersion=version) as events:
        while True:
            status = (await events.next())["object"]["status"]
            seen.append(status)
            if status.get("updatedReplicas") == status.get("replicas") == 4:
                break
    assert max(status["replicas"] for status in seen) <= 5
    assert min(status["availableReplicas"] for status in seen) >= 4


async def test_recreate_ends_the_old_first(api: Api, namespace: Namespace, web: Web) -> None:
    await web.create(2, strategy={"type": "Recreate"})
    version = (await api.get(namespace.core("pods")))["metadata"]["resourceVersion"]
    await web.set_image("2")
    await web.rolled_out(2)
    order = []
    async with api.watch(namespace.core("pods"), resourceVersion=version) as events:
        while len(order) < 4:
            event = await events.next()
            if event["type"] in {"ADDED", "DELETED"}:
                order.append(event["type"])
    assert order == ["DELETED", "DELETED", "ADDED", "ADDED"]


async def test_undo_takes_the_revision_back(web: Web) -> None:
    """As `kubectl rollout undo` does it: the old template, and its ReplicaSet again."""
    await web.create(1)
    await web.set_image("2")
    await web.rolled_out(1)
    old = (await web.replica_sets())["1"]
    template = copy.deepcopy(old["spec"]["template"])
    del template["metadata"]["labels"]["pod-template-hash"]
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    await web.api.patch(web.path, patch, kind="json")
    deployment = await web.rolled_out(1)
    assert deployment["metadata"]["annotations"][REVISION] == "3"
    found = await web.replica_sets()
    assert found.keys() == {"2", "3"}
    assert found["3"]["metadata"]["name"] == old["metadata"]["name"]
    assert found["3"]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert await web.images() == {"1"}


async def test_history_is_kept_to_its_limit(web: Web) -> None:
    await web.create(1, revisionHistoryLimit=1)
    for tag in ("2", "3"):
        await web.set_image(tag)
        await web.rolled_out(1)

    async def revisions() -> set[str]:
        return set(await web.replica_sets())

    first = web.namespace.apps("replicasets")
    async with web.api.watch(first) as events:
        while await revisions() != {"2", "3"}:
            await events.next()


async def test_scale_up_and_down(web: Web) -> None:
    await web.create(1)
    await web.api.patch(f"{web.path}/scale", {"spec": {"replicas": 4}}, kind="merge")
    deployment = await web.rolled_out(4)
    assert deployment["metadata"]["annotations"][REVISION] == "1"
    await web.api.patch(f"{web.path}/scale", {"spec": {"replicas": 0}}, kind="merge")
    await web.rolled_out(0)
    assert await web.images() == set()


async def test_a_paused_deployment_waits(web: Web) -> None:
    await web.create(1)
    await web.api.patch(web.path, {"spec": {"paused": True}}, kind="merge")
    await web.set_image("2")
    paused = await web.api.until(web.path, lambda item: item["status"]["observedGeneration"] == 3)
    reasons = {c["type"]: c["reason"] for c in paused["status"]["conditions"]}
    assert reasons["Progressing"] == "DeploymentPaused"
    assert (await web.replica_sets()).keys() == {"1"}
    await web.api.patch(web.path, {"spec": {"paused": None}}, kind="merge")
    await web.rolled_out(1)
    assert await web.images() == {"2"}


async def test_a_lost_pod_is_replaced(api: Api, namespace: Namespace, web: Web) -> None:
    await web.create(2)
    lost, kept = (await api.get(namespace.core("pods")))["items"]
    path = namespace.core(f"pods/{lost['metadata']['name']}")
    await api.delete(path, {"gracePeriodSeconds": 0})
    await web.rolled_out(2)
    names = {pod["metadata"]["name"] for pod in (await api.get(namespace.core("pods")))["items"]}
    assert kept["metadata"]["name"] in names
    assert lost["metadata"]["name"] not in names


async def test_a_replica_set_adopts_and_releases(
    api: Api, namespace: Namespace, nodes: list[str]
) -> None:
    labels = {"app": "web"}
    orphan = manifests.pod("orphan", labels=labels, nodeName=nodes[0])
    await api.create(namespace.core("pods"), orphan)
    body = manifests.replica_set("web", replicas=1, nodeName=nodes[0])
    await api.create(namespace.apps("replicasets"), body)
    adopted = await api.until(
        namespace.core("pods/orphan"), lambda pod: "ownerReferences" in pod["metadata"]
    )
    assert adopted["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    await api.until(
        namespace.apps("replicasets/web"), lambda item: item["status"].get("readyReplicas") == 1
    )
    assert len((await api.get(namespace.core("pods")))["items"]) == 1
    patch = {"metadata": {"labels": {"app": "free"}}}
    await api.patch(namespace.core("pods/orphan"), patch, kind="merge")
    await api.until(
        namespace.core("pods/orphan"), lambda pod: not pod["metadata"].get("ownerReferences")
    )
