"""What the server refuses with 422: wrong values, and changes of what may not change."""

import copy

import pytest

from integration import manifests
from integration.client import Api, Object, causes
from integration.conftest import Namespace


async def test_every_fault_is_named(api: Api, namespace: Namespace) -> None:
    body = manifests.deployment("web", replicas=-1)
    body["spec"]["selector"]["matchLabels"] = {"app": "other"}
    status = await api.refused(422, "POST", namespace.apps("deployments"), body)
    assert status["reason"] == "Invalid"
    assert status["details"]["group"] == "apps"
    assert status["details"]["kind"] == "Deployment"
    found = causes(status)
    assert found["spec.replicas"] == "Invalid value: -1: must be greater than or equal to 0"
    message = found["spec.template.metadata.labels"]
    assert "`selector` does not match template `labels`" in message
    assert status["message"].startswith('Deployment.apps "web" is invalid: [spec.')


async def test_a_deployment_needs_a_selector(api: Api, namespace: Namespace) -> None:
    body = manifests.deployment("web")
    del body["spec"]["selector"]
    status = await api.refused(422, "POST", namespace.apps("deployments"), body)
    assert causes(status)["spec.selector"] == "Required value"


async def test_a_pod_needs_a_container(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        422, "POST", namespace.core("pods"), manifests.pod("p", containers=[])
    )
    assert status["message"] == 'Pod "p" is invalid: spec.containers: Required value'


async def test_a_container_needs_name_and_image(api: Api, namespace: Namespace) -> None:
    body = manifests.pod("p", containers=[{}])
    found = causes(await api.refused(422, "POST", namespace.core("pods"), body))
    assert found["spec.containers[0].name"] == "Required value"
    assert found["spec.containers[0].image"] == "Required value"


async def test_container_names_are_distinct(api: Api, namespace: Namespace) -> None:
    container = {"name": "same", "image": "registry.example/app:1"}
    body = manifests.pod("p", containers=[container, container])
    found = causes(await api.refused(422, "POST", namespace.core("pods"), body))
    assert found["spec.containers[1].name"] == 'Duplicate value: "same"'


async def test_a_value_outside_its_set(api: Api, namespace: Namespace) -> None:
    body = manifests.pod("p", restartPolicy="Sometimes")
    found = causes(await api.refused(422, "POST", namespace.core("pods"), body))
    assert (
        found["spec.restartPolicy"]
        == 'Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'
    )


async def test_requests_stay_within_limits(api: Api, namespace: Namespace) -> None:
    body = manifests.pod("p")
    resources = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    body["spec"]["containers"][0]["resources"] = resources
    found = causes(await api.refused(422, "POST", namespace.core("pods"), body))
    assert (
        found["spec.containers[0].resources.requests"]
        == 'Invalid value: "2": must be less than or equal to cpu limit of 1'
    )


async def test_a_label_value_that_is_none(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one", labels={"a": "not a value"})
    found = causes(await api.refused(422, "POST", namespace.core("configmaps"), body))
    message = found["metadata.labels"]
    assert message.startswith('Invalid value: "not a value": a valid label must be')


async def test_a_quantity_that_is_none(api: Api, namespace: Namespace) -> None:
    body = manifests.pod("p")
    body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "much"}}
    status = await api.refused(400, "POST", namespace.core("pods"), body)
    assert "quantities must match the regular expression" in status["message"]


async def test_the_selector_of_a_deployment_stands(api: Api, namespace: Namespace) -> None:
    created = await api.create(
        namespace.apps("deployments"), manifests.deployment("web", replicas=0)
    )
    labels = {"app": "other"}
    changed = copy.deepcopy(created)
    del changed["metadata"]["resourceVersion"]
    changed["spec"]["selector"]["matchLabels"] = labels
    changed["spec"]["template"]["metadata"]["labels"] = labels
    status = await api.refused(422, "PUT", namespace.apps("deployments/web"), changed)
    message = causes(status)["spec.selector"]
    assert message.startswith("Invalid value: {")
    assert message.endswith("field is immutable")


async def test_a_pod_changes_its_image_and_little_else(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"))
    image = [{"op": "replace", "path": "/spec/containers/0/image", "value": "registry.example/b:2"}]
    changed = await api.patch(path, image, kind="json")
    assert changed["spec"]["containers"][0]["image"] == "registry.example/b:2"
    status = await api.refused(
        422,
        "PATCH",
        path,
        {"spec": {"hostname": "other"}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert status["reason"] == "Invalid"
    message = causes(status)["spec"]
    assert message.startswith(
        "Forbidden: pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` "
        "(allow it to be set to 1 if it was previously negative)"
    )


async def test_a_node_name_is_for_the_binding(api: Api, namespace: Namespace) -> None:
    await api.create(namespace.core("pods"), manifests.pod("p"))
    await api.refused(
        422,
        "PATCH",
        namespace.core("pods/p"),
        {"spec": {"nodeName": "anywhere"}},
        headers={"Content-Type": "application/merge-patch+json"},
    )


@pytest.mark.parametrize(
    ("plural", "kind", "body"),
    [
        ("configmaps", "ConfigMap", {"data": {"a": "1"}}),
        ("secrets", "Secret", {"data": {"a": "MQ=="}}),
    ],
)
async def test_immutable_data(
    api: Api, namespace: Namespace, plural: str, kind: str, body: Object
) -> None:
    path = namespace.core(f"{plural}/fixed")
    head = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "fixed"}}
    await api.create(namespace.core(plural), head | body | {"immutable": True})
    status = await api.refused(422, "PUT", path, head | {"data": {}, "immutable": True})
    assert causes(status)["data"] == "Forbidden: field is immutable when `immutable` is set"


async def test_a_cluster_ip_stands(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}]},
    }
    created = await api.create(namespace.core("services"), body)
    created["spec"]["clusterIPs"] = ["None"]
    created["spec"]["clusterIP"] = "None"
    status = await api.refused(422, "PUT", namespace.core("services/web"), created)
    message = causes(status)["spec.clusterIPs[0]"]
    assert message.endswith("may not change once set")


async def test_the_type_of_a_secret_stands(api: Api, namespace: Namespace) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    await api.create(namespace.core("secrets"), body)
    status = await api.refused(
        422, "PUT", namespace.core("secrets/s"), body | {"type": "example/other"}
    )
    assert causes(status)["type"] == 'Invalid value: "example/other": field is immutable'


async def test_the_value_of_a_priority_class_stands(api: Api, namespace: Namespace) -> None:
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    name = f"class-{namespace.name}"
    body = manifests.priority_class(name, 10)
    await api.create(path, body)
    status = await api.refused(422, "PUT", f"{path}/{name}", body | {"value": 20})
    assert causes(status)["value"] == "Forbidden: may not be changed in an update."
    await api.delete(f"{path}/{name}")


async def test_labels_of_pods_may_change(api: Api, namespace: Namespace) -> None:
    await api.create(namespace.core("pods"), manifests.pod("p"))
    changed = await api.patch(
        namespace.core("pods/p"), {"metadata": {"labels": {"a": "b"}}}, kind="strategic"
    )
    assert changed["metadata"]["labels"] == {"a": "b"}


async def test_only_gates_hold_or_free_a_pod(api: Api, namespace: Namespace) -> None:
    """Scheduling gates may be taken away, never added."""
    path = namespace.core("pods/p")
    created = await api.create(
        namespace.core("pods"), manifests.pod("p", schedulingGates=[{"name": "example.com/wait"}])
    )
    [condition] = created["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "PodScheduled",
        "False",
        "SchedulingGated",
    )
    freed = await api.patch(path, {"spec": {"schedulingGates": None}}, kind="merge")
    assert "schedulingGates" not in freed["spec"]
    await api.refused(
        422,
        "PATCH",
        path,
        {"spec": {"schedulingGates": [{"name": "example.com/wait"}]}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
