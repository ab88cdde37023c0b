"""Place an application once: apply, wait until every pod is bound, read where, clean up."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from netcore.kube import KubeClient
from netcore.resources import (
    APP_GROUP,
    APP_GROUP_LABEL,
    DECISION_ANNOTATION,
    DEPLOYMENT,
    POD,
    WORKLOAD_LABEL,
)
from netcore_lab.demo._collection import Collection
from netcore_lab.demo._profiles import Way
from netcore_lab.workloads import Application

_NAMESPACE = "default"
_MANAGER = "netcore-demo"


class PlacementError(Exception):
    """The application could not be placed whole; the message tells what the pods wait for."""


async def place(
    kube: KubeClient, application: Application, way: Way, *, replicas: int, timeout_s: float = 30.0
) -> dict[str, list[str]]:
    """Apply the application for one way and wait until all its pods are bound.

    Args:
        kube: An open client.
        application: What to place.
        way: Which profile places it.
        replicas: Of each service.
        timeout_s: Seconds until this counts as failed.

    Returns:
        Service → the nodes of its replicas, sorted.

    Raises:
        PlacementError: Pods are still unbound after the time.
    """
    await kube.apply(
        APP_GROUP, way.app_group(application), field_manager=_MANAGER, namespace=_NAMESPACE
    )
    await _wait_for_order(kube, application)
    async with _pods(kube, application) as pods:
        for deployment in application.deployments(
            replicas=replicas, scheduler_name=way.scheduler_name
        ):
            await kube.apply(DEPLOYMENT, deployment, field_manager=_MANAGER, namespace=_NAMESPACE)
        wanted = replicas * len(application.services)
        try:
            await pods.wait(lambda known: len(_bound(known)) >= wanted, timeout_s=timeout_s)
        except TimeoutError:
            waiting = "\n".join(_pending(pods.objects)[:5])
            raise PlacementError(
                f"{way.title}: pods still wait after {timeout_s:.0f} s\n{waiting}"
            ) from None
        return _placement(pods.objects)


async def remove(kube: KubeClient, application: Application) -> None:
    """Delete what `place` created and wait until its pods are gone."""
    async with _pods(kube, application) as pods:
        for service in application.services:
            await kube.delete(DEPLOYMENT, service.name, namespace=_NAMESPACE)
        await kube.delete(APP_GROUP, application.name, namespace=_NAMESPACE)
        await pods.wait(lambda known: not known, timeout_s=30)


async def most_linked_pod(kube: KubeClient, application: Application) -> str:
    """Name of the pod whose decision tells the most links to pods that were placed before it."""
    pods, _ = await kube.list_all(
        POD, namespace=_NAMESPACE, labels=f"{APP_GROUP_LABEL}={application.name}"
    )
    return str(max(pods, key=_links_of)["metadata"]["name"])


def _links_of(pod: Mapping[str, Any]) -> tuple[int, str]:
    recorded = (pod["metadata"].get("annotations") or {}).get(DECISION_ANNOTATION, "{}")
    return len(json.loads(recorded).get("links", ())), pod["metadata"]["name"]


def _pods(kube: KubeClient, application: Application) -> Collection:
    labels = f"{APP_GROUP_LABEL}={application.name}"
    return Collection(kube, POD, namespace=_NAMESPACE, labels=labels)


def _bound(pods: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [pod for pod in pods.values() if pod["spec"].get("nodeName")]


def _placement(pods: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    placement: dict[str, list[str]] = defaultdict(list)
    for pod in _bound(pods):
        placement[pod["metadata"]["labels"][WORKLOAD_LABEL]].append(pod["spec"]["nodeName"])
    return {service: sorted(nodes) for service, nodes in sorted(placement.items())}


def _pending(pods: Mapping[str, dict[str, Any]]) -> list[str]:
    """Why pods wait, as the scheduler says."""
    return [
        f"{name}: {condition.get('message', 'no word of the scheduler yet')}"
        for name, pod in sorted(pods.items())
        if not pod["spec"].get("nodeName")
        for condition in pod.get("status", {}).get("conditions") or [{}]
    ]


async def _wait_for_order(kube: KubeClient, application: Application) -> None:
    """Wait until the AppGroup's status holds the order, which TopologicalSort reads."""
    fields = f"metadata.name={application.name}"
    async with Collection(kube, APP_GROUP, namespace=_NAMESPACE, fields=fields) as groups:
        try:
            await groups.wait(
                lambda known: any(
                    group.get("status", {}).get("topologyOrder") for group in known.values()
                ),
                timeout_s=10,
            )
        except TimeoutError:
            raise PlacementError(
                f"AppGroup {application.name}: its status has no topologyOrder after 10 s"
            ) from None
