"""What is wrong with the spec of a pod, or of a template of pods, in the words of Kubernetes.

Source: `ValidatePodSpec` of Kubernetes' core validation; what users get wrong, not every rule.
"""

from collections.abc import Iterator
from typing import Any

from netcore_cluster.kinds.names import dns_label
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_found,
    required,
    unsupported,
)
from netcore_cluster.schema.quantity import quantity_of

JsonObject = dict[str, Any]

RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_OPERATORS = ("Equal", "Exists")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def pod_spec_errors(spec: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with a spec that stands at `path`."""
    errors: list[FieldError] = []
    volumes: set[str] = set()
    for index, volume in enumerate(spec.get("volumes") or ()):
        at = f"{path}.volumes[{index}].name"
        errors += _name_errors(volume.get("name"), at, seen=volumes)
    errors += _containers_errors(spec, path, volumes)
    errors += _choice(spec, "restartPolicy", RESTART_POLICIES, path)
    errors += _choice(spec, "dnsPolicy", _DNS_POLICIES, path)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        value = spec["terminationGracePeriodSeconds"]
        errors.append(_negative(f"{path}.terminationGracePeriodSeconds", value))
    if "activeDeadlineSeconds" in spec and spec["activeDeadlineSeconds"] < 1:
        detail = "must be between 1 and 2147483647, inclusive"
        errors.append(
            invalid(f"{path}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], detail)
        )
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        errors += _toleration_errors(toleration, f"{path}.tolerations[{index}]")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(
            forbidden(
                f"{path}.nodeName", "cannot be set until all schedulingGates have been cleared"
            )
        )
    return errors


def _containers_errors(spec: JsonObject, path: str, volumes: set[str]) -> Iterator[FieldError]:
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    seen: set[str] = set()
    for key in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(key) or ()):
            at = f"{path}.{key}[{index}]"
            yield from _name_errors(container.get("name"), f"{at}.name", seen=seen)
            yield from _container_errors(container, at, volumes)


def _container_errors(container: JsonObject, path: str, volumes: set[str]) -> Iterator[FieldError]:
    image = container.get("image", "")
    if not image:
        yield required(f"{path}.image")
    elif image != image.strip():
        yield invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    yield from _choice(container, "imagePullPolicy", _PULL_POLICIES, path)
    yield from _ports_errors(container.get("ports") or (), f"{path}.ports")
    for index, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            yield required(f"{path}.env[{index}].name")
        elif variable.get("value") and variable.get("valueFrom"):
            detail = "may not be specified when `value` is not empty"
            yield invalid(f"{path}.env[{index}].valueFrom", "", detail)
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        at = f"{path}.volumeMounts[{index}]"
        if not mount.get("name"):
            yield required(f"{at}.name")
        elif mount["name"] not in volumes:
            yield not_found(f"{at}.name", mount["name"])
        if not mount.get("mountPath"):
            yield required(f"{at}.mountPath")
    yield from _resources_errors(container.get("resources") or {}, f"{path}.resources")


def _ports_errors(ports: Any, path: str) -> Iterator[FieldError]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        at = f"{path}[{index}]"
        if name := port.get("name"):
            if name in names:
                yield duplicate(f"{at}.name", name)
            names.add(name)
        number = port.get("containerPort", 0)
        if not number:
            yield required(f"{at}.containerPort")
        elif not 1 <= number <= 65535:
            yield invalid(f"{at}.containerPort", number, "must be between 1 and 65535, inclusive")
        host = port.get("hostPort", 0)
        if host and not 1 <= host <= 65535:
            yield invalid(f"{at}.hostPort", host, "must be between 1 and 65535, inclusive")
        yield from _choice(port, "protocol", _PROTOCOLS, at)


def _resources_errors(resources: JsonObject, path: str) -> Iterator[FieldError]:
    limits = resources.get("limits") or {}
    for key in ("limits", "requests"):
        for name, quantity in (resources.get(key) or {}).items():
            if quantity_of(quantity).nanos < 0:
                yield _negative(f"{path}.{key}[{name}]", str(quantity))
    for name, quantity in (resources.get("requests") or {}).items():
        limit = limits.get(name)
        if limit is None:
            continue
        if quantity_of(quantity) > quantity_of(limit):
            detail = f"must be less than or equal to {name} limit of {limit}"
            yield invalid(f"{path}.requests", str(quantity), detail)


def _toleration_errors(toleration: JsonObject, path: str) -> Iterator[FieldError]:
    operator = toleration.get("operator") or "Equal"
    if operator not in _OPERATORS:
        yield unsupported(f"{path}.operator", operator, _OPERATORS)
    if not toleration.get("key") and operator != "Exists":
        detail = (
            "operator must be Exists when `key` is empty, which means "
            '"match all values and all keys"'
        )
        yield invalid(f"{path}.operator", operator, detail)
    if operator == "Exists" and toleration.get("value"):
        detail = "value must be empty when `operator` is 'Exists'"
        yield invalid(f"{path}.operator", toleration["value"], detail)
    if effect := toleration.get("effect"):
        if effect not in _EFFECTS:
            yield unsupported(f"{path}.effect", effect, _EFFECTS)
        elif effect != "NoExecute" and toleration.get("tolerationSeconds") is not None:
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield invalid(f"{path}.effect", effect, detail)


def _name_errors(name: str | None, path: str, *, seen: set[str]) -> Iterator[FieldError]:
    if not name:
        yield required(path)
        return
    for problem in dns_label(name):
        yield invalid(path, name, problem)
    if name in seen:
        yield duplicate(path, name)
    seen.add(name)


def _choice(
    holder: JsonObject, key: str, supported: tuple[str, ...], path: str
) -> Iterator[FieldError]:
    value = holder.get(key)
    if value is not None and value not in supported:
        yield unsupported(f"{path}.{key}", value, supported)


def _negative(path: str, value: Any) -> FieldError:
    return invalid(path, value, "must be greater than or equal to 0")
