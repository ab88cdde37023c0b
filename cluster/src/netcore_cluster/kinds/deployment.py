"""Deployment."""

import re
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.workload import (
    CONTAINER_COLUMNS,
    REPLICAS,
    container_cells,
    default_template,
    immutable_errors,
    replicas_errors,
    template_errors,
)
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, unsupported

JsonObject = dict[str, Any]

_STRATEGIES = ("Recreate", "RollingUpdate")
_PERCENT = re.compile(r"[0-9]+%")


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
    errors = replicas_errors(spec) + template_errors(spec) + _strategy_errors(spec["strategy"])
    ready, deadline = spec.get("minReadySeconds", 0), spec["progressDeadlineSeconds"]
    if deadline <= ready:
        detail = "must be greater than minReadySeconds"
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, detail))
    return errors + (immutable_errors(obj, old, "selector") if old else [])


def _strategy_errors(strategy: JsonObject) -> list[FieldError]:
    path = "spec.strategy"
    kind = strategy["type"]
    if kind not in _STRATEGIES:
        return [unsupported(f"{path}.type", kind, _STRATEGIES)]
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate":
        detail = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(f"{path}.rollingUpdate", detail)] if rolling else []
    assert rolling is not None
    errors = []
    for key in ("maxUnavailable", "maxSurge"):
        value = rolling[key]
        if isinstance(value, int):
            if value < 0:
                detail = "must be greater than or equal to 0"
                errors.append(invalid(f"{path}.rollingUpdate.{key}", value, detail))
        elif not _PERCENT.fullmatch(value):
            detail = (
                "a valid percent string must be a numeric string followed by an ending '%' "
                "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            )
            errors.append(invalid(f"{path}.rollingUpdate.{key}", value, detail))
    zero = {0, "0%"}
    if rolling["maxUnavailable"] in zero and rolling["maxSurge"] in zero:
        detail = "may not be 0 when `maxSurge` is 0"
        errors.append(
            invalid(f"{path}.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], detail)
        )
    return errors


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
