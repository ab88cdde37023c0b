"""DaemonSet: data here, no controller runs for it."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.rules import (
    above_all_errors,
    capitalised,
    changed_errors,
    count_or_percent_errors,
    negative_errors,
)
from netcore_cluster.kinds.table import created, labels_text
from netcore_cluster.kinds.workload import (
    CONTAINER_COLUMNS,
    container_cells,
    default_template,
    selector_and_template_errors,
)
from netcore_cluster.schema.errors import FieldError, required, unsupported

JsonObject = dict[str, Any]

_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_STRATEGIES = ("RollingUpdate", "OnDelete")
_ZERO = frozenset({0, "0%"})


def _defaults(obj: JsonObject) -> None:
    """Source: `SetDefaults_DaemonSet` of Kubernetes' apps/v1."""
    default_template(obj)
    spec = obj["spec"]
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    # Some clients still read here how often the template changed.
    annotations = obj["metadata"].setdefault("annotations", {})
    annotations.setdefault(_TEMPLATE_GENERATION, "1")


def _update(new: JsonObject, old: JsonObject) -> None:
    generation = int(old["metadata"].get("annotations", {}).get(_TEMPLATE_GENERATION, "1"))
    generation += new["spec"].get("template") != old["spec"].get("template")
    new["metadata"].setdefault("annotations", {})[_TEMPLATE_GENERATION] = str(generation)


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = selector_and_template_errors(spec, word="daemonset", owner="DaemonSet")
    errors = [error for error in errors if str(error) != "spec.selector: Required value"]
    errors += negative_errors(spec, "spec", "minReadySeconds", "revisionHistoryLimit")
    strategy = spec["updateStrategy"]
    path = "spec.updateStrategy"
    if strategy["type"] not in _STRATEGIES:
        value = capitalised(strategy, ("type", "rollingUpdate"))
        errors.append(unsupported(path, value, _STRATEGIES))
    elif strategy["type"] == "RollingUpdate":
        errors += _rolling_errors(strategy["rollingUpdate"], f"{path}.rollingUpdate")
    return errors + (changed_errors(spec, old["spec"], "spec", "selector") if old else [])


def _rolling_errors(rolling: JsonObject, path: str) -> list[FieldError]:
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    errors: list[FieldError] = []
    for key, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        errors += count_or_percent_errors(value, f"{path}.{key}")
        errors += above_all_errors(value, f"{path}.{key}")
    if unavailable in _ZERO and surge in _ZERO:
        errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        obj["metadata"]["name"],
        *(status.get(count, 0) for count in counts),
        labels_text(spec["template"]["spec"].get("nodeSelector")),
        created(obj, now),
        *container_cells(spec),
    ]


DAEMON_SET = Kind(
    group="apps",
    version="v1",
    kind="DaemonSet",
    plural="daemonsets",
    short_names=("ds",),
    categories=("all",),
    subresources=("status",),
    has_generation=True,
    columns=(
        NAME,
        Column("Desired", type="integer", description="Nodes that should run a pod."),
        Column("Current", type="integer", description="Nodes that run one."),
        Column("Ready", type="integer", description="Nodes whose pod is ready."),
        Column("Up-to-date", type="integer", description="Nodes with the newest template."),
        Column("Available", type="integer", description="Nodes whose pod is available."),
        Column("Node Selector", description="Labels of its nodes."),
        AGE,
        *CONTAINER_COLUMNS,
    ),
    cells=_cells,
    defaults=_defaults,
    on_update=_update,
    check=_check,
)
