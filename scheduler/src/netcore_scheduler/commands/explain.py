"""`netcore explain`: tell why a pod is where it is."""

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.kube import ApiError, KubeClient, KubeConfigError
from netcore.resources import (
    APP_GROUP,
    DECISION_ANNOTATION,
    NAMESPACE,
    NETWORK_TOPOLOGY,
    NODE,
    NODE_NETWORK,
    POD,
    PRIORITY_CLASS,
    SERVICE,
    Resource,
)
from netcore_scheduler.config import ConfigurationError, load_configuration
from netcore_scheduler.explanation import describe
from netcore_scheduler.simulate import SimulationError, summarize

HELP = """Tell why a pod is where it is: the chosen node against the runner-up, each part of the
score, the link to each dependency, and the rejected nodes by reason.

Reads the decision that the scheduler left on the pod; for a pod without one, or with --now, plans
the pod anew on the cluster as it stands, writing nothing.

  netcore explain frontend-6d4b75cb6d-hptmx -n shop"""

_DECIDING: tuple[Resource, ...] = (
    NAMESPACE,
    SERVICE,
    PRIORITY_CLASS,
    NODE,
    POD,
    APP_GROUP,
    NETWORK_TOPOLOGY,
    NODE_NETWORK,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("pod", help="name of the pod")
    parser.add_argument("-n", "--namespace", help="its namespace (default: the context's)")
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: where kubectl looks"
    )
    parser.add_argument("--context", help="context of the kubeconfig (default: the current one)")
    parser.add_argument(
        "--config", metavar="FILE", help="KubeSchedulerConfiguration to plan anew with"
    )
    parser.add_argument(
        "--now", action="store_true", help="plan anew, whatever the scheduler left on the pod"
    )
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print the explanation."""
    try:
        explanation = asyncio.run(_explain(args))
    except (KubeConfigError, ConfigurationError, SimulationError) as error:
        raise CommandError(str(error)) from error
    except ApiError as error:
        raise CommandError(str(error)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise CommandError(f"the API server cannot be reached: {error}") from error
    if args.output == "json":
        print_json(explanation)
    else:
        print(describe(explanation))
    return 0


async def _explain(args: argparse.Namespace) -> dict[str, Any]:
    async with await KubeClient.connect(args.kubeconfig, context=args.context) as kube:
        namespace = args.namespace or kube.credentials.namespace
        pod = await kube.get(POD, args.pod, namespace=namespace)
        recorded = (pod["metadata"].get("annotations") or {}).get(DECISION_ANNOTATION)
        if recorded and not args.now:
            return {"origin": "recorded", "boundTo": _node(pod), **_decode(recorded, args.pod)}
        objects = await _cluster(kube)
    configuration = load_configuration(args.config)
    # The pod as it was before it had a node: the others stay where they are.
    unbound = {**pod, "kind": POD.kind, "spec": {**pod["spec"], "schedulingGates": []}}
    unbound["spec"].pop("nodeName", None)
    unbound["status"] = {"phase": "Pending"}
    key = f"{namespace}/{args.pod}"
    others = [obj for obj in objects if not _is_pending_or(obj, namespace, args.pod)]
    return {
        "origin": "planned now",
        "boundTo": _node(pod),
        **summarize([*others, unbound], key, configuration, now=time.time()),
    }


async def _cluster(kube: KubeClient) -> list[dict[str, Any]]:
    """Everything that bears on the decision."""
    objects: list[dict[str, Any]] = []
    for resource in _DECIDING:
        try:
            items, _ = await kube.list_all(resource)
        except ApiError as error:
            # A definition that is not installed means that there is none of the kind.
            if error.code != 404:
                raise
            continue
        objects += [{**item, "kind": resource.kind} for item in items]
    return objects


def _is_pending_or(obj: dict[str, Any], namespace: str, name: str) -> bool:
    """Whether it is the pod itself, or one that waits and must not be planned along."""
    if obj["kind"] != POD.kind:
        return False
    metadata = obj["metadata"]
    is_itself = (metadata.get("namespace"), metadata["name"]) == (namespace, name)
    return is_itself or not obj["spec"].get("nodeName")


def _node(pod: dict[str, Any]) -> str | None:
    node: str | None = pod["spec"].get("nodeName")
    return node


def _decode(recorded: str, pod: str) -> dict[str, Any]:
    try:
        decision: dict[str, Any] = orjson.loads(recorded)
    except orjson.JSONDecodeError as error:
        raise CommandError(
            f"pod {pod}: annotation {DECISION_ANNOTATION} is not JSON ({error}); try --now"
        ) from error
    return decision
