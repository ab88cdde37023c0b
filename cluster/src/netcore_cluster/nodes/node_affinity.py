"""Whether a pod's own selector and required affinity let it run on a node; pure."""

from collections.abc import Mapping, Sequence

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import labels_of


def fits_affinity(pod: Object, node: Object) -> bool:
    """Whether the node is one that the pod may run on."""
    spec, labels = pod["spec"], labels_of(node)
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(_fits_term(term, labels, fields) for term in required["nodeSelectorTerms"])


def _fits_term(term: Object, labels: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    by_label = term.get("matchExpressions") or ()
    by_field = term.get("matchFields") or ()
    if not by_label and not by_field:
        return False
    return all(_meets(each, labels) for each in by_label) and all(
        _meets(each, fields) for each in by_field
    )


def _meets(requirement: Object, values: Mapping[str, str]) -> bool:
    found = values.get(requirement["key"])
    wanted: Sequence[str] = requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return found is not None and found in wanted
        case "NotIn":
            return found not in wanted
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case "Gt" | "Lt" as operator:
            return found is not None and _compares(found, operator, wanted[0])
    return False


def _compares(found: str, operator: str, wanted: str) -> bool:
    try:
        left, right = int(found), int(wanted)
    except ValueError:
        return False
    return left > right if operator == "Gt" else left < right
