"""Scale: the number of replicas of anything, as autoscaling/v1 shows and sets it. Pure.

Source: kubernetes ``pkg/registry/apps/deployment/storage/storage.go`` (ScaleREST); for custom
resources apiextensions-apiserver ``pkg/registry/customresource/etcd.go``.
"""

from typing import Any

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.kinds import Kind
from netcore_cluster.schema import errors as field_errors

_META_FIELDS = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(kind: Kind, obj: Object) -> Object:
    """Returns the Scale of an object."""
    paths = kind.scale_paths
    assert paths is not None
    replicas = _at(obj, paths.spec)
    meta = {name: obj["metadata"][name] for name in _META_FIELDS if name in obj["metadata"]}
    status: Object = {"replicas": _at(obj, paths.status) or 0}
    selector = _selector_text(_at(obj, paths.selector)) if paths.selector else ""
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": meta,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def scaled(kind: Kind, obj: Object, scale: Object) -> Object:
    """Returns the object with the replicas of a Scale.

    Args:
        kind: the object's kind.
        obj: the object; not changed.
        scale: the wanted Scale.

    Raises:
        ApiError: 409, the object has changed since; 422, the number makes no sense.
    """
    paths = kind.scale_paths
    assert paths is not None
    meta = scale.get("metadata") or {}
    name = obj["metadata"]["name"]
    if meta.get("name") and meta["name"] != name:
        raise errors.bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
        )
    revision = meta.get("resourceVersion")
    if revision and revision != obj["metadata"]["resourceVersion"]:
        raise errors.modified(kind.plural, kind.group, name)
    if meta.get("uid") and meta["uid"] != obj["metadata"]["uid"]:
        raise errors.modified(kind.plural, kind.group, name)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise errors.bad_request("Scale: spec.replicas is no integer")
    if replicas < 0:
        problem = "must be greater than or equal to 0"
        raise errors.invalid(
            "Scale", "autoscaling", name, [field_errors.invalid("spec.replicas", replicas, problem)]
        )
    return _with(obj, _steps(paths.spec), replicas)


def _steps(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _at(obj: Object, path: str) -> Any:
    found: Any = obj
    for step in _steps(path):
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def _with(obj: Object, steps: list[str], value: Any) -> Object:
    first, *rest = steps
    return obj | {first: _with(obj.get(first) or {}, rest, value) if rest else value}


def _selector_text(selector: Any) -> str:
    """Returns a label selector as text; a custom resource has it as text already.

    Source: apimachinery ``pkg/apis/meta/v1/helpers.go`` (FormatLabelSelector).
    """
    if isinstance(selector, str):
        return selector
    if not isinstance(selector, dict):
        return ""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for requirement in selector.get("matchExpressions") or ():
        key, operator = requirement["key"], requirement["operator"]
        values = ",".join(sorted(requirement.get("values") or ()))
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[operator]
        )
    return ",".join(sorted(parts))
