"""Label selectors as they stand in objects: `matchLabels` and `matchExpressions`."""

from collections.abc import Mapping

from netcore_cluster.api.errors import Object


def selects(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Whether the selector picks an object with these labels.

    A missing selector picks nothing, an empty one everything.

    Raises:
        ValueError: An operator is unknown; the API server's validation lets none in.
    """
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions") or ())


def is_empty(selector: Object | None) -> bool:
    """Whether the selector is there but says nothing, and so would pick everything."""
    return selector is not None and not (
        selector.get("matchLabels") or selector.get("matchExpressions")
    )


def _meets(requirement: Object, labels: Mapping[str, str]) -> bool:
    key, operator = requirement["key"], requirement["operator"]
    values = requirement.get("values") or ()
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"unknown operator {operator!r} in a label selector")
