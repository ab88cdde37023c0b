"""Pod."""

from typing import Any

from netcore_cluster.kinds.kind import Kind, name_and_namespace
from netcore_cluster.kinds.pod import table
from netcore_cluster.kinds.pod.check import new_pod_errors, pod_spec_errors
from netcore_cluster.kinds.pod.defaults import default_pod
from netcore_cluster.kinds.pod.label_keys import merge_label_keys
from netcore_cluster.kinds.pod.quality import quality_of_service
from netcore_cluster.kinds.pod.update import pod_change_errors
from netcore_cluster.schema.errors import FieldError

JsonObject = dict[str, Any]


def _create(pod: JsonObject) -> None:
    """Begin the status, as `PrepareForCreate` of pods does."""
    spec = pod["spec"]
    merge_label_keys(spec, pod["metadata"].get("labels") or {})
    pod["status"] = {"phase": "Pending", "qosClass": quality_of_service(spec)}
    if spec.get("schedulingGates"):
        pod["status"]["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
                "lastProbeTime": None,
                "lastTransitionTime": pod["metadata"].get("creationTimestamp"),
            }
        ]


def _check(pod: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = pod_spec_errors(pod["spec"], "spec")
    return errors + (new_pod_errors(pod["spec"]) if old is None else pod_change_errors(pod, old))


def _fields(pod: JsonObject) -> dict[str, str]:
    spec, status = pod["spec"], pod.get("status") or {}
    return {
        **name_and_namespace(pod),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.restartPolicy": spec.get("restartPolicy", ""),
        "spec.schedulerName": spec.get("schedulerName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
        "status.phase": status.get("phase", ""),
        "status.podIP": status.get("podIP", ""),
        "status.podIPs": ",".join(each["ip"] for each in status.get("podIPs") or ()),
        "status.nominatedNodeName": status.get("nominatedNodeName", ""),
    }


POD = Kind(
    group="",
    version="v1",
    kind="Pod",
    plural="pods",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "binding", "eviction", "ephemeralcontainers", "resize"),
    has_generation=True,
    columns=table.COLUMNS,
    cells=table.cells,
    defaults=default_pod,
    on_create=_create,
    check=_check,
    selectable=_fields,
)
