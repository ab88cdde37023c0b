"""Label selectors as objects carry them: which labels they select.

Source: apimachinery ``pkg/labels/selector.go``.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

LabelMatch = Callable[[Mapping[str, str]], bool]


def label_test(key: str, operator: str, values: Collection[str] = ()) -> LabelMatch:
    """Return the test of one requirement; one with an unknown operator selects nothing."""
    if operator == "In":
        return lambda labels: labels.get(key) in values
    if operator == "NotIn":
        return lambda labels: labels.get(key) not in values
    if operator == "Exists":
        return lambda labels: key in labels
    if operator == "DoesNotExist":
        return lambda labels: key not in labels
    return lambda _: False


def matches_label_selector(selector: dict[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Tell whether labels match a LabelSelector object; an empty one matches all, None nothing."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(
        label_test(term["key"], term["operator"], term.get("values") or ())(labels)
        for term in selector.get("matchExpressions") or ()
    )
