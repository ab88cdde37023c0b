"""OpenAPI v2: the bytes, read back by a reader that knows nothing but protobuf's encoding."""

from collections import defaultdict

import orjson

from netcore_cluster.kinds import BUILTIN
from netcore_cluster.schema.openapi_v2 import openapi_v2

Message = dict[int, list[bytes | int]]


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def message(data: bytes) -> Message:
    fields: Message = defaultdict(list)
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            fields[key >> 3].append(value)
        else:
            assert key & 7 == 2
            size, at = varint(data, at)
            assert at + size <= len(data)
            fields[key >> 3].append(data[at : at + size])
            at += size
    return fields


def named(fields: list[bytes | int]) -> dict[str, Message]:
    """Messages of name and value, by name."""
    return {
        each[1][0].decode(): message(each[2][0] if each[2] else b"")
        for each in map(message, fields)
    }


def extensions(fields: list[bytes | int]) -> dict[str, object]:
    return {name: orjson.loads(value[2][0]) for name, value in named(fields).items()}


def test_what_old_clients_look_up() -> None:
    encoded, digest = openapi_v2(BUILTIN)
    assert openapi_v2(BUILTIN) == (encoded, digest)
    document = message(encoded)
    assert document[1] == [b"2.0"]

    paths = named(message(document[8][0])[2])
    (patch,) = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"][8]
    operation = message(patch)
    identity = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert extensions(operation[13])["x-kubernetes-group-version-kind"] == identity
    assert b"application/strategic-merge-patch+json" in operation[7]
    queries = [message(message(message(parameter)[1][0])[2][0])[3][0] for parameter in operation[8]]
    assert b"fieldValidation" in [message(query)[4][0] for query in queries]

    schemas = named(message(document[9][0])[1])
    deployment = schemas["io.k8s.api.apps.v1.Deployment"]
    assert extensions(deployment[31])["x-kubernetes-group-version-kind"] == [identity]
    properties = named(message(deployment[25][0])[1])
    assert properties["spec"][1] == [b"#/definitions/io.k8s.api.apps.v1.DeploymentSpec"]
    pod_spec = named(message(schemas["io.k8s.api.core.v1.PodSpec"][25][0])[1])
    merging = extensions(pod_spec["containers"][31])
    assert merging["x-kubernetes-patch-merge-key"] == "name"


def test_every_reference_leads_somewhere() -> None:
    encoded, _ = openapi_v2(BUILTIN)
    schemas = named(message(message(encoded)[9][0])[1])

    def references(schema: Message) -> set[str]:
        found = {reference.decode() for reference in schema[1]}
        for holder in (*schema[21], *schema[23]):
            for part in message(holder)[1]:
                found |= references(message(part))
        for properties in schema[25]:
            for part in named(message(properties)[1]).values():
                found |= references(part)
        return found

    wanted = set().union(*map(references, schemas.values()))
    assert wanted
    assert {name.removeprefix("#/definitions/") for name in wanted} <= schemas.keys()
