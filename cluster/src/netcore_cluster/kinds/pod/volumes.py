"""What is wrong with the volumes of a pod, and with their mounts."""

from collections.abc import Callable, Collection
from typing import Any

from netcore_cluster.kinds.names import dns_label
from netcore_cluster.kinds.pod.environment import field_errors, resource_field_errors
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

_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_FILE_FIELDS = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")


def volumes_errors(volumes: list[JsonObject], path: str) -> tuple[list[FieldError], set[str]]:
    """Return what is wrong with the volumes of a pod, and the names of the others."""
    errors: list[FieldError] = []
    usable: set[str] = set()
    for index, volume in enumerate(volumes):
        where = f"{path}[{index}]"
        name = volume.get("name", "")
        found = _sources_errors(volume, where)
        if not name:
            found.append(required(f"{where}.name"))
        else:
            found += [invalid(f"{where}.name", name, text) for text in dns_label(name)]
        if name in usable:
            found.append(duplicate(f"{where}.name", name))
        errors += found
        if not found:
            usable.add(name)
    return errors, usable


def _sources_errors(volume: JsonObject, path: str) -> list[FieldError]:
    given = [name for name, source in volume.items() if name != "name" and source is not None]
    if not given:
        return [required(path, "must specify a volume type")]
    # In the order in which the API looks at them, where it knows them.
    given.sort(key=lambda name: _ORDER.get(name, len(_ORDER)))
    check = _SOURCES.get(given[0])
    errors = check(volume[given[0]], f"{path}.{given[0]}") if check else []
    return errors + [
        forbidden(f"{path}.{name}", "may not specify more than 1 volume type") for name in given[1:]
    ]


def _empty_dir_errors(source: JsonObject, path: str) -> list[FieldError]:
    limit = source.get("sizeLimit")
    if limit is not None and quantity_of(limit).nanos < 0:
        text = "SizeLimit field must be a valid resource quantity"
        return [forbidden(f"{path}.sizeLimit", text)]
    return []


def _host_path_errors(source: JsonObject, path: str) -> list[FieldError]:
    where = source.get("path", "")
    if not where:
        return [required(f"{path}.path")]
    errors = []
    if ".." in where.split("/"):
        errors.append(invalid(f"{path}.path", where, "must not contain '..'"))
    kind = source.get("type", "")
    if kind not in _HOST_PATH_TYPES:
        errors.append(unsupported(f"{path}.type", kind, _HOST_PATH_TYPES))
    return errors


def _named_errors(key: str) -> Callable[[JsonObject, str], list[FieldError]]:
    def check(source: JsonObject, path: str) -> list[FieldError]:
        errors = [] if source.get(key) else [required(f"{path}.{key}")]
        return errors + _mode_errors(source, "defaultMode", path) + _items_errors(source, path)

    return check


def _items_errors(source: JsonObject, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, item in enumerate(source.get("items") or ()):
        where = f"{path}.items[{index}]"
        if not item.get("key"):
            errors.append(required(f"{where}.key"))
        if not item.get("path"):
            errors.append(required(f"{where}.path"))
        else:
            errors += _inside_errors(item["path"], f"{where}.path")
        errors += _mode_errors(item, "mode", where)
    return errors


def _mode_errors(holder: JsonObject, key: str, path: str) -> list[FieldError]:
    mode = holder.get(key, 0)
    return [] if 0 <= mode <= 0o777 else [invalid(f"{path}.{key}", mode, _MODE)]


def _downward_errors(source: JsonObject, path: str) -> list[FieldError]:
    errors = _mode_errors(source, "defaultMode", path)
    for item in source.get("items") or ():
        if not item.get("path"):
            errors.append(required(f"{path}.path"))
        else:
            errors += _inside_errors(item["path"], f"{path}.path")
        if item.get("fieldRef") is not None:
            errors += field_errors(item["fieldRef"], f"{path}.fieldRef", _FILE_FIELDS)
            if item.get("resourceFieldRef") is not None:
                text = "fieldRef and resourceFieldRef can not be specified simultaneously"
                errors.append(invalid(path, "resource", text))
        elif item.get("resourceFieldRef") is not None:
            if not item["resourceFieldRef"].get("containerName"):
                errors.append(required(f"{path}.resourceFieldRef.containerName"))
            else:
                where = f"{path}.resourceFieldRef"
                errors += resource_field_errors(item["resourceFieldRef"], where)
        else:
            errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
        errors += _mode_errors(item, "mode", path)
    return errors


def _claim_errors(source: JsonObject, path: str) -> list[FieldError]:
    return [] if source.get("claimName") else [required(f"{path}.claimName")]


def _projected_errors(source: JsonObject, path: str) -> list[FieldError]:
    errors = _mode_errors(source, "defaultMode", path)
    for index, projection in enumerate(source.get("sources") or ()):
        where = f"{path}.sources[{index}]"
        given = [name for name, part in projection.items() if part is not None]
        if not given:
            text = "must specify exactly one of the volume projection types"
            errors.append(required(where, text))
        for name in given:
            check = _PROJECTIONS.get(name)
            if check:
                errors += check(projection[name], f"{where}.{name}")
    return errors


def _token_errors(source: JsonObject, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    expiration = source.get("expirationSeconds", 3600)
    if expiration < 600:
        text = "may not specify a duration less than 10 minutes"
        errors.append(invalid(f"{path}.expirationSeconds", expiration, text))
    if not source.get("path"):
        return [*errors, required(f"{path}.path")]
    return errors + _inside_errors(source["path"], f"{path}.path")


def _inside_errors(path: str, where: str) -> list[FieldError]:
    """A path must lead downwards."""
    if path.startswith("/"):
        return [invalid(where, path, "must be a relative path")]
    if ".." in path.split("/"):
        return [invalid(where, path, "must not contain '..'")]
    if path.startswith(".."):
        return [invalid(where, path, "must not start with '..'")]
    return []


_SOURCES: dict[str, Callable[[JsonObject, str], list[FieldError]]] = {
    "emptyDir": _empty_dir_errors,
    "hostPath": _host_path_errors,
    "secret": _named_errors("secretName"),
    "configMap": _named_errors("name"),
    "downwardAPI": _downward_errors,
    "persistentVolumeClaim": _claim_errors,
    "projected": _projected_errors,
}
_ORDER = {name: place for place, name in enumerate(_SOURCES)}
_PROJECTIONS: dict[str, Callable[[JsonObject, str], list[FieldError]]] = {
    "secret": _named_errors("name"),
    "configMap": _named_errors("name"),
    "downwardAPI": _downward_errors,
    "serviceAccountToken": _token_errors,
}


def mounts_errors(container: JsonObject, path: str, volumes: Collection[str]) -> list[FieldError]:
    """Return what is wrong with the volume mounts of a container."""
    errors: list[FieldError] = []
    places: set[str] = set()
    listed = f"{path}.volumeMounts"
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where = f"{listed}[{index}]"
        name, place = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            errors.append(required(f"{where}.name"))
        if name not in volumes:
            errors.append(not_found(f"{where}.name", name))
        if not place:
            errors.append(required(f"{where}.mountPath"))
        if place in places:
            errors.append(invalid(f"{where}.mountPath", place, "must be unique"))
        places.add(place)
        if mount.get("subPath"):
            errors += _inside_errors(mount["subPath"], f"{listed}.subPath")
        if mount.get("subPathExpr"):
            if mount.get("subPath"):
                text = "subPathExpr and subPath are mutually exclusive"
                errors.append(invalid(f"{where}.subPathExpr", mount["subPathExpr"], text))
            errors += _inside_errors(mount["subPathExpr"], f"{listed}.subPathExpr")
        propagation = mount.get("mountPropagation")
        if propagation is not None and propagation not in _PROPAGATIONS:
            errors.append(unsupported(f"{listed}.mountPropagation", propagation, _PROPAGATIONS))
    return errors
