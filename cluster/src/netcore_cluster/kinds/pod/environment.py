"""What is wrong with the environment variables of a container."""

import re
from typing import Any

from netcore_cluster.kinds.names import config_key, dns_subdomain, env_name, qualified_name
from netcore_cluster.schema.errors import FieldError, invalid, required, unsupported

JsonObject = dict[str, Any]

_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_SUBSCRIPT = re.compile(r"(metadata\.(?:labels|annotations))\['(.*)'\]")


def environment_errors(container: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with `env` and `envFrom` of a container."""
    errors: list[FieldError] = []
    for index, variable in enumerate(container.get("env") or ()):
        where = f"{path}.env[{index}]"
        name = variable.get("name", "")
        if not name:
            errors.append(required(f"{where}.name"))
        else:
            errors += [invalid(f"{where}.name", name, text) for text in env_name(name)]
        source = variable.get("valueFrom")
        if source is not None:
            errors += _source_errors(source, f"{where}.valueFrom", has_value="value" in variable)
    for index, source in enumerate(container.get("envFrom") or ()):
        errors += _whole_errors(source, f"{path}.envFrom", f"{path}.envFrom[{index}]")
    return errors


def _source_errors(source: JsonObject, path: str, *, has_value: bool) -> list[FieldError]:
    given = [name for name in _SOURCES if source.get(name) is not None]
    errors: list[FieldError] = []
    for name in given:
        where = f"{path}.{name}"
        if name == "fieldRef":
            errors += field_errors(source[name], where, _FIELDS)
        elif name == "resourceFieldRef":
            errors += resource_field_errors(source[name], where)
        elif name != "fileKeyRef":
            errors += _key_errors(source[name], where)
    if not given:
        listed = ", ".join(f"`{name}`" for name in _SOURCES[:-1])
        text = f"must specify one of: {listed} or `{_SOURCES[-1]}`"
    elif has_value:
        text = "may not be specified when `value` is not empty"
    elif len(given) > 1:
        text = "may not have more than one field specified at a time"
    else:
        return errors
    return [*errors, invalid(path, "", text)]


def field_errors(reference: JsonObject, path: str, known: tuple[str, ...]) -> list[FieldError]:
    """Return what is wrong with a reference to a field of the pod itself."""
    field = reference.get("fieldPath", "")
    where = f"{path}.fieldPath"
    if not field:
        return [required(where)]
    if subscript := _SUBSCRIPT.fullmatch(field):
        key = subscript[2].lower() if subscript[1].endswith("annotations") else subscript[2]
        return [invalid(path, key, text) for text in qualified_name(key)]
    if field in known:
        return []
    if field in {*_FIELDS, "metadata.labels", "metadata.annotations"}:
        return [unsupported(where, field, known)]
    text = f"error converting fieldPath: field label not supported: {field}"
    return [invalid(where, field, text)]


def resource_field_errors(reference: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with a reference to a resource of a container."""
    resource = reference.get("resource", "")
    if not resource:
        return [required(f"{path}.resource")]
    if resource in _RESOURCES or resource.startswith(("limits.hugepages-", "requests.hugepages-")):
        return []
    return [unsupported(f"{path}.resource", resource, _RESOURCES)]


def _key_errors(reference: JsonObject, path: str) -> list[FieldError]:
    name, key = reference.get("name", ""), reference.get("key", "")
    errors = [invalid(f"{path}.name", name, text) for text in dns_subdomain(name)]
    if not key:
        return [*errors, required(f"{path}.key")]
    return errors + [invalid(f"{path}.key", key, text) for text in config_key(key)]


def _reference_errors(reference: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with a reference to a ConfigMap or Secret by name."""
    name = reference.get("name", "")
    if not name:
        return [required(f"{path}.name")]
    return [invalid(f"{path}.name", name, text) for text in dns_subdomain(name)]


def _whole_errors(source: JsonObject, listed: str, path: str) -> list[FieldError]:
    """A whole ConfigMap or Secret as variables."""
    prefix = source.get("prefix", "")
    errors = [invalid(f"{path}.prefix", prefix, text) for text in env_name(prefix) if prefix]
    given = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
    for name in given:
        errors += _reference_errors(source[name], f"{path}.{name}")
    if not given:
        errors.append(invalid(listed, "", "must specify one of: `configMapRef` or `secretRef`"))
    elif len(given) > 1:
        text = "may not have more than one field specified at a time"
        errors.append(invalid(listed, "", text))
    return errors
