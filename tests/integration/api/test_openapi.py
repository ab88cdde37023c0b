"""OpenAPI v3, in the parts that kubectl reads: validation, patches and explanation."""

from urllib.parse import parse_qs, urlsplit

import pytest

from integration.client import Api, Object


async def document(api: Api, group_version: str) -> Object:
    index = await api.get("/openapi/v3")
    return await api.get(index["paths"][group_version]["serverRelativeURL"])


def kinds_with_patch(openapi: Object) -> dict[str, Object]:
    """The PATCH operations of a document by the kind that they name."""
    found = {}
    for path in openapi["paths"].values():
        if operation := path.get("patch"):
            found.setdefault(operation["x-kubernetes-group-version-kind"]["kind"], operation)
    return found


async def test_index_links_each_group_version_by_its_hash(api: Api) -> None:
    paths = (await api.get("/openapi/v3"))["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/policy/v1", "apis/apiextensions.k8s.io/v1"} <= set(
        paths
    )
    for group_version in ("api/v1", "apis/apps/v1"):
        url = urlsplit(paths[group_version]["serverRelativeURL"])
        assert url.path == f"/openapi/v3/{group_version}"
        assert parse_qs(url.query)["hash"][0]


@pytest.mark.parametrize(
    ("group_version", "kinds"),
    [
        ("api/v1", {"Pod", "Node", "Namespace", "ConfigMap", "Secret", "Service", "Event"}),
        ("apis/apps/v1", {"Deployment", "ReplicaSet"}),
        ("apis/coordination.k8s.io/v1", {"Lease"}),
        ("apis/events.k8s.io/v1", {"Event"}),
        ("apis/policy/v1", {"PodDisruptionBudget"}),
        ("apis/rbac.authorization.k8s.io/v1", {"Role", "ClusterRole"}),
        ("apis/scheduling.k8s.io/v1", {"PriorityClass"}),
        ("apis/storage.k8s.io/v1", {"StorageClass", "CSINode"}),
        ("apis/apiextensions.k8s.io/v1", {"CustomResourceDefinition"}),
    ],
)
async def test_patch_operations_name_kind_and_field_validation(
    api: Api, group_version: str, kinds: set[str]
) -> None:
    operations = kinds_with_patch(await document(api, group_version))
    assert kinds <= operations.keys()
    for kind in kinds:
        named = operations[kind]["x-kubernetes-group-version-kind"]
        assert f"{named['group']}/{named['version']}".strip("/") == group_version.partition("/")[2]
        parameters = {parameter.get("name") for parameter in operations[kind]["parameters"]}
        assert {"fieldValidation", "fieldManager", "force", "dryRun"} <= parameters


async def test_patch_bodies_list_the_accepted_types(api: Api) -> None:
    operation = kinds_with_patch(await document(api, "apis/apps/v1"))["Deployment"]
    assert {
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    } <= operation["requestBody"]["content"].keys()


async def test_schemas_carry_patch_keys_and_kinds(api: Api) -> None:
    schemas = (await document(api, "apis/apps/v1"))["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-patch-strategy"] == "merge"
    assert containers["x-kubernetes-list-type"] == "map"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert kind in schemas["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"]


async def test_references_resolve_within_their_document(api: Api) -> None:
    for group_version in ("api/v1", "apis/apps/v1", "apis/policy/v1"):
        openapi = await document(api, group_version)
        known = {f"#/components/schemas/{name}" for name in openapi["components"]["schemas"]}
        assert set(_references(openapi)) <= known


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
