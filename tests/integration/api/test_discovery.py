"""Discovery, aggregated and legacy, and the paths beside it."""

import pytest

from integration.client import Api

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)

# Kind, resource, namespaced, short names.
KINDS = {
    "v1": [
        ("Namespace", "namespaces", False, ["ns"]),
        ("Node", "nodes", False, ["no"]),
        ("Pod", "pods", True, ["po"]),
        ("ConfigMap", "configmaps", True, ["cm"]),
        ("Secret", "secrets", True, None),
        ("Service", "services", True, ["svc"]),
        ("ServiceAccount", "serviceaccounts", True, ["sa"]),
        ("Event", "events", True, ["ev"]),
        ("PersistentVolume", "persistentvolumes", False, ["pv"]),
        ("PersistentVolumeClaim", "persistentvolumeclaims", True, ["pvc"]),
    ],
    "apps/v1": [
        ("Deployment", "deployments", True, ["deploy"]),
        ("ReplicaSet", "replicasets", True, ["rs"]),
    ],
    "events.k8s.io/v1": [("Event", "events", True, ["ev"])],
    "coordination.k8s.io/v1": [("Lease", "leases", True, None)],
    "policy/v1": [("PodDisruptionBudget", "poddisruptionbudgets", True, ["pdb"])],
    "scheduling.k8s.io/v1": [("PriorityClass", "priorityclasses", False, ["pc"])],
    "storage.k8s.io/v1": [
        ("StorageClass", "storageclasses", False, ["sc"]),
        ("CSINode", "csinodes", False, None),
    ],
    "rbac.authorization.k8s.io/v1": [
        ("Role", "roles", True, None),
        ("RoleBinding", "rolebindings", True, None),
        ("ClusterRole", "clusterroles", False, None),
        ("ClusterRoleBinding", "clusterrolebindings", False, None),
    ],
    "apiextensions.k8s.io/v1": [
        ("CustomResourceDefinition", "customresourcedefinitions", False, ["crd", "crds"])
    ],
}

EVERY_VERB = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

SUBRESOURCES = [
    ("v1", "pods", "status", "Pod"),
    ("v1", "pods", "binding", "Binding"),
    ("v1", "pods", "eviction", "Eviction"),
    ("v1", "nodes", "status", "Node"),
    ("v1", "namespaces", "status", "Namespace"),
    ("v1", "namespaces", "finalize", "Namespace"),
    ("apps/v1", "deployments", "status", "Deployment"),
    ("apps/v1", "deployments", "scale", "Scale"),
    ("apps/v1", "replicasets", "scale", "Scale"),
]


def root_of(group_version: str) -> str:
    return "/api" if "/" not in group_version else "/apis"


async def aggregated(api: Api, group_version: str) -> dict[str, dict]:
    """The resources of one group version in the aggregated form, by name; none if unknown."""
    group, _, version = group_version.rpartition("/")
    answer = await api.request("GET", root_of(group_version), headers={"Accept": AGGREGATED})
    for item in answer.expect(200)["items"]:
        if item["metadata"].get("name", "") == group:
            for entry in item["versions"]:
                if entry["version"] == version:
                    return {resource["resource"]: resource for resource in entry["resources"]}
    return {}


@pytest.mark.parametrize("root", ["/api", "/apis"])
async def test_aggregated_discovery_names_its_form(api: Api, root: str) -> None:
    answer = await api.request("GET", root, headers={"Accept": AGGREGATED})
    document = answer.expect(200)
    assert document["kind"] == "APIGroupDiscoveryList"
    assert document["apiVersion"] == "apidiscovery.k8s.io/v2"
    form = {part.strip() for part in answer.headers["Content-Type"].split(";")}
    expected = {"application/json", "g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"}
    assert form == expected
    assert "Accept" in answer.headers["Vary"]


async def test_unchanged_discovery_is_not_sent_twice(api: Api) -> None:
    headers = {"Accept": AGGREGATED}
    first = await api.request("GET", "/apis", headers=headers)
    again = await api.request(
        "GET", "/apis", headers=headers | {"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status, again.raw) == (304, b"")


@pytest.mark.parametrize("group_version", KINDS)
async def test_kinds_in_aggregated_discovery(api: Api, group_version: str) -> None:
    resources = await aggregated(api, group_version)
    for kind, plural, is_namespaced, short_names in KINDS[group_version]:
        resource = resources[plural]
        assert resource["responseKind"]["kind"] == kind
        assert resource["scope"] == ("Namespaced" if is_namespaced else "Cluster")
        assert resource["singularResource"] == kind.lower()
        assert resource.get("shortNames") == short_names
        verbs = EVERY_VERB - {"deletecollection"} if kind == "Namespace" else EVERY_VERB
        if kind == "Service":
            verbs = set(resource["verbs"]) | verbs
        assert set(resource["verbs"]) == verbs


@pytest.mark.parametrize("group_version", KINDS)
async def test_kinds_in_legacy_discovery(api: Api, group_version: str) -> None:
    document = await api.get(f"{root_of(group_version)}/{group_version}")
    assert document["kind"] == "APIResourceList"
    assert document["groupVersion"] == group_version
    resources = {resource["name"]: resource for resource in document["resources"]}
    for kind, plural, is_namespaced, short_names in KINDS[group_version]:
        resource = resources[plural]
        assert resource["kind"] == kind
        assert resource["namespaced"] is is_namespaced
        assert resource["singularName"] == kind.lower()
        assert resource.get("shortNames") == short_names


@pytest.mark.parametrize(("group_version", "plural", "subresource", "kind"), SUBRESOURCES)
async def test_subresources_in_both_forms(
    api: Api, group_version: str, plural: str, subresource: str, kind: str
) -> None:
    resource = (await aggregated(api, group_version))[plural]
    found = {item["subresource"]: item for item in resource["subresources"]}
    assert found[subresource]["responseKind"]["kind"] == kind
    document = await api.get(f"{root_of(group_version)}/{group_version}")
    legacy = {item["name"]: item for item in document["resources"]}[f"{plural}/{subresource}"]
    assert legacy["kind"] == kind
    assert set(legacy["verbs"]) == set(found[subresource]["verbs"])


async def test_subresources_of_other_groups_name_them(api: Api) -> None:
    pods = (await aggregated(api, "v1"))["pods"]
    kinds = {item["subresource"]: item["responseKind"] for item in pods["subresources"]}
    assert kinds["eviction"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    deployments = (await aggregated(api, "apps/v1"))["deployments"]
    kinds = {item["subresource"]: item["responseKind"] for item in deployments["subresources"]}
    assert kinds["scale"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}


async def test_categories_that_make_get_all(api: Api) -> None:
    assert (await aggregated(api, "v1"))["pods"]["categories"] == ["all"]
    assert (await aggregated(api, "apps/v1"))["deployments"]["categories"] == ["all"]
    assert "categories" not in (await aggregated(api, "v1"))["configmaps"]


async def test_legacy_group_lists(api: Api) -> None:
    core = await api.get("/api")
    assert core["kind"] == "APIVersions"
    assert core["versions"] == ["v1"]
    groups = await api.get("/apis")
    assert groups["kind"] == "APIGroupList"
    apps = next(group for group in groups["groups"] if group["name"] == "apps")
    assert apps["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    assert await api.get("/apis/apps") == {"kind": "APIGroup", "apiVersion": "v1"} | apps


async def test_unknown_paths_are_not_found(api: Api) -> None:
    for path in ("/apis/nothing.example", "/apis/nothing.example/v1", "/api/v9", "/nothing"):
        assert (await api.request("GET", path)).status == 404
    status = await api.refused(404, "GET", "/api/v1/nothings")
    assert status["message"] == "the server could not find the requested resource"
    assert status["reason"] == "NotFound"


async def test_version(api: Api) -> None:
    version = await api.get("/version")
    assert version["major"] == "1"
    assert int(version["minor"].rstrip("+")) >= 27
    assert version["gitVersion"].startswith("v1.")
    assert {"platform", "goVersion", "gitCommit", "buildDate"} <= version.keys()


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_health(api: Api, path: str) -> None:
    answer = await api.request("GET", path)
    assert (answer.status, answer.raw) == (200, b"ok")


async def test_a_wrong_token_is_turned_away(api: Api) -> None:
    status = await api.refused(401, "GET", "/api/v1/pods", headers={"Authorization": "Bearer no"})
    assert (status["reason"], status["message"]) == ("Unauthorized", "Unauthorized")
