"""The caches that all controllers share, and who hears of their changes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from netcore.resources import APP_GROUP_LABEL
from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.cache import (
    Change,
    Index,
    ObjectCache,
    by_controller,
    by_lack_of_controller,
    by_namespace,
    by_node,
)
from netcore_cluster.controllers.objects import Key, key_of, labels_of

Listener = Callable[[Change], None]

_NAMESPACE: Final[Mapping[str, Index]] = {"namespace": by_namespace}
_MANAGED: Final[Mapping[str, Index]] = {
    "controller": by_controller,
    "orphan": by_lack_of_controller,
    "namespace": by_namespace,
}


def by_app_group(pod: Object) -> Iterable[str]:
    """Index of the pods of an AppGroup, by `namespace/name`."""
    group = labels_of(pod).get(APP_GROUP_LABEL)
    return (f"{key_of(pod).namespace}/{group}",) if group else ()


INDEXES: Final[Mapping[str, Mapping[str, Index]]] = {
    "pods": {**_MANAGED, "node": by_node, "app-group": by_app_group},
    "replicasets.apps": _MANAGED,
    "deployments.apps": _NAMESPACE,
    "statefulsets.apps": _NAMESPACE,
    "services": _NAMESPACE,
    "endpointslices.discovery.k8s.io": _MANAGED,
    "poddisruptionbudgets.policy": _NAMESPACE,
}


class Hub:
    """Every cache, by resource; each change is told to every listener, in order."""

    def __init__(self, indexes: Mapping[str, Mapping[str, Index]] = INDEXES) -> None:
        """Starts empty; `indexes` says by what the objects of a resource are to be found."""
        self._indexes: Final = indexes
        self._caches: dict[str, ObjectCache] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have every later change told to `listener`."""
        self._listeners.append(listener)

    def cache(self, resource: str) -> ObjectCache:
        """The cache of a resource; empty where nothing fills it yet."""
        found = self._caches.get(resource)
        if found is None:
            found = ObjectCache(resource, self._indexes.get(resource, {}))
            self._caches[resource] = found
        return found

    def seen(self, resource: str, event: str, obj: Object) -> None:
        """Take in an event of the watch."""
        self._tell(self.cache(resource).see(event, obj))

    def listed(self, resource: str, objects: list[Object], revision: int) -> None:
        """Take in the whole list of a resource as of a revision."""
        for change in self.cache(resource).replace(objects, revision):
            self._tell(change)

    def forget(self, resource: str) -> None:
        """A resource is no longer served: its objects are gone."""
        for change in self.cache(resource).clear():
            self._tell(change)

    def written(self, resource: str, obj: Object) -> None:
        """Take in the answer to a create, update or patch."""
        if resource in self._caches:
            self._tell(self._caches[resource].learn(obj))

    def deleted(self, resource: str, key: Key, uid: str) -> None:
        """Take in a deletion that is complete, as the answer to it said."""
        if resource in self._caches:
            self._tell(self._caches[resource].bury(key, uid))

    def _tell(self, change: Change | None) -> None:
        if change is not None:
            for listener in self._listeners:
                listener(change)
