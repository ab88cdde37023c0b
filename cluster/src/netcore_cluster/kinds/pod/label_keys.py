"""Selectors that follow the pod's own labels: `matchLabelKeys` and `mismatchLabelKeys`.

When a pod is created, each key becomes an expression with the pod's own value, so that whoever
reads the selector later need not know of the keys.

Source: KEP-3243 and KEP-3633.
"""

from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]

_OPERATORS = {"matchLabelKeys": "In", "mismatchLabelKeys": "NotIn"}


def merge_label_keys(spec: JsonObject, labels: dict[str, str]) -> None:
    """Add the expressions to every selector of a new pod that asks for them, in place."""
    for term in _terms(spec):
        selector = term.get("labelSelector")
        if selector is None:
            continue
        added = [
            {"key": key, "operator": operator, "values": [labels[key]]}
            for field, operator in _OPERATORS.items()
            for key in term.get(field) or ()
            if key in labels
        ]
        if added:
            known = selector.get("matchExpressions") or []
            term["labelSelector"] = {**selector, "matchExpressions": [*known, *added]}


def _terms(spec: JsonObject) -> Iterator[JsonObject]:
    yield from spec.get("topologySpreadConstraints") or ()
    affinity = spec.get("affinity")
    if not affinity:
        return
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        yield from terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}
