"""Binding: the one write that places a pod on a node. Pure.

Source: kubernetes ``pkg/registry/core/pod/storage/storage.go`` (BindingREST,
setPodHostAndAnnotations).
"""

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.schema import errors as field_errors

_WITH_LIMITS = {"", "Node"}


def check_binding(binding: Object, name: str) -> None:
    """Checks a Binding by itself.

    Raises:
        ApiError: 400 or 422, it names no node.
    """
    stated = (binding.get("metadata") or {}).get("name")
    if stated and stated != name:
        raise errors.bad_request(
            f"the name of the object ({stated}) does not match the name on the URL ({name})"
        )
    target = binding.get("target") or {}
    problems = []
    if target.get("kind", "") not in _WITH_LIMITS:
        problems.append(
            field_errors.unsupported("target.kind", target["kind"], ["Node", "<empty>"])
        )
    if not target.get("name"):
        problems.append(field_errors.required("target.name"))
    if problems:
        raise errors.invalid("Binding", "", name, problems)


def bound(pod: Object, binding: Object, now: str) -> Object:
    """Returns the pod on its node; all of it in one write.

    Args:
        pod: the pod's latest state; not changed.
        binding: a checked Binding.
        now: time of the PodScheduled condition.

    Raises:
        ApiError: 409, the pod is assigned, being deleted, gated or another one.
    """
    meta, spec = pod["metadata"], pod["spec"]
    name = meta["name"]
    wanted = binding.get("metadata") or {}
    uid = wanted.get("uid")
    if uid and uid != meta["uid"]:
        problem = (
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {meta['uid']}"
        )
        raise errors.conflict("pods/binding", "", name, problem)
    if "deletionTimestamp" in meta:
        problem = f"pod {name} is being deleted, cannot be assigned to a host"
        raise errors.conflict("pods/binding", "", name, problem)
    if spec.get("nodeName"):
        problem = f'pod {name} is already assigned to node "{spec["nodeName"]}"'
        raise errors.conflict("pods/binding", "", name, problem)
    if spec.get("schedulingGates"):
        problem = f"pod {name} has non-empty .spec.schedulingGates"
        raise errors.conflict("pods/binding", "", name, problem)
    found = dict(meta)
    annotations = wanted.get("annotations")
    if annotations:
        found["annotations"] = (meta.get("annotations") or {}) | annotations
    status = dict(pod.get("status") or {})
    status["conditions"] = _with_scheduled(status.get("conditions") or [], now)
    status.pop("nominatedNodeName", None)
    return pod | {
        "metadata": found,
        "spec": spec | {"nodeName": binding["target"]["name"]},
        "status": status,
    }


def _with_scheduled(conditions: list[Object], now: str) -> list[Object]:
    scheduled = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
    kept = [condition for condition in conditions if condition["type"] != "PodScheduled"]
    return [*kept, scheduled]
