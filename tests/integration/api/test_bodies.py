"""What a request body may be, and what is said of one that may not."""

import pytest

from integration import manifests
from integration.client import Api
from integration.conftest import Namespace

PROTOBUF = "application/vnd.kubernetes.protobuf"


async def test_unknown_media_type(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        415,
        "POST",
        namespace.core("configmaps"),
        b"<config/>",
        headers={"Content-Type": "text/xml"},
    )
    assert status["reason"] == "UnsupportedMediaType"
    assert status["message"].startswith(
        "the body of the request was in an unknown format - accepted media types include: "
    )
    assert "application/json" in status["message"]


async def test_protobuf_is_refused_where_only_json_is_spoken(
    api: Api, namespace: Namespace
) -> None:
    if api.server.is_real:
        pytest.skip("kube-apiserver speaks protobuf")
    status = await api.refused(
        415,
        "POST",
        namespace.core("configmaps"),
        b"k8s\x00",
        headers={"Content-Type": PROTOBUF},
    )
    assert status["reason"] == "UnsupportedMediaType"


async def test_an_answer_that_prefers_protobuf_may_be_json(api: Api) -> None:
    """client-go asks for both, and reads whichever comes."""
    accept = {"Accept": f"{PROTOBUF},application/json"}
    answer = await api.request("GET", "/api/v1/namespaces/default", headers=accept)
    assert answer.status == 200
    assert answer.headers["Content-Type"] in {PROTOBUF, "application/json"}


async def test_an_unknown_accept_is_not_acceptable(api: Api) -> None:
    status = await api.refused(
        406, "GET", "/api/v1/namespaces/default", headers={"Accept": "text/xml"}
    )
    assert status["reason"] == "NotAcceptable"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"metadata": {"name": 5}}'])
async def test_bodies_that_are_no_object(api: Api, namespace: Namespace, body: bytes) -> None:
    status = await api.refused(400, "POST", namespace.core("configmaps"), body)
    assert status["reason"] == "BadRequest"


async def test_empty_body(api: Api, namespace: Namespace) -> None:
    await api.refused(400, "POST", namespace.core("configmaps"), b"")


async def test_fields_of_a_wrong_type(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("wrong") | {"data": {"key": 5}}
    status = await api.refused(400, "POST", namespace.core("configmaps"), body)
    assert status["reason"] == "BadRequest"
    assert "ConfigMap" in status["message"]


async def test_another_kind_than_the_path_says(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("other") | {"kind": "Secret"}
    status = await api.refused(400, "POST", namespace.core("configmaps"), body)
    assert "Secret" in status["message"]


async def test_another_namespace_than_the_path_says(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("elsewhere", namespace="default")
    status = await api.refused(400, "POST", namespace.core("configmaps"), body)
    assert status["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


async def test_another_name_than_the_path_says(api: Api, namespace: Namespace) -> None:
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    body = manifests.config_map("two")
    status = await api.refused(400, "PUT", namespace.core("configmaps/one"), body)
    assert (
        status["message"] == "the name of the object (two) does not match the name on the URL (one)"
    )


async def test_kind_and_version_may_be_left_to_the_path(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("bare")
    del body["kind"], body["apiVersion"]
    created = await api.create(namespace.core("configmaps"), body)
    assert (created["kind"], created["apiVersion"]) == ("ConfigMap", "v1")


async def test_yaml_bodies(api: Api, namespace: Namespace) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {key: value}\n"
    headers = {"Content-Type": "application/yaml"}
    answer = await api.request("POST", namespace.core("configmaps"), text, headers=headers)
    assert answer.status == 201
    stored = await api.get(namespace.core("configmaps/yaml"))
    assert stored["data"] == {"key": "value"}


async def test_a_body_over_the_limit(api: Api, namespace: Namespace) -> None:
    body = manifests.config_map("large", {"key": "x" * (4 << 20)})
    answer = await api.request("POST", namespace.core("configmaps"), body)
    assert answer.status == 413
    await api.get("/api/v1/namespaces/default")
