"""What controllers read of any object: who it is, who owns it, what its conditions say.

Objects are the JSON of the API as plain dicts. Those in a cache are shared by every controller, so
they are never changed in place: whoever wants another version copies what differs.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from netcore_cluster.api.errors import Object
from netcore_cluster.schema.times import format_micro_time, parse_time


class Key(NamedTuple):
    """Where an object stands inside its resource; the namespace is empty for a cluster's own."""

    namespace: str
    name: str


class Reference(NamedTuple):
    """An object of any kind, in the version that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    version: str


def key_of(obj: Object) -> Key:
    """Namespace and name of an object; no name where one is to be generated."""
    metadata = obj["metadata"]
    return Key(metadata.get("namespace", ""), metadata.get("name", ""))


def uid_of(obj: Object) -> str:
    """The uid, which no other object ever had or will have."""
    uid: str = obj["metadata"]["uid"]
    return uid


def version_of(obj: Object) -> int:
    """The revision at which this version was written; comparable across resources here."""
    return int(obj["metadata"]["resourceVersion"])


def labels_of(obj: Object) -> Mapping[str, str]:
    """Its labels, maybe none."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> Mapping[str, str]:
    """Its annotations, maybe none."""
    return obj["metadata"].get("annotations") or {}


def owners_of(obj: Object) -> Sequence[Object]:
    """Its owner references, maybe none."""
    return obj["metadata"].get("ownerReferences") or ()


def controller_of(obj: Object) -> Object | None:
    """The one owner reference whose object manages this one."""
    for owner in owners_of(obj):
        if owner.get("controller"):
            return owner
    return None


def is_controlled_by(obj: Object, owner_uid: str) -> bool:
    """Whether the object with that uid manages this one."""
    controller = controller_of(obj)
    return controller is not None and controller["uid"] == owner_uid


def is_deleting(obj: Object) -> bool:
    """Whether its deletion has begun."""
    return "deletionTimestamp" in obj["metadata"]


def controller_reference(owner: Object, *, api_version: str, kind: str) -> Object:
    """The owner reference by which `owner` manages what it creates or adopts."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def creation_order(obj: Object) -> tuple[str, str]:
    """Sorts objects oldest first, by name where two were created in the same second."""
    return obj["metadata"].get("creationTimestamp", ""), obj["metadata"]["name"]


def condition_of(obj: Object, kind: str) -> Object | None:
    """The condition of that type in `status.conditions`."""
    return find_condition(obj.get("status", {}).get("conditions"), kind)


def find_condition(conditions: Iterable[Object] | None, kind: str) -> Object | None:
    """The condition of that type."""
    for condition in conditions or ():
        if condition["type"] == kind:
            return condition
    return None


def micro_timestamp(now: float) -> str:
    """A time in Unix seconds with microseconds, as leases write it."""
    return format_micro_time(datetime.fromtimestamp(now, UTC))


def seconds(text: str) -> float:
    """Unix seconds of an RFC 3339 time."""
    return parse_time(text).timestamp()


def reference_to(obj: Object, *, api_version: str, kind: str) -> Reference:
    """A reference to an object; its kind is told, since items of a list lack it."""
    key = key_of(obj)
    version = obj["metadata"]["resourceVersion"]
    return Reference(api_version, kind, key.namespace, key.name, uid_of(obj), version)
