"""What is wrong with the resources that a container asks for."""

from collections.abc import Collection
from typing import Any

from netcore_cluster.kinds.names import qualified_name
from netcore_cluster.schema.errors import (
    FieldError,
    Reason,
    forbidden,
    invalid,
    required,
)
from netcore_cluster.schema.quantity import NANOS, quantity_of

JsonObject = dict[str, Any]

_STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
_HUGE_PAGES = "hugepages-"
_NATIVE_DOMAIN = "kubernetes.io/"


def resources_errors(resources: JsonObject, path: str, claims: Collection[str]) -> list[FieldError]:
    """Return what is wrong with requests and limits.

    Args:
        resources: of a container.
        path: where they stand.
        claims: names of the resource claims of the pod.
    """
    errors: list[FieldError] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for key, quantities in (("limits", limits), ("requests", requests)):
        for name, quantity in quantities.items():
            errors += _quantity_errors(name, quantity, f"{path}.{key}[{name}]")
            if key == "requests":
                errors += _ratio_errors(name, quantity, limits.get(name), path)
    named = {**limits, **requests}
    if not named.keys() & {"cpu", "memory"} and any(name.startswith(_HUGE_PAGES) for name in named):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    for index, claim in enumerate(resources.get("claims") or ()):
        if claim.get("name") not in claims:
            known = ", ".join(sorted(claims))
            among = f"are: {known}" if known else "is empty"
            message = (
                f'Not found: "{claim.get("name", "")}": must be one of the names in '
                f"pod.spec.resourceClaims which {among}"
            )
            errors.append(FieldError(Reason.NOT_FOUND, f"{path}.claims[{index}]", message))
    return errors


def _quantity_errors(name: str, quantity: Any, path: str) -> list[FieldError]:
    errors = [] if name in _STANDARD else _name_errors(name, path)
    nanos = quantity_of(quantity).nanos
    if nanos < 0:
        errors.append(invalid(path, quantity, "must be greater than or equal to 0"))
    if nanos % NANOS and _is_counted(name):
        errors.append(invalid(path, quantity, "must be an integer"))
    return errors


def _name_errors(name: str, path: str) -> list[FieldError]:
    errors = [invalid(path, name, text) for text in qualified_name(name)]
    if "/" in name:
        return errors
    if name.startswith(_HUGE_PAGES):
        return errors
    if not errors:
        text = "must be a standard resource type or fully qualified"
        errors.append(invalid(path, name, text))
    return [*errors, invalid(path, name, "must be a standard resource for containers")]


def _is_counted(name: str) -> bool:
    """Whether the resource comes in whole pieces: devices, unlike cpu and memory."""
    return "/" in name and _NATIVE_DOMAIN not in name


def _ratio_errors(name: str, request: Any, limit: Any, path: str) -> list[FieldError]:
    """A request is at most the limit; what cannot be shared is asked for exactly."""
    is_shared = not _is_counted(name) and not name.startswith(_HUGE_PAGES)
    if limit is None:
        if is_shared:
            return []
        text = "Limit must be set for non overcommitable resources"
        return [required(f"{path}.limits", text)]
    asked, most = quantity_of(request).nanos, quantity_of(limit).nanos
    if asked != most and not is_shared:
        text = f"must be equal to {name} limit of {limit}"
    elif asked > most:
        text = f"must be less than or equal to {name} limit of {limit}"
    else:
        return []
    return [invalid(f"{path}.requests", request, text)]
