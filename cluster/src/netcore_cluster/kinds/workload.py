"""What the kinds that make pods from a template have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, ScalePaths
from netcore_cluster.kinds.metadata import label_errors, selector_errors
from netcore_cluster.kinds.pod.check import pod_spec_errors
from netcore_cluster.kinds.pod.defaults import default_pod_spec
from netcore_cluster.kinds.table import created, selector_text
from netcore_cluster.schema.errors import FieldError, invalid, required, unsupported

JsonObject = dict[str, Any]

REPLICAS = ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector")

CONTAINER_COLUMNS = (
    Column("Containers", description="Names of the containers.", priority=1),
    Column("Images", description="Images of the containers.", priority=1),
    Column("Selector", description="Labels of the pods.", priority=1),
)


def count_columns(*counts: str) -> tuple[Column, ...]:
    """Return name, integer columns, age, and what `-o wide` adds."""
    shown = (Column(count, type="integer", description=f"Replicas: {count}.") for count in counts)
    return (NAME, *shown, AGE, *CONTAINER_COLUMNS)


def container_cells(spec: JsonObject) -> list[str]:
    """Return what `-o wide` adds."""
    containers = spec["template"]["spec"].get("containers") or ()
    selector = spec.get("selector")
    if selector is not None and not selector.keys() & {"matchLabels", "matchExpressions"}:
        # A ReplicationController selects by bare labels.
        selector = {"matchLabels": selector}
    return [
        ",".join(container["name"] for container in containers),
        ",".join(container.get("image", "") for container in containers),
        selector_text(selector),
    ]


def count_cells(
    *read: Callable[[JsonObject, JsonObject], Any],
) -> Callable[[JsonObject, datetime], list[Any]]:
    """Make the row of name, counts (each read from spec and status), age, containers."""

    def cells(obj: JsonObject, now: datetime) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        counts = [count(spec, status) for count in read]
        return [obj["metadata"]["name"], *counts, created(obj, now), *container_cells(spec)]

    return cells


def default_template(obj: JsonObject) -> None:
    """Fill in the pod template of a workload."""
    template = obj.setdefault("spec", {}).get("template")
    if isinstance(template, dict):
        default_pod_spec(template.setdefault("spec", {}))


def replicas_errors(spec: JsonObject) -> list[FieldError]:
    """Return what is wrong with the number of replicas."""
    return [
        invalid(f"spec.{key}", spec[key], "must be greater than or equal to 0")
        for key in ("replicas", "minReadySeconds", "revisionHistoryLimit")
        if spec.get(key, 0) < 0
    ]


def template_errors(
    spec: JsonObject, *, restarts: tuple[str, ...] = ("Always",)
) -> list[FieldError]:
    """Return what is wrong with selector and template, and with how they fit.

    Args:
        spec: The workload's spec.
        restarts: Restart policies that the template may have.
    """
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    errors: list[FieldError] = []
    if selector is None:
        errors.append(required("spec.selector"))
    else:
        errors += selector_errors(selector, "spec.selector")
        if not any(selector.values()):
            detail = "empty selector is invalid for deployment"
            errors.append(invalid("spec.selector", selector, detail))
    if selector and not _selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        errors.append(invalid("spec.template.metadata.labels", labels, detail))
    errors += label_errors(labels, "spec.template.labels")
    pod_spec = template.get("spec") or {}
    errors += pod_spec_errors(pod_spec, "spec.template.spec")
    policy = pod_spec.get("restartPolicy")
    if policy in {"Always", "OnFailure", "Never"} and policy not in restarts:
        errors.append(unsupported("spec.template.spec.restartPolicy", policy, restarts))
    return errors


def immutable_errors(new: JsonObject, old: JsonObject, *keys: str) -> list[FieldError]:
    """Return which of these fields of the spec changed."""
    return [
        invalid(f"spec.{key}", new["spec"].get(key), "field is immutable")
        for key in keys
        if new["spec"].get(key) != old["spec"].get(key)
    ]


def _selects(selector: JsonObject, labels: dict[str, str]) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or ():
        held, values = labels.get(term["key"]), term.get("values") or ()
        matches = {
            "In": held in values,
            "NotIn": held not in values,
            "Exists": held is not None,
            "DoesNotExist": held is None,
        }
        if not matches.get(term["operator"], False):
            return False
    return True
