"""Eviction: a deletion that asks the disruption budgets first. Pure.

Source: kubernetes ``pkg/registry/core/pod/storage/eviction.go``.
"""

from collections.abc import Sequence

from netcore_cluster.api import errors
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.kinds.selectors import matches_label_selector

MAX_DISRUPTED_PODS = 2000


def needs_no_budget(pod: Object) -> bool:
    """Tells whether losing the pod disrupts nobody: it does not run, or is leaving anyway."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in {"Succeeded", "Failed", "Pending"} or "deletionTimestamp" in pod["metadata"]


def budgets_of(pod: Object, budgets: Sequence[Object]) -> list[Object]:
    """Returns the disruption budgets of the pod's namespace that cover it."""
    labels = pod["metadata"].get("labels") or {}
    return [
        budget
        for budget in budgets
        if matches_label_selector((budget.get("spec") or {}).get("selector"), labels)
    ]


def spend(budget: Object, pod: Object, now: str) -> Object:
    """Returns the budget with one disruption less, the pod noted as on its way out.

    Raises:
        ApiError: 429, the budget allows none at the moment.
    """
    status = budget.get("status") or {}
    name = budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        message = f"The disruption budget {name} is still being processed by the server."
        raise _refused(message, "", retry_after_s=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        problem = "pdb disruptions allowed is negative"
        raise errors.forbidden("poddisruptionbudgets", "policy", name, problem)
    disrupted = status.get("disruptedPods") or {}
    if len(disrupted) > MAX_DISRUPTED_PODS:
        problem = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise errors.forbidden("poddisruptionbudgets", "policy", name, problem)
    if allowed == 0:
        message = "Cannot evict pod as it would violate the pod's disruption budget."
        detail = (
            f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy pods "
            f"and has {status.get('currentHealthy', 0)} currently"
        )
        raise _refused(message, detail)
    return budget | {
        "status": status
        | {
            "disruptionsAllowed": allowed - 1,
            "disruptedPods": disrupted | {pod["metadata"]["name"]: now},
        }
    }


def too_many_budgets() -> ApiError:
    """The pod is covered by more budgets than can be spent at once."""
    return errors.internal(
        "This pod has more than one PodDisruptionBudget, "
        "which the eviction subresource does not support."
    )


def spares_unready(budget: Object, pod: Object) -> bool:
    """Tells whether the budget lets a pod that runs but is not ready go without counting it.

    Source: policy/v1 ``unhealthyPodEvictionPolicy``.
    """
    conditions = (pod.get("status") or {}).get("conditions") or ()
    for condition in conditions:
        if condition["type"] == "Ready" and condition["status"] == "True":
            return False
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    return bool(desired > 0 and healthy >= desired)


def _refused(message: str, detail: str, *, retry_after_s: int = 0) -> ApiError:
    cause = {"reason": "DisruptionBudget", "message": detail}
    return errors.too_many_requests(message, retry_after_s=retry_after_s, causes=[cause])
