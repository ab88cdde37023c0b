"""ReplicationController; kept as data, no controller runs for it."""

from typing import Any

from netcore_cluster.kinds.kind import Kind, name_and_namespace
from netcore_cluster.kinds.rules import negative_errors
from netcore_cluster.kinds.selectors import matches_label_selector
from netcore_cluster.kinds.workload import (
    REPLICAS,
    count_cells,
    count_columns,
    default_template,
    replica_fields,
    template_errors,
)
from netcore_cluster.schema.errors import FieldError, invalid, required

JsonObject = dict[str, Any]


def _defaults(obj: JsonObject) -> None:
    default_template(obj)
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        spec.setdefault("selector", dict(labels))
        obj["metadata"].setdefault("labels", dict(labels))


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = negative_errors(spec, "spec", "replicas", "minReadySeconds")
    selector = spec.get("selector")
    if not selector:
        errors.append(required("spec.selector"))
    template = spec.get("template")
    if template is None:
        return [*errors, required("spec.template")]
    labels = (template.get("metadata") or {}).get("labels")
    if selector and not matches_label_selector({"matchLabels": selector}, labels or {}):
        text = "`selector` does not match template `labels`"
        errors.append(invalid("spec.template.metadata.labels", labels, text))
    return errors + template_errors(template, "spec.template", "ReplicationController")


def _fields(obj: JsonObject) -> dict[str, str]:
    return {**name_and_namespace(obj), **replica_fields(obj)}


REPLICATION_CONTROLLER = Kind(
    group="",
    version="v1",
    kind="ReplicationController",
    plural="replicationcontrollers",
    short_names=("rc",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
    scale_paths=REPLICAS,
    columns=count_columns("Desired", "Current", "Ready"),
    cells=count_cells(
        lambda spec, _: spec["replicas"],
        lambda _, status: status.get("replicas", 0),
        lambda _, status: status.get("readyReplicas", 0),
    ),
    defaults=_defaults,
    check=_check,
    selectable=_fields,
)
