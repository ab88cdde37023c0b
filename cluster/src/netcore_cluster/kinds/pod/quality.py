"""Quality of service of a pod, from its requests and limits.

Source: `ComputePodQOS` of Kubernetes' core helpers.
"""

from collections.abc import Mapping
from typing import Any

from netcore_cluster.schema.quantity import quantity_of

_COUNTED = ("cpu", "memory")


def quality_of_service(spec: Mapping[str, Any]) -> str:
    """Return `Guaranteed`, `Burstable` or `BestEffort`."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    any_set = False
    guaranteed = True
    for container in containers:
        resources = container.get("resources") or {}
        requests = _counted(resources.get("requests"))
        limits = _counted(resources.get("limits"))
        any_set = any_set or bool(requests) or bool(limits)
        guaranteed = guaranteed and len(limits) == len(_COUNTED) and requests == limits
    if not any_set:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _counted(quantities: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: value
        for name in _COUNTED
        if (value := quantity_of((quantities or {}).get(name, "0")).nanos)
    }
