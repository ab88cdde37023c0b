"""What may change in a pod that exists.

Source: `ValidatePodUpdate` of Kubernetes' core validation.
"""

import copy
from typing import Any

from netcore_cluster.schema.errors import FieldError, forbidden, invalid

JsonObject = dict[str, Any]

_CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def pod_change_errors(new: JsonObject, old: JsonObject) -> list[FieldError]:
    """Return what must not change so, between two forms of one pod."""
    spec, before = new["spec"], old["spec"]
    errors = _gate_errors(spec, before) + _toleration_errors(spec, before)
    allowed = _with_allowed_changes(spec, before)
    if allowed != spec:
        difference = ", ".join(
            sorted(key for key in allowed.keys() | spec.keys() if allowed.get(key) != spec.get(key))
        )
        errors.append(
            forbidden(
                "spec",
                f"pod updates may not change fields other than {_CHANGEABLE}\n"
                f"changed: {difference}",
            )
        )
    return errors


def _with_allowed_changes(spec: JsonObject, before: JsonObject) -> JsonObject:
    """The old spec, with the new one's values wherever they may change."""
    allowed = copy.copy(before)
    for key in ("containers", "initContainers"):
        new, old = spec.get(key), before.get(key)
        if new is not None and old is not None and len(new) == len(old):
            allowed[key] = [
                {**was, "image": now["image"]} if "image" in now else was
                for now, was in zip(new, old, strict=True)
            ]
    keys = ["activeDeadlineSeconds", "tolerations", "schedulingGates", "ephemeralContainers"]
    if before.get("terminationGracePeriodSeconds", 0) < 0:
        keys.append("terminationGracePeriodSeconds")
    if before.get("schedulingGates"):
        # A pod that is held back may still be narrowed down.
        keys += ["nodeSelector", "affinity"]
    for key in keys:
        if key in spec:
            allowed[key] = spec[key]
        else:
            allowed.pop(key, None)
    return allowed


def _gate_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    had = {gate["name"] for gate in before.get("schedulingGates") or ()}
    return [
        forbidden(
            f"spec.schedulingGates[{index}]",
            "only deletion is allowed, but found new scheduling gate",
        )
        for index, gate in enumerate(spec.get("schedulingGates") or ())
        if gate["name"] not in had
    ]


def _toleration_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    kept = spec.get("tolerations") or []
    lost = [
        each
        for each in before.get("tolerations") or ()
        if {**each, "tolerationSeconds": None}
        not in [{**other, "tolerationSeconds": None} for other in kept]
    ]
    if not lost:
        return []
    detail = "existing toleration can not be modified except its tolerationSeconds"
    return [invalid("spec.tolerations", lost, detail)]
