"""Create, read, replace, delete: identities, revisions and the texts of the common failures."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from integration import manifests
from integration.client import Api
from integration.conftest import Namespace


async def test_create_fills_in_the_identity(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one", {"key": "value"}, labels={"a": "b"})
    created = await api.create(namespace.core("configmaps"), body)
    metadata = created["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert int(metadata["resourceVersion"]) > 0
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", metadata["creationTimestamp"])
    age = datetime.now(UTC) - datetime.fromisoformat(metadata["creationTimestamp"])
    assert abs(age) < timedelta(seconds=60)
    assert metadata["namespace"] == namespace.name
    assert metadata["labels"] == {"a": "b"}
    assert created["data"] == {"key": "value"}
    assert await api.get(namespace.core("configmaps/one")) == created


async def test_identity_is_not_the_callers_to_choose(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one", uid="mine", creationTimestamp="2001-01-01T00:00:00Z")
    metadata = (await api.create(namespace.core("configmaps"), body))["metadata"]
    assert metadata["uid"] != "mine"
    assert not metadata["creationTimestamp"].startswith("2001")


async def test_generate_name(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("") | {"metadata": {"generateName": "made-"}}
    created = [await api.create(namespace.core("configmaps"), body) for _ in range(3)]
    names = {item["metadata"]["name"] for item in created}
    assert len(names) == 3
    assert all(re.fullmatch(r"made-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)
    assert created[0]["metadata"]["generateName"] == "made-"


async def test_a_long_generate_name_is_cut(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("") | {"metadata": {"generateName": "x" * 80}}
    name = (await api.create(namespace.core("configmaps"), body))["metadata"]["name"]
    assert len(name) == 63
    assert name.startswith("x" * 58)


async def test_a_name_is_needed(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("") | {"metadata": {}}
    status = await api.refused(422, "POST", namespace.core("configmaps"), body)
    assert status["reason"] == "Invalid"
    assert status["message"] == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )


async def test_a_name_that_is_none(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("Not_A_Name")
    status = await api.refused(422, "POST", namespace.core("configmaps"), body)
    assert status["details"]["kind"] == "ConfigMap"
    assert status["details"]["name"] == "Not_A_Name"
    [cause] = status["details"]["causes"]
    assert (cause["field"], cause["reason"]) == ("metadata.name", "FieldValueInvalid")
    assert cause["message"].startswith(
        'Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain'
    )
    assert status["message"].startswith(
        'ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": '
    )


async def test_already_exists(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("one")
    await api.create(namespace.core("configmaps"), body)
    status = await api.refused(409, "POST", namespace.core("configmaps"), body)
    assert status["reason"] == "AlreadyExists"
    assert status["message"] == 'configmaps "one" already exists'
    assert status["details"] == {"name": "one", "kind": "configmaps"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_not_found(api: Api, namespace: Namespace, method: str) -> None:
    status = await api.refused(404, method, namespace.core("configmaps/none"))
    assert status["reason"] == "NotFound"
    assert status["message"] == 'configmaps "none" not found'
    assert status["details"] == {"name": "none", "kind": "configmaps"}


async def test_not_found_names_the_group(api: Api, namespace: Namespace) -> None:
    status = await api.refused(404, "GET", namespace.apps("deployments/none"))
    assert status["message"] == 'deployments.apps "none" not found'
    assert status["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


async def test_a_namespace_that_is_not_there(api: Api) -> None:
    status = await api.refused(
        404, "POST", "/api/v1/namespaces/nowhere/configmaps", manifests.config_map("one")
    )
    assert status["message"] == 'namespaces "nowhere" not found'
    assert (await api.get("/api/v1/namespaces/nowhere/configmaps"))["items"] == []


async def test_create_takes_no_resource_version(api: Api, namespace: Namespace) -> None:
    """kube-apiserver answers 500 to what is the caller's mistake; only its words are asked for."""
    body = manifests.config_map("one", resourceVersion="5")
    answer = await api.request("POST", namespace.core("configmaps"), body)
    status = answer.expect(400, 500)
    assert status["message"] == "resourceVersion should not be set on objects to be created"
    await api.refused(404, "GET", namespace.core("configmaps/one"))


async def test_replace_with_the_current_revision(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    changed = await api.replace(
        namespace.core("configmaps/one"), created | {"data": {"key": "new"}}
    )
    assert changed["data"] == {"key": "new"}
    before, after = (int(item["metadata"]["resourceVersion"]) for item in (created, changed))
    assert after > before
    assert changed["metadata"]["uid"] == created["metadata"]["uid"]
    assert changed["metadata"]["creationTimestamp"] == created["metadata"]["creationTimestamp"]


async def test_replace_with_a_stale_revision(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    await api.replace(path, created | {"data": {"key": "new"}})
    status = await api.refused(409, "PUT", path, created | {"data": {"key": "stale"}})
    assert status["reason"] == "Conflict"
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert status["details"] == {"name": "one", "kind": "configmaps"}
    assert (await api.get(path))["data"] == {"key": "new"}


async def test_replace_without_a_revision_overwrites(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    assert (await api.replace(path, manifests.config_map("one", {"a": "b"})))["data"] == {"a": "b"}


async def test_replace_of_nothing(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        404, "PUT", namespace.core("configmaps/none"), manifests.config_map("none")
    )
    assert status["reason"] == "NotFound"


async def test_replace_of_another_object_of_the_name(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    status = await api.refused(
        409, "PUT", path, manifests.config_map("one", uid="00000000-0000-0000-0000-000000000000")
    )
    assert status["reason"] == "Conflict"
    assert f"UID in object meta: {created['metadata']['uid']}" in status["message"]


async def test_an_unchanged_replace_makes_no_revision(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    replaced = await api.replace(path, created)
    assert replaced["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_generation_counts_changes_of_the_spec(api: Api, namespace: Namespace) -> None:
    path = namespace.apps("deployments/web")
    created = await api.create(
        namespace.apps("deployments"), manifests.deployment("web", replicas=0)
    )
    assert created["metadata"]["generation"] == 1
    labelled = await api.patch(path, {"metadata": {"labels": {"a": "b"}}}, kind="merge")
    assert labelled["metadata"]["generation"] == 1
    paused = await api.patch(path, {"spec": {"paused": True}}, kind="merge")
    assert paused["metadata"]["generation"] == 2


async def test_delete_answers_with_the_uid(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    status = await api.delete(namespace.core("configmaps/one"))
    assert (status["kind"], status["status"]) == ("Status", "Success")
    assert status["details"] == {
        "name": "one",
        "kind": "configmaps",
        "uid": created["metadata"]["uid"],
    }
    await api.refused(404, "GET", namespace.core("configmaps/one"))


async def test_delete_with_preconditions(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    wrong = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    status = await api.refused(409, "DELETE", path, wrong)
    assert status["reason"] == "Conflict"
    assert status["message"].startswith(
        'Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition'
    )
    stale = {"preconditions": {"resourceVersion": "1"}}
    status = await api.refused(409, "DELETE", path, stale)
    assert status["message"].startswith(
        'Operation cannot be fulfilled on ConfigMap "one": the ResourceVersion in the precondition'
    )
    await api.delete(path, {"preconditions": {"uid": created["metadata"]["uid"]}})


async def test_deletecollection_takes_what_is_selected(api: Api, namespace: Namespace) -> None:
    for name in ("a", "b", "c"):
        body = manifests.config_map(name, labels={"goes": "yes" if name < "c" else "no"})
        await api.create(namespace.core("configmaps"), body)
    deleted = await api.delete(namespace.core("configmaps"), labelSelector="goes=yes")
    assert deleted["kind"] == "ConfigMapList"
    assert {item["metadata"]["name"] for item in deleted["items"]} == {"a", "b"}
    left = await api.get(namespace.core("configmaps"))
    assert [item["metadata"]["name"] for item in left["items"]] == ["c"]


async def test_a_method_that_a_path_does_not_have(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        405, "PUT", namespace.core("configmaps"), manifests.config_map("one")
    )
    assert status["reason"] == "MethodNotAllowed"


async def test_secret_string_data_becomes_data(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"key": "value"},
    }
    created = await api.create(namespace.core("secrets"), body)
    assert created["data"] == {"key": "dmFsdWU="}
    assert "stringData" not in created
    assert created["type"] == "Opaque"


async def test_services_get_an_address_and_ports(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    spec = (await api.create(namespace.core("services"), body))["spec"]
    assert spec["type"] == "ClusterIP"
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", spec["clusterIP"])
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert spec["sessionAffinity"] == "None"
    headless = body | {
        "metadata": {"name": "headless"},
        "spec": body["spec"] | {"clusterIP": "None"},
    }
    assert (await api.create(namespace.core("services"), headless))["spec"]["clusterIP"] == "None"


async def test_pods_are_filled_with_defaults(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("pods"), manifests.pod("p"))
    spec = created["spec"]
    defaults = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
        "securityContext": {},
    }
    assert {name: spec.get(name) for name in defaults} == defaults
    [container] = spec["containers"]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert container["terminationMessagePolicy"] == "File"
    assert container["resources"] == {}
    assert created["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


async def test_limits_become_requests(api: Api, namespace: Namespace) -> None:
    limits = {"cpu": "500m", "memory": "64Mi"}
    body = manifests.pod("p")
    body["spec"]["containers"][0]["resources"] = {"limits": limits}
    created = await api.create(namespace.core("pods"), body)
    assert created["spec"]["containers"][0]["resources"]["requests"] == limits
    assert created["status"]["qosClass"] == "Guaranteed"


async def test_quantities_are_stored_in_their_canonical_form(
    api: Api, namespace: Namespace
) -> None:
    body = manifests.pod("p")
    requests = {"cpu": "0.5", "memory": "1024Mi"}
    body["spec"]["containers"][0]["resources"] = {"requests": requests}
    created = await api.create(namespace.core("pods"), body)
    stored = created["spec"]["containers"][0]["resources"]["requests"]
    assert stored == {"cpu": "500m", "memory": "1Gi"}


async def test_priority_class_sets_the_priority(api: Api, namespace: Namespace) -> None:
    name = f"class-{namespace.name}"
    body = manifests.priority_class(name, 1000, preemptionPolicy="Never")
    await api.create("/apis/scheduling.k8s.io/v1/priorityclasses", body)
    pod = await api.create(namespace.core("pods"), manifests.pod("p", priorityClassName=name))
    assert (pod["spec"]["priority"], pod["spec"]["preemptionPolicy"]) == (1000, "Never")
    status = await api.refused(
        403, "POST", namespace.core("pods"), manifests.pod("q", priorityClassName="none")
    )
    assert status["message"] == ('pods "q" is forbidden: no PriorityClass with name none was found')
    await api.delete(f"/apis/scheduling.k8s.io/v1/priorityclasses/{name}")


async def test_deployments_are_filled_with_defaults(api: Api, namespace: Namespace) -> None:
    body = manifests.deployment("web")
    del body["spec"]["replicas"]
    spec = (await api.create(namespace.apps("deployments"), body))["spec"]
    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert spec["template"]["spec"]["restartPolicy"] == "Always"
