"""The rules of `metadata` that every kind shares. Pure.

Source: kubernetes apiserver ``pkg/registry/rest/{create,update,delete}.go``.
"""

import random
from datetime import UTC, datetime
from functools import lru_cache

from netcore_cluster.api.errors import Object, bad_request, conflict, failure
from netcore_cluster.api.resource import Resource
from netcore_cluster.schema import errors as field_errors
from netcore_cluster.schema.errors import FieldError

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels, no digits that look like letters: a random suffix is never a word."""

MAX_GENERATED_BASE = 58

_KEPT_ON_UPDATE = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


def timestamp(now_s: float) -> str:
    """Returns a time as the API writes it; `now_s` is in seconds since the epoch."""
    return _second(int(now_s))


@lru_cache(maxsize=64)
def _second(now_s: int) -> str:
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def place(metadata: Object, resource: Resource, namespace: str, name: str = "") -> None:
    """Puts an object where the request's path says.

    Raises:
        ApiError: 400, the object says that it belongs elsewhere.
    """
    if resource.kind.namespaced:
        stated = metadata.get("namespace")
        if stated and stated != namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    if name:
        stated = metadata.get("name")
        if stated and stated != name:
            raise bad_request(
                f"the name of the object ({stated}) does not match the name on the URL ({name})"
            )
        metadata["name"] = name


def new_uid(source: random.Random) -> str:
    """Returns a random UUID (RFC 9562, version 4) as text."""
    digits = f"{source.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def generated_name(base: str, source: random.Random) -> str:
    """Returns a name that begins like `base` and ends in five random characters."""
    return base[:MAX_GENERATED_BASE] + "".join(source.choices(SUFFIX_ALPHABET, k=5))


def begin(metadata: Object, *, now_s: float, source: random.Random) -> list[FieldError]:
    """Gives a new object its identity; returns what is wrong with its name.

    Args:
        metadata: of the new object; changed in place.
        now_s: time of creation, in seconds since the epoch.
        source: of what has to be unlike anything else.

    Raises:
        ApiError: 500, the object carries a resourceVersion.
    """
    if metadata.get("resourceVersion"):
        raise failure(500, "", "resourceVersion should not be set on objects to be created")
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"):
        metadata.pop(name, None)
    if not metadata.get("name"):
        base = metadata.get("generateName", "")
        if not base:
            detail = "name or generateName is required"
            return [field_errors.required("metadata.name", detail)]
        metadata["name"] = generated_name(base, source)
    metadata["uid"] = new_uid(source)
    metadata["creationTimestamp"] = timestamp(now_s)
    return []


def carry(new: Object, old: Object) -> None:
    """Keeps in the metadata of an update what only the server changes."""
    for name in _KEPT_ON_UPDATE:
        if name in old:
            new[name] = old[name]
        else:
            new.pop(name, None)
    if "generation" in old:
        new["generation"] = old["generation"]
    else:
        new.pop("generation", None)


def check_preconditions(
    resource: Resource, old: Object, *, uid: str | None, revision: str | None
) -> None:
    """Checks what a delete request says about the object's present state.

    Raises:
        ApiError: 409, the object is another one, or has changed.
    """
    kind = resource.kind
    metadata = old["metadata"]
    name = metadata["name"]
    if uid and uid != metadata["uid"]:
        problem = (
            f"the UID in the precondition ({uid}) does not match the UID in record "
            f"({metadata['uid']}). The object might have been deleted and then recreated"
        )
        raise conflict(kind.kind, kind.group, name, problem)
    if revision and revision != metadata["resourceVersion"]:
        problem = (
            f"the ResourceVersion in the precondition ({revision}) does not match the "
            f"ResourceVersion in record ({metadata['resourceVersion']}). "
            "The object might have been modified"
        )
        raise conflict(kind.kind, kind.group, name, problem)


def new_finalizer_errors(new: Object, old: Object) -> list[FieldError]:
    """Returns the error of a finalizer added to the metadata of an object that is being deleted."""
    if "deletionTimestamp" not in old:
        return []
    added = set(new.get("finalizers") or ()) - set(old.get("finalizers") or ())
    if not added:
        return []
    listed = ", ".join(f'"{name}"' for name in sorted(added))
    detail = (
        "no new finalizers can be added if the object is being deleted, found new finalizers "
        f"[]string{{{listed}}}"
    )
    return [field_errors.forbidden("metadata.finalizers", detail)]


def is_released(obj: Object) -> bool:
    """Tells whether an object that is being deleted has nothing left to wait for."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if obj["kind"] == "Namespace" and obj.get("spec", {}).get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds")
