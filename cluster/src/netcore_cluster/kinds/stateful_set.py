"""StatefulSet: data here, no controller runs for it."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import dns_label
from netcore_cluster.kinds.persistent_volume_claim import default_claim
from netcore_cluster.kinds.rules import capitalised, name_errors, negative_errors
from netcore_cluster.kinds.table import created
from netcore_cluster.kinds.workload import (
    IMAGE_COLUMNS,
    REPLICAS,
    default_template,
    image_cells,
    selector_and_template_errors,
)
from netcore_cluster.schema.errors import FieldError, forbidden, invalid

JsonObject = dict[str, Any]

_CHANGEABLE = frozenset(
    {
        "minReadySeconds",
        "ordinals",
        "persistentVolumeClaimRetentionPolicy",
        "replicas",
        "revisionHistoryLimit",
        "template",
        "updateStrategy",
    }
)


def _defaults(obj: JsonObject) -> None:
    """Source: `SetDefaults_StatefulSet` of Kubernetes' apps/v1."""
    default_template(obj)
    spec = obj["spec"]
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
        default_claim(claim)
        claim["status"] = {"phase": "Pending"}


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    counts = ("replicas", "minReadySeconds", "revisionHistoryLimit")
    errors = negative_errors(spec, "spec", *counts)
    if spec["podManagementPolicy"] not in {"OrderedReady", "Parallel"}:
        text = "must be 'OrderedReady' or 'Parallel'"
        errors.append(invalid("spec.podManagementPolicy", spec["podManagementPolicy"], text))
    strategy = spec["updateStrategy"]
    if strategy["type"] not in {"RollingUpdate", "OnDelete"}:
        value = capitalised(strategy, ("type", "rollingUpdate"))
        errors.append(
            invalid("spec.updateStrategy", value, "must be 'RollingUpdate' or 'OnDelete'")
        )
    rolling = strategy.get("rollingUpdate") or {}
    errors += negative_errors(rolling, "spec.updateStrategy.rollingUpdate", "partition")
    errors += name_errors(spec.get("serviceName"), dns_label, "spec.serviceName")
    errors += selector_and_template_errors(spec, word="statefulset", owner="StatefulSet")
    if old is not None:
        before = old["spec"]
        keys = (spec.keys() | before.keys()) - _CHANGEABLE
        if any(spec.get(key) != before.get(key) for key in keys):
            text = (
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                "'template', 'updateStrategy', 'revisionHistoryLimit', "
                "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            )
            errors.append(forbidden("spec", text))
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec['replicas']}"
    return [obj["metadata"]["name"], ready, created(obj, now), *image_cells(spec)]


STATEFUL_SET = Kind(
    group="apps",
    version="v1",
    kind="StatefulSet",
    plural="statefulsets",
    short_names=("sts",),
    categories=("all",),
    subresources=("status", "scale"),
    has_generation=True,
    scale_paths=REPLICAS,
    columns=(
        NAME,
        Column("Ready", description="Pods that are ready, of those wanted."),
        AGE,
        *IMAGE_COLUMNS,
    ),
    cells=_cells,
    defaults=_defaults,
    check=_check,
)
