"""Protobuf bodies: written by a writer that knows only the encoding, read as JSON."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.schema.errors import BadRequestError
from netcore_cluster.schema.protobuf import MAGIC, UnknownKindError, json_of


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def field(number: int, value: str | bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def enveloped(api_version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


def read(api_version: str, kind: str, raw: bytes) -> Any:
    return orjson.loads(json_of(enveloped(api_version, kind, raw)))


def meta(name: str, *more: bytes) -> bytes:
    return field(1, field(1, name) + b"".join(more))


def test_texts_maps_and_bytes() -> None:
    labels = b"".join(field(11, field(1, key) + field(2, key * 2)) for key in ("a", "b"))
    data = field(2, field(1, "k") + field(2, "v")) + field(3, field(1, "b") + field(2, b"\x00\xff"))
    assert read("v1", "ConfigMap", meta("one", labels) + data) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "one", "labels": {"a": "aa", "b": "bb"}},
        "data": {"k": "v"},
        "binaryData": {"b": "AP8="},
    }


def test_a_pod_with_what_json_writes_otherwise() -> None:
    times = field(8, field(1, 1_790_000_000)) + field(9, b"")
    request = field(1, "cpu") + field(2, field(1, "250m"))
    port = field(2, field(1, 0) + field(2, 8080)) + field(2, field(1, 1) + field(3, "web"))
    probe = field(10, field(1, field(2, port)) + field(2, 5))
    container = (
        field(1, "main")
        + field(2, "image")
        + field(8, field(2, request))
        + probe
        + field(6, field(2, 0) + field(3, 80))
    )
    volume = field(1, field(1, "scratch") + field(2, field(2, b"")))
    spec = volume + field(2, container) + field(4, 30) + field(11, 1) + field(25, -5)
    found = read("v1", "Pod", meta("p", times) + field(2, spec))
    assert found["metadata"] == {
        "name": "p",
        "creationTimestamp": "2026-09-21T14:13:20Z",
        "deletionTimestamp": None,
    }
    (main,) = found["spec"]["containers"]
    assert main["resources"] == {"requests": {"cpu": "250m"}}
    # The port was on the wire twice: the last one counts.
    assert main["livenessProbe"] == {"httpGet": {"port": "web"}, "initialDelaySeconds": 5}
    assert main["ports"] == [{"hostPort": 0, "containerPort": 80}]
    assert found["spec"]["volumes"] == [{"name": "scratch", "emptyDir": {}}]
    assert found["spec"]["terminationGracePeriodSeconds"] == 30
    assert found["spec"]["hostNetwork"] is True
    assert found["spec"]["priority"] == -5


def test_a_deletion_of_any_group_version() -> None:
    for api_version in ("v1", "apps/v1", "policy/v1"):
        found = read(api_version, "DeleteOptions", field(1, 0) + field(4, "Background"))
        assert found["gracePeriodSeconds"] == 0
        assert found["propagationPolicy"] == "Background"


def test_packed_numbers_and_fields_of_the_future() -> None:
    security = field(14, field(4, varint(1) + varint(300))) + field(4000, "later")
    found = read("v1", "Pod", field(2, security))
    assert found["spec"]["securityContext"] == {"supplementalGroups": [1, 300]}


def test_a_list_in_a_message_of_its_own() -> None:
    extra = field(5, field(1, "scopes") + field(2, field(1, "a") + field(1, "b")))
    found = read("authorization.k8s.io/v1", "SubjectAccessReview", field(2, extra))
    assert found["spec"]["extra"] == {"scopes": ["a", "b"]}


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", MAGIC, enveloped("v1", "Unheard", b""), enveloped("example.com/v1", "Pod", b"")],
)
def test_what_no_table_knows(body: bytes) -> None:
    with pytest.raises(UnknownKindError):
        json_of(body)


@pytest.mark.parametrize(
    "raw",
    [b"\x0a\xff", b"\xff" * 12, field(1, 5), field(2, field(2, field(1, b"\xff")))],
)
def test_what_is_no_message(raw: bytes) -> None:
    with pytest.raises(BadRequestError):
        json_of(enveloped("v1", "Pod", raw))


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(raw: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        json_of(enveloped("v1", "Pod", raw))
