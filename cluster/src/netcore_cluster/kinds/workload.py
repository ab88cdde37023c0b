"""What the kinds that make pods from a template have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, ScalePaths
from netcore_cluster.kinds.metadata import label_errors, selector_errors
from netcore_cluster.kinds.pod.check import pod_spec_errors
from netcore_cluster.kinds.pod.defaults import default_pod_spec
from netcore_cluster.kinds.rules import negative_errors
from netcore_cluster.kinds.selectors import matches_label_selector
from netcore_cluster.kinds.table import created, selector_text
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required, unsupported

JsonObject = dict[str, Any]

REPLICAS = ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector")

_CONTAINERS = Column("Containers", description="Names of the containers.", priority=1)
_IMAGES = Column("Images", description="Images of the containers.", priority=1)
_SELECTOR = Column("Selector", description="Labels of the pods.", priority=1)

IMAGE_COLUMNS = (_CONTAINERS, _IMAGES)
CONTAINER_COLUMNS = (_CONTAINERS, _IMAGES, _SELECTOR)


def count_columns(*counts: str) -> tuple[Column, ...]:
    """Return name, integer columns, age, and what `-o wide` adds."""
    shown = (Column(count, type="integer", description=f"Replicas: {count}.") for count in counts)
    return (NAME, *shown, AGE, *CONTAINER_COLUMNS)


def image_cells(spec: JsonObject) -> list[str]:
    """Return names and images of the containers of a template."""
    containers = spec["template"]["spec"].get("containers") or ()
    return [
        ",".join(container["name"] for container in containers),
        ",".join(container.get("image", "") for container in containers),
    ]


def container_cells(spec: JsonObject) -> list[str]:
    """Return what `-o wide` adds."""
    selector = spec.get("selector")
    if selector is not None and not selector.keys() & {"matchLabels", "matchExpressions"}:
        # A ReplicationController selects by bare labels.
        selector = {"matchLabels": selector}
    return [*image_cells(spec), selector_text(selector)]


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


def replica_fields(obj: JsonObject) -> dict[str, str]:
    """Return what ReplicaSets and ReplicationControllers are selected by beside their names."""
    return {"status.replicas": str((obj.get("status") or {}).get("replicas", 0))}


def status_errors(obj: JsonObject, *counts: str) -> list[FieldError]:
    """Return what is wrong with the counts of a status: none is negative or above all."""
    status = obj.get("status") or {}
    replicas = status.get("replicas", 0)
    errors = negative_errors(status, "status", "replicas", *counts)
    return errors + [
        invalid(f"status.{key}", status.get(key, 0), "cannot be greater than status.replicas")
        for key in counts
        if status.get(key, 0) > replicas
    ]


def selector_and_template_errors(
    spec: JsonObject, *, word: str, owner: str, selector: JsonObject | None = None
) -> list[FieldError]:
    """Return what is wrong with selector and template, and with how they fit.

    Args:
        spec: of the workload.
        word: what messages about an empty selector call the workload.
        owner: what messages about the template call it.
        selector: the selector, where it is not the one in the spec.
    """
    selector = spec.get("selector") if selector is None else selector
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    errors: list[FieldError] = []
    understood = True
    if selector is None:
        errors.append(required("spec.selector"))
    else:
        wrong = selector_errors(selector, "spec.selector")
        errors += wrong
        if not any(selector.values()):
            errors.append(
                invalid("spec.selector", selector, f"empty selector is invalid for {word}")
            )
        if wrong:
            errors.append(invalid("spec.selector", selector, "invalid label selector"))
            understood = False
    if understood and (selector is None or any(selector.values())):
        errors += _misfit_errors(selector, labels)
    return errors + template_errors(template, "spec.template", owner)


def _misfit_errors(selector: JsonObject | None, labels: dict[str, str] | None) -> list[FieldError]:
    if matches_label_selector(selector, labels or {}):
        return []
    text = "`selector` does not match template `labels`"
    return [invalid("spec.template.metadata.labels", labels, text)]


def template_errors(template: JsonObject, path: str, owner: str) -> list[FieldError]:
    """Return what is wrong with a template whose pods run for good.

    Args:
        template: of the pods.
        path: where it stands.
        owner: what messages call the workload.
    """
    errors = label_errors((template.get("metadata") or {}).get("labels"), f"{path}.labels")
    spec = template.get("spec") or {}
    errors += pod_spec_errors(spec, f"{path}.spec")
    policy = spec.get("restartPolicy")
    if policy in {"OnFailure", "Never"}:
        errors.append(unsupported(f"{path}.spec.restartPolicy", policy, ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {owner} is not Supported"
        errors.append(forbidden(f"{path}.spec.activeDeadlineSeconds", text))
    if spec.get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", text))
    return errors
