"""ReplicationController; kept as data, no controller runs for it."""

from typing import Any

from netcore_cluster.kinds.kind import Kind, name_and_namespace
from netcore_cluster.kinds.workload import (
    REPLICAS,
    count_cells,
    count_columns,
    default_template,
    replicas_errors,
)
from netcore_cluster.schema.errors import FieldError

JsonObject = dict[str, Any]


def _defaults(obj: JsonObject) -> None:
    default_template(obj)
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        spec.setdefault("selector", dict(labels))


def _check(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    return replicas_errors(obj["spec"])


def _fields(obj: JsonObject) -> dict[str, str]:
    replicas = (obj.get("status") or {}).get("replicas", 0)
    return {**name_and_namespace(obj), "status.replicas": str(replicas)}


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
