"""What a cluster has from the start: namespaces, the kubernetes service, priority classes, CRDs.

Everything is created only where it is missing: what somebody changed stays changed.

Source: kubernetes ``pkg/controlplane/controller``; ``plugin/pkg/admission/priority`` (values).
"""

import asyncio
from collections.abc import Iterator

import orjson

from netcore.resources import custom_resource_definitions
from netcore_cluster.api.definitions import RESOURCE as DEFINITIONS
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.api.options import WriteOptions
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.service_network import SERVER_ADDRESS
from netcore_cluster.api.writing import Body

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_PRIORITY_CLASSES = {
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    "system-cluster-critical": (
        2_000_000_000,
        (
            "Used for system critical pods that must run in the cluster, but can be moved to "
            "another node if necessary."
        ),
    ),
}


async def bootstrap(registry: Registry, *, port: int) -> None:
    """Creates what is missing.

    Args:
        registry: where.
        port: where the API server listens, which the kubernetes service leads to.
    """
    for name in NAMESPACES:
        await _create(registry, "namespaces", "", {"metadata": {"name": name}})
    async with asyncio.TaskGroup() as group:
        for resource, namespace, obj in _objects(port):
            group.create_task(
                _create(registry, resource, namespace, obj), name=f"bootstrap {resource}"
            )
        for file_name, text in custom_resource_definitions().items():
            group.create_task(
                _create_body(registry, DEFINITIONS, "", Body(text.encode(), "application/yaml")),
                name=f"bootstrap {file_name}",
            )


def _objects(port: int) -> Iterator[tuple[str, str, Object]]:
    yield (
        "services",
        "default",
        {
            "metadata": {
                "name": "kubernetes",
                "labels": {"component": "apiserver", "provider": "kubernetes"},
            },
            "spec": {
                "clusterIP": SERVER_ADDRESS,
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
                "type": "ClusterIP",
            },
        },
    )
    for name, (value, description) in _PRIORITY_CLASSES.items():
        yield (
            "priorityclasses.scheduling.k8s.io",
            "",
            {"metadata": {"name": name}, "value": value, "description": description},
        )


async def _create(registry: Registry, resource: str, namespace: str, obj: Object) -> None:
    await _create_body(registry, resource, namespace, Body(orjson.dumps(obj)))


async def _create_body(registry: Registry, resource: str, namespace: str, body: Body) -> None:
    options = WriteOptions(manager="netcore")
    try:
        await registry.writing.create(registry.catalog.named(resource), namespace, body, options)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
