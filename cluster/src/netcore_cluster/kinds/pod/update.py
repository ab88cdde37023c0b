"""What may change in a pod that exists.

Source: `ValidatePodUpdate` of Kubernetes' core validation.
"""

from typing import Any

import orjson

from netcore_cluster.schema.errors import FieldError, forbidden, invalid

JsonObject = dict[str, Any]

_CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def pod_change_errors(new: JsonObject, old: JsonObject) -> list[FieldError]:
    """Return what must not change so, between two forms of one pod."""
    spec, before = new["spec"], old["spec"]
    if spec == before:
        return []
    for key in ("containers", "initContainers"):
        if len(spec.get(key) or ()) != len(before.get(key) or ()):
            return [forbidden(f"spec.{key}", "pod updates may not add or remove containers")]
    errors = _deadline_errors(spec, before)
    errors += _toleration_errors(spec, before) + _gate_errors(spec, before)
    if before.get("schedulingGates"):
        errors += _narrowing_errors(spec, before)
    allowed = _with_allowed_changes(spec, before)
    if allowed != spec:
        errors.append(
            forbidden(
                "spec",
                f"pod updates may not change fields other than {_CHANGEABLE}\n"
                f"{_difference(allowed, spec)}",
            )
        )
    return errors


def _difference(before: JsonObject, after: JsonObject) -> str:
    lines = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            for sign, spec in (("-", before), ("+", after)):
                if key in spec:
                    lines.append(f"{sign} {key}: {orjson.dumps(spec[key]).decode()}")
    return "\n".join(lines)


def _with_allowed_changes(spec: JsonObject, before: JsonObject) -> JsonObject:
    """The old spec, with the new one's values wherever they may change."""
    allowed = dict(before)
    for key in ("containers", "initContainers"):
        new, old = spec.get(key), before.get(key)
        if new is not None and old is not None:
            allowed[key] = [
                {**was, "image": now["image"]} if "image" in now else was
                for now, was in zip(new, old, strict=True)
            ]
    keys = ["activeDeadlineSeconds", "tolerations", "schedulingGates", "ephemeralContainers"]
    was_negative = before.get("terminationGracePeriodSeconds", 0) < 0
    if was_negative and spec.get("terminationGracePeriodSeconds") == 1:
        keys.append("terminationGracePeriodSeconds")
    if before.get("schedulingGates"):
        # A pod that is held back may still be narrowed down.
        keys.append("nodeSelector")
        _allow_node_affinity(allowed, spec)
    for key in keys:
        if key in spec:
            allowed[key] = spec[key]
        else:
            allowed.pop(key, None)
    return allowed


def _allow_node_affinity(allowed: JsonObject, spec: JsonObject) -> None:
    affinity = {**(allowed.get("affinity") or {})}
    affinity.pop("nodeAffinity", None)
    wanted = (spec.get("affinity") or {}).get("nodeAffinity")
    if wanted is not None:
        affinity["nodeAffinity"] = wanted
    if affinity or spec.get("affinity") == {}:
        allowed["affinity"] = affinity
    else:
        allowed.pop("affinity", None)


def _deadline_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    key, path = "activeDeadlineSeconds", "spec.activeDeadlineSeconds"
    new, old = spec.get(key), before.get(key)
    if old is None:
        return []
    if new is None:
        return [invalid(path, None, "must not update from a positive integer to nil value")]
    if new > old:
        return [invalid(path, new, "must be less than or equal to previous value")]
    return []


def _gate_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    had = {gate["name"] for gate in before.get("schedulingGates") or ()}
    return [
        forbidden(
            f"spec.schedulingGates[{index}].name",
            f"only deletion is allowed, but found new scheduling gate '{gate['name']}'",
        )
        for index, gate in enumerate(spec.get("schedulingGates") or ())
        if gate["name"] not in had
    ]


def _toleration_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    kept = [{**each, "tolerationSeconds": None} for each in spec.get("tolerations") or ()]
    for each in before.get("tolerations") or ():
        if {**each, "tolerationSeconds": None} not in kept:
            text = "existing toleration can not be modified except its tolerationSeconds"
            return [forbidden("spec.tolerations", text)]
    return []


def _narrowing_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    """A pod that is held back may lose nodes to choose from, but gain none."""
    errors = []
    selector = spec.get("nodeSelector") or {}
    if any(selector.get(key) != value for key, value in (before.get("nodeSelector") or {}).items()):
        text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        errors.append(invalid("spec.nodeSelector", selector, text))
    old_terms, terms = _node_terms(before), _node_terms(spec)
    path = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    if old_terms and len(terms) != len(old_terms):
        text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        errors.append(invalid(path, terms, text))
    elif old_terms:
        errors += [
            invalid(
                f"{path}[{index}]", term, "only additions are allowed (no mutations or deletions)"
            )
            for index, (term, old) in enumerate(zip(terms, old_terms, strict=True))
            if any(
                (term.get(key) or [])[: len(old.get(key) or ())] != (old.get(key) or [])
                for key in ("matchExpressions", "matchFields")
            )
        ]
    return errors


def _node_terms(spec: JsonObject) -> list[JsonObject]:
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms: list[JsonObject] = (node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    return terms
