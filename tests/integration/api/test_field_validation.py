"""Unknown and doubled fields under each level of `fieldValidation`."""

import json

import pytest

from integration import manifests
from integration.api.conftest import Widgets
from integration.client import PATCH_TYPES, Api
from integration.conftest import Namespace


def with_unknown_field() -> dict:
    body = manifests.deployment("web", replicas=0)
    body["spec"]["template"]["spec"]["containers"][0]["imagePullPolciy"] = "Always"
    return body | {"specs": {}}


# The same object with a key twice, which no dict can hold.
DOUBLED = (
    b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"},'
    b' "data": {"a": "1", "a": "2"}}'
)


async def test_strict_names_every_unknown_field(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        400,
        "POST",
        namespace.apps("deployments"),
        with_unknown_field(),
        fieldValidation="Strict",
    )
    assert status["reason"] == "BadRequest"
    assert status["message"].startswith(
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
    )
    assert 'unknown field "spec.template.spec.containers[0].imagePullPolciy"' in status["message"]
    assert 'unknown field "specs"' in status["message"]
    await api.refused(404, "GET", namespace.apps("deployments/web"))


@pytest.mark.parametrize("level", [{"fieldValidation": "Warn"}, {}])
async def test_warn_is_the_default(api: Api, namespace: Namespace, level: dict) -> None:
    answer = await api.request("POST", namespace.apps("deployments"), with_unknown_field(), **level)
    created = answer.expect(201)
    assert "specs" not in created
    warnings = answer.headers.getall("Warning")
    unknown = '299 - "unknown field \\"spec.template.spec.containers[0].imagePullPolciy\\""'
    assert unknown in warnings
    assert '299 - "unknown field \\"specs\\""' in warnings


async def test_ignore_drops_in_silence(api: Api, namespace: Namespace) -> None:
    answer = await api.request(
        "POST", namespace.apps("deployments"), with_unknown_field(), fieldValidation="Ignore"
    )
    assert "specs" not in answer.expect(201)
    assert "Warning" not in answer.headers


async def test_doubled_fields(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps")
    status = await api.refused(400, "POST", path, DOUBLED, fieldValidation="Strict")
    assert 'duplicate field "data.a"' in status["message"]
    answer = await api.request("POST", path, DOUBLED, fieldValidation="Warn")
    assert answer.expect(201)["data"] == {"a": "2"}
    assert answer.headers.getall("Warning") == ['299 - "duplicate field \\"data.a\\""']


async def test_a_level_that_is_none(api: Api, namespace: Namespace) -> None:
    status = await api.refused(
        422,
        "POST",
        namespace.core("configmaps"),
        manifests.config_map("one"),
        fieldValidation="Maybe",
    )
    assert 'fieldValidation: Unsupported value: "Maybe"' in status["message"]


async def test_strict_on_replace(api: Api, namespace: Namespace) -> None:
    path = namespace.core("configmaps/one")
    created = await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    status = await api.refused(400, "PUT", path, created | {"dat": {}}, fieldValidation="Strict")
    assert 'unknown field "dat"' in status["message"]


@pytest.mark.parametrize("kind", ["merge", "strategic", "json"])
async def test_strict_on_patches(api: Api, namespace: Namespace, kind: str) -> None:
    path = namespace.core("configmaps/one")
    await api.create(namespace.core("configmaps"), manifests.config_map("one"))
    patch = [{"op": "add", "path": "/dat", "value": {}}] if kind == "json" else {"dat": {"a": "b"}}
    headers = {"Content-Type": PATCH_TYPES[kind]}
    answer = await api.request("PATCH", path, patch, headers=headers, fieldValidation="Strict")
    assert answer.status in {400, 422}
    assert 'unknown field "dat"' in answer.body["message"]
    answer = await api.request("PATCH", path, patch, headers=headers)
    assert "dat" not in answer.expect(200)
    assert 'unknown field \\"dat\\"' in answer.headers["Warning"]


async def test_apply_has_no_place_for_unknown_fields(api: Api, namespace: Namespace) -> None:
    headers = {"Content-Type": PATCH_TYPES["apply"]}
    body = manifests.config_map("one") | {"dat": {"a": "b"}}
    answer = await api.request(
        "PATCH",
        namespace.core("configmaps/one"),
        body,
        headers=headers,
        fieldManager="me",
        fieldValidation="Strict",
    )
    assert answer.status in {400, 500}
    assert "dat" in answer.body["message"]
    await api.refused(404, "GET", namespace.core("configmaps/one"))


async def test_custom_resources(api: Api, widgets: Widgets) -> None:
    body = widgets.widget("one", colour="red")
    status = await api.refused(400, "POST", widgets.path, body, fieldValidation="Strict")
    assert 'unknown field "spec.colour"' in status["message"]
    answer = await api.request("POST", widgets.path, body, fieldValidation="Warn")
    assert "colour" not in answer.expect(201)["spec"]
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.colour\\""'


async def test_doubled_fields_of_custom_resources(api: Api, widgets: Widgets) -> None:
    text = json.dumps(widgets.widget("one")).replace('"size": 1', '"size": 1, "size": 2')
    status = await api.refused(400, "POST", widgets.path, text.encode(), fieldValidation="Strict")
    assert 'duplicate field "spec.size"' in status["message"]
