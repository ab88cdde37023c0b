"""ReplicaSet."""

from typing import Any

from netcore_cluster.kinds.kind import Kind, name_and_namespace
from netcore_cluster.kinds.rules import changed_errors, negative_errors
from netcore_cluster.kinds.workload import (
    REPLICAS,
    count_cells,
    count_columns,
    default_template,
    replica_fields,
    selector_and_template_errors,
    status_errors,
)
from netcore_cluster.schema.errors import FieldError

JsonObject = dict[str, Any]


def _defaults(obj: JsonObject) -> None:
    default_template(obj)
    obj["spec"].setdefault("replicas", 1)


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = negative_errors(spec, "spec", "replicas", "minReadySeconds")
    errors += selector_and_template_errors(spec, word="deployment", owner="ReplicaSet")
    if old is not None:
        errors += status_errors(obj, "fullyLabeledReplicas", "readyReplicas", "availableReplicas")
        errors += changed_errors(spec, old["spec"], "spec", "selector")
    return errors


def _fields(obj: JsonObject) -> dict[str, str]:
    return {**name_and_namespace(obj), **replica_fields(obj)}


REPLICA_SET = Kind(
    group="apps",
    version="v1",
    kind="ReplicaSet",
    plural="replicasets",
    short_names=("rs",),
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
