"""Deployment."""

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
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.workload import (
    CONTAINER_COLUMNS,
    REPLICAS,
    container_cells,
    default_template,
    selector_and_template_errors,
    status_errors,
)
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, unsupported

JsonObject = dict[str, Any]

_STRATEGIES = ("Recreate", "RollingUpdate")


def _defaults(obj: JsonObject) -> None:
    """Source: `SetDefaults_Deployment` of Kubernetes' apps/v1."""
    default_template(obj)
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
        strategy["rollingUpdate"] = rolling


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    counts = ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    errors = negative_errors(spec, "spec", *counts)
    errors += selector_and_template_errors(spec, word="deployment", owner="ReplicaSet")
    errors += _strategy_errors(spec["strategy"])
    ready, deadline = spec.get("minReadySeconds", 0), spec["progressDeadlineSeconds"]
    if deadline <= ready:
        detail = "must be greater than minReadySeconds"
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, detail))
    if old is not None:
        errors += status_errors(obj, "updatedReplicas", "readyReplicas", "availableReplicas")
        errors += changed_errors(spec, old["spec"], "spec", "selector")
    return errors


def _strategy_errors(strategy: JsonObject) -> list[FieldError]:
    path = "spec.strategy"
    kind = strategy["type"]
    if kind not in _STRATEGIES:
        value = capitalised(strategy, ("type", "rollingUpdate"))
        return [unsupported(path, value, _STRATEGIES)]
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate":
        detail = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(f"{path}.rollingUpdate", detail)] if rolling else []
    assert rolling is not None
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    at = f"{path}.rollingUpdate"
    errors = count_or_percent_errors(unavailable, f"{at}.maxUnavailable")
    errors += count_or_percent_errors(surge, f"{at}.maxSurge")
    zero = {0, "0%"}
    if unavailable in zero and surge in zero:
        detail = "may not be 0 when `maxSurge` is 0"
        errors.append(invalid(f"{at}.maxUnavailable", unavailable, detail))
    return errors + above_all_errors(unavailable, f"{at}.maxUnavailable")


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec['replicas']}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        created(obj, now),
        *container_cells(spec),
    ]


DEPLOYMENT = Kind(
    group="apps",
    version="v1",
    kind="Deployment",
    plural="deployments",
    short_names=("deploy",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
    scale_paths=REPLICAS,
    columns=(
        NAME,
        Column("Ready", description="Pods that are ready, of those wanted."),
        Column("Up-to-date", type="integer", description="Pods of the newest template."),
        Column("Available", type="integer", description="Pods that have been ready long enough."),
        AGE,
        *CONTAINER_COLUMNS,
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
)
