"""Server-side apply: who owns which field, what conflicts, what a manager gives up."""

import pytest

from integration import manifests
from integration.api.conftest import Widgets
from integration.client import PATCH_TYPES, Api, Object
from integration.conftest import Namespace

APPLY = {"Content-Type": PATCH_TYPES["apply"]}


def owned(item: Object, manager: str, operation: str = "Apply") -> Object:
    """The fieldsV1 of one manager."""
    [entry] = [
        entry
        for entry in item["metadata"]["managedFields"]
        if (entry["manager"], entry["operation"]) == (manager, operation)
        and "subresource" not in entry
    ]
    return entry["fieldsV1"]


@pytest.fixture
def path(namespace: Namespace) -> str:
    return namespace.core("configmaps/one")


async def test_apply_creates_then_changes(api: Api, path: str) -> None:
    body = manifests.config_map("one", {"a": "1"})
    first = await api.request("PATCH", path, body, headers=APPLY, fieldManager="me")
    assert first.status == 201
    again = await api.request("PATCH", path, body, headers=APPLY, fieldManager="me")
    assert again.status == 200
    before, after = (answer.body["metadata"]["resourceVersion"] for answer in (first, again))
    assert before == after
    changed = await api.apply(path, manifests.config_map("one", {"a": "2"}), manager="me")
    assert changed["data"] == {"a": "2"}


async def test_apply_takes_yaml(api: Api, path: str) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: '1'\n"
    answer = await api.request("PATCH", path, text, headers=APPLY, fieldManager="me")
    assert answer.expect(201)["data"] == {"a": "1"}


async def test_the_entry_of_a_manager(api: Api, path: str) -> None:
    body = manifests.config_map("one", {"a": "1"}, labels={"l": "x"})
    item = await api.apply(path, body, manager="me")
    [entry] = item["metadata"]["managedFields"]
    assert entry["manager"] == "me"
    assert entry["operation"] == "Apply"
    assert entry["apiVersion"] == "v1"
    assert entry["fieldsType"] == "FieldsV1"
    assert entry["time"].endswith("Z")
    assert entry["fieldsV1"] == {
        "f:data": {"f:a": {}},
        "f:metadata": {"f:labels": {"f:l": {}}},
    }


async def test_list_entries_are_owned_by_their_key(api: Api, namespace: Namespace) -> None:
    path = namespace.apps("deployments/web")
    body = manifests.deployment("web", replicas=0)
    item = await api.apply(path, body, manager="me")
    spec = owned(item, "me")["f:spec"]
    assert spec["f:replicas"] == {}
    assert spec["f:selector"] == {}
    containers = spec["f:template"]["f:spec"]["f:containers"]
    assert containers == {'k:{"name":"main"}': {".": {}, "f:image": {}, "f:name": {}}}


async def test_what_is_no_longer_applied_is_removed(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1", "b": "2"}), manager="me")
    item = await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="me")
    assert item["data"] == {"a": "1"}


async def test_what_another_owns_too_stays(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1", "b": "2"}), manager="me")
    await api.apply(path, manifests.config_map("one", {"b": "2"}), manager="you")
    item = await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="me")
    assert item["data"] == {"a": "1", "b": "2"}
    assert owned(item, "you") == {"f:data": {"f:b": {}}}
    assert owned(item, "me") == {"f:data": {"f:a": {}}}


async def test_conflicts_name_manager_and_field(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1", "b": "1"}), manager="me")
    body = manifests.config_map("one", {"a": "2"})
    status = await api.refused(409, "PATCH", path, body, headers=APPLY, fieldManager="you")
    assert status["reason"] == "Conflict"
    assert status["message"] == ('Apply failed with 1 conflict: conflict with "me": .data.a')
    assert status["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "me"', "field": ".data.a"}
    ]
    both = manifests.config_map("one", {"a": "2", "b": "2"})
    status = await api.refused(409, "PATCH", path, both, headers=APPLY, fieldManager="you")
    assert status["message"].startswith(
        'Apply failed with 2 conflicts: conflicts with "me":\n- .data.a\n- .data.b'
    )


async def test_force_takes_the_field(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="me")
    body = manifests.config_map("one", {"a": "2"})
    item = await api.apply(path, body, manager="you", force=True)
    assert item["data"] == {"a": "2"}
    assert owned(item, "you") == {"f:data": {"f:a": {}}}
    managers = {entry["manager"] for entry in item["metadata"]["managedFields"]}
    assert managers == {"you"}


async def test_an_update_takes_the_field_without_asking(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1", "b": "1"}), manager="me")
    item = await api.patch(path, {"data": {"a": "2"}}, kind="merge", fieldManager="editor")
    assert owned(item, "editor", "Update") == {"f:data": {"f:a": {}}}
    assert owned(item, "me") == {"f:data": {"f:b": {}}}
    body = manifests.config_map("one", {"a": "1", "b": "1"})
    status = await api.refused(409, "PATCH", path, body, headers=APPLY, fieldManager="me")
    assert status["message"].startswith(
        'Apply failed with 1 conflict: conflict with "editor" using v1'
    )
    assert status["message"].endswith(": .data.a")


async def test_the_same_value_is_shared(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="me")
    item = await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="you")
    assert owned(item, "me") == owned(item, "you") == {"f:data": {"f:a": {}}}


async def test_entries_of_a_keyed_list_merge(api: Api, namespace: Namespace) -> None:
    path = namespace.apps("deployments/web")
    body = manifests.deployment("web", replicas=0)
    await api.apply(path, body, manager="me")
    side = {"name": "side", "image": "registry.example/side:1"}
    theirs = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [side]}}},
    }
    item = await api.apply(path, theirs, manager="you")
    names = [entry["name"] for entry in item["spec"]["template"]["spec"]["containers"]]
    assert names == ["main", "side"]
    item = await api.apply(path, body, manager="me")
    names = [entry["name"] for entry in item["spec"]["template"]["spec"]["containers"]]
    assert names == ["main", "side"]


async def test_a_manager_is_needed(api: Api, path: str) -> None:
    body = manifests.config_map("one")
    status = await api.refused(422, "PATCH", path, body, headers=APPLY)
    assert "fieldManager: Required value: is required for apply patch" in status["message"]


async def test_managed_fields_are_not_applied(api: Api, path: str) -> None:
    body = manifests.config_map("one", managedFields=[{"manager": "me"}])
    status = await api.refused(400, "PATCH", path, body, headers=APPLY, fieldManager="me")
    assert "metadata.managedFields must be nil" in status["message"]


async def test_an_update_before_any_apply_is_recorded(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    body = manifests.config_map("one", {"a": "1"})
    created = await api.create(namespace.core("configmaps"), body, fieldManager="maker")
    assert owned(created, "maker", "Update") == {"f:data": {".": {}, "f:a": {}}}
    item = await api.apply(path, manifests.config_map("one", {"b": "1"}), manager="me")
    assert item["data"] == {"a": "1", "b": "1"}
    assert owned(item, "me") == {"f:data": {"f:b": {}}}


async def test_the_default_manager_is_the_user_agent(api: Api, namespace: Namespace) -> None:
    item = await api.create(
        namespace.core("configmaps"),
        manifests.config_map("one", {"a": "1"}),
        headers={"User-Agent": "robot/1.0 (linux)"},
    )
    assert [entry["manager"] for entry in item["metadata"]["managedFields"]] == ["robot"]


async def test_status_is_owned_apart(api: Api, namespace: Namespace) -> None:
    path = namespace.core("pods/p")
    await api.create(namespace.core("pods"), manifests.pod("p"), fieldManager="maker")
    condition = {"type": "example.com/ready", "status": "True"}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "status": {"conditions": [condition]},
    }
    item = await api.apply(f"{path}/status", body, manager="kubelet")
    assert item["status"]["conditions"][0]["type"] == "example.com/ready"
    [entry] = [e for e in item["metadata"]["managedFields"] if e["manager"] == "kubelet"]
    assert entry["subresource"] == "status"
    conditions = entry["fieldsV1"]["f:status"]["f:conditions"]
    assert 'k:{"type":"example.com/ready"}' in conditions


async def test_custom_resources_are_applied_by_their_schema(api: Api, widgets: Widgets) -> None:
    path = f"{widgets.path}/one"
    mine = widgets.widget("one", ports=[{"name": "web", "number": 80}], tags=["a"])
    item = await api.apply(path, mine, manager="me")
    ports = owned(item, "me")["f:spec"]["f:ports"]
    assert ports == {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:number": {}}}
    assert owned(item, "me")["f:spec"]["f:tags"] == {'v:"a"': {}}
    theirs = widgets.widget("one", ports=[{"name": "admin", "number": "x"}], tags=["b"])
    item = await api.apply(path, theirs, manager="you")
    assert [port["name"] for port in item["spec"]["ports"]] == ["web", "admin"]
    assert item["spec"]["tags"] == ["a", "b"]


async def test_apply_of_another_kind_is_refused(api: Api, path: str) -> None:
    body = manifests.config_map("one") | {"kind": "Secret"}
    await api.refused(400, "PATCH", path, body, headers=APPLY, fieldManager="me")


async def test_managed_fields_can_be_dropped(api: Api, path: str) -> None:
    await api.apply(path, manifests.config_map("one", {"a": "1"}), manager="me")
    patch = {"metadata": {"managedFields": [{}]}}
    item = await api.patch(path, patch, kind="merge", fieldManager="editor")
    assert "managedFields" not in item["metadata"]
    item = await api.apply(path, manifests.config_map("one", {"b": "1"}), manager="me")
    managers = {entry["manager"] for entry in item["metadata"]["managedFields"]}
    assert "me" in managers
    assert item["data"] == {"a": "1", "b": "1"}
