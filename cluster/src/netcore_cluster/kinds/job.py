"""Job: data here, no controller runs for it."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.pod.check import pod_spec_errors
from netcore_cluster.kinds.rules import changed_errors, choice_errors, negative_errors
from netcore_cluster.kinds.selectors import matches_label_selector
from netcore_cluster.kinds.table import created, human_duration
from netcore_cluster.kinds.workload import (
    CONTAINER_COLUMNS,
    container_cells,
    default_template,
)
from netcore_cluster.schema.errors import FieldError, invalid, required
from netcore_cluster.schema.times import parse_time

JsonObject = dict[str, Any]

_UID = "batch.kubernetes.io/controller-uid"
_NAME = "batch.kubernetes.io/job-name"
_OLD_UID = "controller-uid"
_OLD_NAME = "job-name"
_COUNTS = (
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
)


def _defaults(obj: JsonObject) -> None:
    """Source: `SetDefaults_Job` of Kubernetes' batch/v1."""
    default_template(obj)
    spec = obj["spec"]
    if "parallelism" not in spec and "completions" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6 if "backoffLimitPerIndex" not in spec else 2**31 - 1)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    replaced = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    spec.setdefault("podReplacementPolicy", replaced)
    spec.setdefault("manualSelector", False)
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            pattern["status"] = pattern.get("status") or "True"
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def _create(obj: JsonObject) -> None:
    """Let a job find its own pods, unless its author sees to that."""
    spec = obj["spec"]
    if spec.get("manualSelector"):
        return
    metadata = obj["metadata"]
    uid, name = metadata.get("uid", ""), metadata["name"]
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    own = {_UID: uid, _NAME: name, _OLD_UID: uid, _OLD_NAME: name}
    template["labels"] = {**(template.get("labels") or {}), **own}
    selector = spec.get("selector") or {}
    selected = {**(selector.get("matchLabels") or {}), _UID: uid}
    spec["selector"] = {**selector, "matchLabels": selected}
    if not metadata.get("labels"):
        metadata["labels"] = dict(template["labels"])


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors = negative_errors(spec, "spec", *_COUNTS)
    if spec["completionMode"] == "Indexed" and "completions" not in spec:
        text = "when completion mode is Indexed"
        errors.append(required("spec.completions", text))
    errors += choice_errors(spec, "completionMode", ("NonIndexed", "Indexed"), "spec")
    policies = ("Failed", "TerminatingOrFailed")
    errors += choice_errors(spec, "podReplacementPolicy", policies, "spec")
    errors += _template_errors(spec)
    if old is not None:
        fixed = ("selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex")
        errors += changed_errors(spec, old["spec"], "spec", *fixed)
        if spec["completionMode"] == "NonIndexed":
            errors += changed_errors(spec, old["spec"], "spec", "completions")
        if not old["spec"].get("suspend"):
            errors += changed_errors(spec, old["spec"], "spec", "template")
    return errors


def _template_errors(spec: JsonObject) -> list[FieldError]:
    errors: list[FieldError] = []
    template, selector = spec.get("template") or {}, spec.get("selector")
    labels = (template.get("metadata") or {}).get("labels")
    if selector is None:
        errors.append(required("spec.selector"))
    else:
        if not spec.get("manualSelector"):
            wanted = {"matchLabels": {_UID: (labels or {}).get(_UID)}}
            if selector != wanted:
                errors.append(invalid("spec.selector", selector, "`selector` not auto-generated"))
        if not matches_label_selector(selector, labels or {}):
            text = "`selector` does not match template `labels`"
            errors.append(invalid("spec.template.metadata.labels", labels, text))
    pod = template.get("spec") or {}
    errors += pod_spec_errors(pod, "spec.template.spec")
    if pod.get("restartPolicy") == "Always":
        text = 'valid values: "OnFailure", "Never"'
        errors.append(required("spec.template.spec.restartPolicy", text))
    return errors


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    succeeded = status.get("succeeded", 0)
    if "completions" in spec:
        completions = f"{succeeded}/{spec['completions']}"
    elif spec.get("parallelism", 0) > 1:
        completions = f"{succeeded}/1 of {spec['parallelism']}"
    else:
        completions = f"{succeeded}/1"
    return [
        obj["metadata"]["name"],
        _state(obj),
        completions,
        _duration(status, now),
        created(obj, now),
        *container_cells(spec),
    ]


def _state(obj: JsonObject) -> str:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    holds = {each["type"] for each in conditions if each["status"] == "True"}
    if "Complete" in holds:
        return "Complete"
    if "Failed" in holds:
        return "Failed"
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    if "Suspended" in holds:
        return "Suspended"
    if "FailureTarget" in holds:
        return "FailureTarget"
    return "SuccessCriteriaMet" if "SuccessCriteriaMet" in holds else "Running"


def _duration(status: JsonObject, now: datetime) -> str:
    if not status.get("startTime"):
        return ""
    end = parse_time(status["completionTime"]) if status.get("completionTime") else now
    return human_duration((end - parse_time(status["startTime"])).total_seconds())


JOB = Kind(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    categories=("all",),
    subresources=("status",),
    has_generation=True,
    columns=(
        NAME,
        Column("Status", description="What the job is at."),
        Column("Completions", description="Pods that succeeded, of those wanted."),
        Column("Duration", description="How long it has been at work."),
        AGE,
        *CONTAINER_COLUMNS,
    ),
    cells=_cells,
    defaults=_defaults,
    on_create=_create,
    check=_check,
)
