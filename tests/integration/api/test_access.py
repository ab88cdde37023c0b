"""Who am I, and may I: the reviews that kubectl auth and clients ask for."""

from integration.client import Api, Object
from integration.conftest import Namespace

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
AUTHENTICATION = "/apis/authentication.k8s.io/v1"


def access(**attributes: str) -> Object:
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }


async def test_the_owner_may_do_everything(api: Api, namespace: Namespace) -> None:
    body = access(namespace=namespace.name, verb="delete", resource="pods")
    review = await api.create(f"{AUTHORIZATION}/selfsubjectaccessreviews", body)
    assert review["kind"] == "SelfSubjectAccessReview"
    assert review["status"]["allowed"] is True
    assert review["spec"]["resourceAttributes"] == body["spec"]["resourceAttributes"]


async def test_paths_that_are_no_resources(api: Api) -> None:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}},
    }
    review = await api.create(f"{AUTHORIZATION}/selfsubjectaccessreviews", body)
    assert review["status"]["allowed"] is True


async def test_a_review_asks_for_something(api: Api) -> None:
    body = access() | {"spec": {}}
    status = await api.refused(422, "POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", body)
    assert "resourceAttributes" in status["message"]


async def test_who_am_i(api: Api) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    review = await api.create(f"{AUTHENTICATION}/selfsubjectreviews", body)
    user = review["status"]["userInfo"]
    assert user["username"]
    assert {"system:masters", "system:authenticated"} <= set(user["groups"])


async def test_reviews_are_not_stored(api: Api) -> None:
    path = f"{AUTHENTICATION}/selfsubjectreviews"
    answer = await api.request("GET", path)
    assert answer.status == 405


async def test_the_rules_of_a_namespace(api: Api, namespace: Namespace) -> None:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace.name},
    }
    review = await api.create(f"{AUTHORIZATION}/selfsubjectrulesreviews", body)
    rules = review["status"]["resourceRules"]
    assert any("*" in rule["verbs"] and "*" in rule["resources"] for rule in rules)


async def test_rbac_kinds_are_kept_as_data(api: Api, namespace: Namespace) -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reader"},
        "rules": [rule],
    }
    path = namespace.group("rbac.authorization.k8s.io/v1", "roles")
    assert (await api.create(path, role))["rules"] == [rule]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "readers"},
        "roleRef": {"kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace.name}],
    }
    path = namespace.group("rbac.authorization.k8s.io/v1", "rolebindings")
    created = await api.create(path, binding)
    assert created["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    created["roleRef"]["name"] = "other"
    status = await api.refused(422, "PUT", f"{path}/readers", created)
    assert "cannot change roleRef" in status["message"]
