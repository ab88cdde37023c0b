"""What is wrong with what a pod says about its node: affinity, spread and tolerations."""

from collections.abc import Iterator
from typing import Any

from netcore_cluster.kinds.metadata import selector_errors
from netcore_cluster.kinds.names import dns_label, dns_subdomain, label_value, qualified_name
from netcore_cluster.schema.errors import (
    FieldError,
    Reason,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)

JsonObject = dict[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
_INCLUSION = ("Honor", "Ignore")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def affinity_errors(affinity: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the affinity of a pod."""
    node = affinity.get("nodeAffinity")
    if node is not None:
        where = f"{path}.nodeAffinity"
        if node.get(_REQUIRED) is not None:
            yield from node_selector_errors(node[_REQUIRED], f"{where}.{_REQUIRED}")
        for index, term in enumerate(node.get(_PREFERRED) or ()):
            at = f"{where}.{_PREFERRED}[{index}]"
            yield from _weight_errors(term, at)
            yield from _node_term_errors(term.get("preference") or {}, f"{at}.preference")
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        where = f"{path}.{kind}"
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            yield from _pod_term_errors(term, f"{where}.{_REQUIRED}[{index}]")
        for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
            at = f"{where}.{_PREFERRED}[{index}]"
            yield from _weight_errors(weighted, at)
            term = weighted.get("podAffinityTerm") or {}
            yield from _pod_term_errors(term, f"{at}.podAffinityTerm")


def node_selector_errors(selector: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a selector of nodes."""
    terms = selector.get("nodeSelectorTerms") or ()
    where = f"{path}.nodeSelectorTerms"
    if not terms:
        yield required(where, "must have at least one node selector term")
    for index, term in enumerate(terms):
        yield from _node_term_errors(term, f"{where}[{index}]")


def _weight_errors(term: JsonObject, path: str) -> Iterator[FieldError]:
    weight = term.get("weight", 0)
    if not 1 <= weight <= 100:
        yield invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _node_term_errors(term: JsonObject, path: str) -> Iterator[FieldError]:
    for index, wanted in enumerate(term.get("matchExpressions") or ()):
        where = f"{path}.matchExpressions[{index}]"
        operator, values = wanted.get("operator", ""), wanted.get("values") or ()
        if operator in {"In", "NotIn"}:
            if not values:
                text = "must be specified when `operator` is 'In' or 'NotIn'"
                yield required(f"{where}.values", text)
        elif operator in {"Exists", "DoesNotExist"}:
            if values:
                text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                yield forbidden(f"{where}.values", text)
        elif operator in {"Gt", "Lt"}:
            if len(values) != 1:
                text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                yield required(f"{where}.values", text)
        else:
            yield invalid(f"{where}.operator", operator, "not a valid selector operator")
        key = wanted.get("key", "")
        for text in qualified_name(key):
            yield invalid(f"{where}.key", key, text)
        for place, value in enumerate(values):
            if operator not in {"Gt", "Lt"}:
                for text in label_value(value):
                    yield invalid(f"{where}.values[{place}]", value, text)
    for index, wanted in enumerate(term.get("matchFields") or ()):
        yield from _field_errors(wanted, f"{path}.matchFields[{index}]")


def _field_errors(wanted: JsonObject, path: str) -> Iterator[FieldError]:
    operator, values = wanted.get("operator", ""), wanted.get("values") or ()
    if operator not in {"In", "NotIn"}:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{path}.values", text)
    if wanted.get("key") != "metadata.name":
        text = "not a valid field selector key"
        yield invalid(f"{path}.key", wanted.get("key", ""), text)
        return
    for place, value in enumerate(values):
        for text in dns_subdomain(value):
            yield invalid(f"{path}.values[{place}]", value, text)


def _pod_term_errors(term: JsonObject, path: str) -> Iterator[FieldError]:
    yield from selector_errors(term.get("labelSelector"), f"{path}.labelSelector")
    yield from selector_errors(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for name in term.get("namespaces") or ():
        for text in dns_label(name):
            yield invalid(f"{path}.namespace", name, text)
    yield from _label_keys_errors(term, path, "matchLabelKeys", "mismatchLabelKeys")
    key = term.get("topologyKey", "")
    if not key:
        yield required(f"{path}.topologyKey", "can not be empty")
    for text in qualified_name(key):
        yield invalid(f"{path}.topologyKey", key, text)


def _label_keys_errors(term: JsonObject, path: str, *fields: str) -> Iterator[FieldError]:
    for field in fields:
        for index, key in enumerate(term.get(field) or ()):
            for text in qualified_name(key):
                yield invalid(f"{path}.{field}[{index}]", key, text)
            if term.get("labelSelector") is None:
                text = "must not be specified when labelSelector is not set"
                yield forbidden(f"{path}.{field}", text)


def spread_errors(constraints: list[JsonObject], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the topology spread constraints of a pod."""
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        skew, key = constraint.get("maxSkew", 0), constraint.get("topologyKey", "")
        action = constraint.get("whenUnsatisfiable", "")
        if skew <= 0:
            yield invalid(f"{where}.maxSkew", skew, "must be greater than zero")
        if not key:
            yield required(f"{where}.topologyKey", "can not be empty")
        if action not in _UNSATISFIABLE:
            yield unsupported(f"{where}.whenUnsatisfiable", action, _UNSATISFIABLE)
        if any(
            (other.get("topologyKey"), other.get("whenUnsatisfiable")) == (key, action)
            for other in constraints[index + 1 :]
        ):
            pair = "{topologyKey, whenUnsatisfiable}"
            yield duplicate(f"{where}.{pair}", f"{{{key}, {action}}}")
        domains = constraint.get("minDomains")
        if domains is not None:
            if domains <= 0:
                yield invalid(f"{where}.minDomains", domains, "must be greater than zero")
            if action != "DoNotSchedule":
                text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                yield invalid(f"{where}.minDomains", domains, text)
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            policy = constraint.get(field)
            if policy is not None and policy not in _INCLUSION:
                yield unsupported(f"{where}.{field}", policy, _INCLUSION)
        yield from _label_keys_errors(constraint, where, "matchLabelKeys")
        yield from selector_errors(constraint.get("labelSelector"), f"{where}.labelSelector")


def toleration_errors(toleration: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a toleration."""
    key, value = toleration.get("key", ""), toleration.get("value", "")
    operator, effect = toleration.get("operator") or "Equal", toleration.get("effect", "")
    if key:
        for text in qualified_name(key):
            yield invalid(f"{path}.key", key, text)
    elif operator != "Exists":
        text = (
            "operator must be Exists when `key` is empty, which means "
            '"match all values and all keys"'
        )
        yield invalid(f"{path}.operator", operator, text)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(f"{path}.effect", effect, text)
    if operator == "Exists":
        if value:
            # The value stands in for the operator in the real server's answer, too.
            yield FieldError(
                Reason.INVALID,
                f"{path}.operator",
                f"Invalid value: \"{value}\": value must be empty when `operator` is 'Exists'",
            )
    elif operator == "Equal":
        for text in label_value(value):
            yield invalid(f"{path}.operator", value, text)
    else:
        yield unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    if effect and effect not in _EFFECTS:
        yield unsupported(f"{path}.effect", effect, _EFFECTS)
