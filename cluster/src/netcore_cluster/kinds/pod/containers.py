"""What is wrong with the containers of a pod."""

from collections.abc import Collection
from typing import Any, NamedTuple

from netcore_cluster.kinds.names import dns_label, port_name
from netcore_cluster.kinds.pod.environment import environment_errors
from netcore_cluster.kinds.pod.probes import PROBES, probes_errors
from netcore_cluster.kinds.pod.resources import resources_errors
from netcore_cluster.kinds.pod.security import container_security_errors
from netcore_cluster.kinds.pod.volumes import mounts_errors
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)

JsonObject = dict[str, Any]

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PORT_RANGE = "must be between 1 and 65535, inclusive"
_SIDECARS_ONLY = "may not be set for init containers without restartPolicy=Always"


class Surroundings(NamedTuple):
    """What containers may refer to in their pod."""

    volumes: Collection[str]
    claims: Collection[str]


def containers_errors(spec: JsonObject, path: str, around: Surroundings) -> list[FieldError]:
    """Return what is wrong with all containers of a spec.

    Args:
        spec: of a pod or of a template.
        path: where it stands.
        around: what its containers may refer to.
    """
    containers = spec.get("containers") or []
    errors: list[FieldError] = []
    if not containers:
        errors.append(required(f"{path}.containers"))
    names: set[str] = set()
    host_ports: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}.containers[{index}]"
        errors += _container_errors(container, where, around)
        errors += _unique_errors(container, where, names)
        errors += probes_errors(container, where)
        errors += _host_port_errors(container, where, host_ports)
    for index, container in enumerate(spec.get("initContainers") or ()):
        where = f"{path}.initContainers[{index}]"
        errors += _container_errors(container, where, around)
        errors += _restart_errors(container, where)
        errors += _unique_errors(container, where, names)
        if container.get("restartPolicy") == "Always":
            errors += probes_errors(container, where)
        else:
            errors += [
                forbidden(f"{where}.{key}", _SIDECARS_ONLY)
                for key in ("lifecycle", *PROBES)
                if container.get(key) is not None
            ]
    if spec.get("hostNetwork"):
        errors += _host_network_errors(containers, f"{path}.containers")
    return errors


def _container_errors(container: JsonObject, path: str, around: Surroundings) -> list[FieldError]:
    errors: list[FieldError] = []
    name = container.get("name", "")
    if not name:
        errors.append(required(f"{path}.name"))
    else:
        errors += [invalid(f"{path}.name", name, text) for text in dns_label(name)]
    image = container.get("image", "")
    if not image:
        errors.append(required(f"{path}.image"))
    elif image != image.strip():
        text = "must not have leading or trailing whitespace"
        errors.append(invalid(f"{path}.image", image, text))
    for key, known in (
        ("terminationMessagePolicy", _MESSAGE_POLICIES),
        ("imagePullPolicy", _PULL_POLICIES),
    ):
        policy = container.get(key)
        if policy is not None and policy not in known:
            errors.append(unsupported(f"{path}.{key}", policy, known))
    if "ports" in container:
        errors += _ports_errors(container["ports"], f"{path}.ports")
    if "env" in container or "envFrom" in container:
        errors += environment_errors(container, path)
    if "volumeMounts" in container:
        errors += mounts_errors(container, path, around.volumes)
    if container.get("resources"):
        errors += resources_errors(container["resources"], f"{path}.resources", around.claims)
    if container.get("securityContext"):
        where = f"{path}.securityContext"
        errors += container_security_errors(container["securityContext"], where)
    return errors


def _unique_errors(container: JsonObject, path: str, names: set[str]) -> list[FieldError]:
    name = container.get("name", "")
    if name and name in names:
        return [duplicate(f"{path}.name", name)]
    names.add(name)
    return []


def _restart_errors(container: JsonObject, path: str) -> list[FieldError]:
    policy = container.get("restartPolicy")
    if policy is None or policy in {"Always", "OnFailure", "Never"}:
        return []
    return [unsupported(f"{path}.restartPolicy", policy, ("Always", "Never", "OnFailure"))]


def _ports_errors(ports: list[JsonObject], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        where = f"{path}[{index}]"
        name = port.get("name", "")
        if name:
            wrong = port_name(name)
            errors += [invalid(f"{where}.name", name, text) for text in wrong]
            if not wrong and name in names:
                errors.append(duplicate(f"{where}.name", name))
            names.add(name)
        number, host = port.get("containerPort", 0), port.get("hostPort", 0)
        if not number:
            errors.append(required(f"{where}.containerPort"))
        elif not 1 <= number <= 65535:
            errors.append(invalid(f"{where}.containerPort", number, _PORT_RANGE))
        if host and not 1 <= host <= 65535:
            errors.append(invalid(f"{where}.hostPort", host, _PORT_RANGE))
        if port.get("protocol") not in _PROTOCOLS:
            value = port.get("protocol", "")
            errors.append(unsupported(f"{where}.protocol", value, _PROTOCOLS))
    return errors


def _host_port_errors(container: JsonObject, path: str, taken: set[str]) -> list[FieldError]:
    errors = []
    for index, port in enumerate(container.get("ports") or ()):
        if not port.get("hostPort"):
            continue
        name = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
        if name in taken:
            errors.append(duplicate(f"{path}.ports[{index}].hostPort", name))
        taken.add(name)
    return errors


def _host_network_errors(containers: list[JsonObject], path: str) -> list[FieldError]:
    """On the node's own network, a container's port is the node's."""
    return [
        invalid(
            f"{path}[{index}].ports[{place}].hostPort",
            port.get("hostPort", 0),
            "must match `containerPort` when `hostNetwork` is true",
        )
        for index, container in enumerate(containers)
        for place, port in enumerate(container.get("ports") or ())
        if port.get("hostPort") and port["hostPort"] != port.get("containerPort")
    ]
