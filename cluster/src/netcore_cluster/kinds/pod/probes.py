"""What is wrong with the probes and lifecycle hooks of a container."""

import re
from collections.abc import Callable
from typing import Any

from netcore_cluster.kinds.names import pattern_text, port_name
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required, unsupported

JsonObject = dict[str, Any]

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HEADER = "[-A-Za-z0-9]+"
_AMOUNTS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)


def port_errors(port: Any, path: str) -> list[FieldError]:
    """Return what is wrong with a port number or name."""
    if isinstance(port, str):
        return [invalid(path, port, text) for text in port_name(port)]
    if not 1 <= (port or 0) <= 65535:
        return [invalid(path, port or 0, "must be between 1 and 65535, inclusive")]
    return []


def probes_errors(container: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with the probes and hooks of a container."""
    errors: list[FieldError] = []
    for name in PROBES:
        probe = container.get(name)
        if probe is not None:
            errors += _probe_errors(name, probe, f"{path}.{name}")
    lifecycle = container.get("lifecycle") or {}
    for name in ("postStart", "preStop"):
        if name in lifecycle:
            errors += _handler_errors(lifecycle[name], f"{path}.lifecycle.{name}")
    return errors


def _probe_errors(name: str, probe: JsonObject, path: str) -> list[FieldError]:
    errors = _handler_errors(probe, path)
    errors += [
        invalid(f"{path}.{key}", probe[key], "must be greater than or equal to 0")
        for key in _AMOUNTS
        if probe.get(key, 0) < 0
    ]
    grace = probe.get("terminationGracePeriodSeconds")
    where = f"{path}.terminationGracePeriodSeconds"
    if grace is not None and grace <= 0:
        errors.append(invalid(where, grace, "must be greater than 0"))
    if name == "readinessProbe":
        if grace is not None:
            errors.append(invalid(where, grace, "must not be set for readinessProbes"))
    elif probe.get("successThreshold", 1) != 1:
        errors.append(invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1"))
    return errors


def _handler_errors(handler: JsonObject, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    given = [name for name in _HANDLERS if handler.get(name) is not None]
    if not given:
        return [required(path, "must specify a handler type")]
    errors += _HANDLERS[given[0]](handler[given[0]], f"{path}.{given[0]}")
    errors += [
        forbidden(f"{path}.{name}", "may not specify more than 1 handler type")
        for name in given[1:]
    ]
    return errors


def _exec_errors(action: JsonObject, path: str) -> list[FieldError]:
    return [] if action.get("command") else [required(f"{path}.command")]


def _http_errors(action: JsonObject, path: str) -> list[FieldError]:
    errors = [] if action.get("path") else [required(f"{path}.path")]
    errors += port_errors(action.get("port"), f"{path}.port")
    scheme = action.get("scheme", "")
    if scheme not in {"HTTP", "HTTPS"}:
        errors.append(unsupported(f"{path}.scheme", scheme, ("HTTP", "HTTPS")))
    for header in action.get("httpHeaders") or ():
        if not re.fullmatch(_HEADER, header.get("name", "")):
            rule = "a valid HTTP header must consist of alphanumeric characters or '-'"
            text = pattern_text(rule, _HEADER, "X-Header-Name")
            errors.append(invalid(f"{path}.httpHeaders", header.get("name", ""), text))
    return errors


def _socket_errors(action: JsonObject, path: str) -> list[FieldError]:
    return port_errors(action.get("port"), f"{path}.port")


def _nothing_wrong(_action: JsonObject, _path: str) -> list[FieldError]:
    return []


_HANDLERS: dict[str, Callable[[JsonObject, str], list[FieldError]]] = {
    "exec": _exec_errors,
    "httpGet": _http_errors,
    "tcpSocket": _socket_errors,
    "grpc": _socket_errors,
    "sleep": _nothing_wrong,
}
