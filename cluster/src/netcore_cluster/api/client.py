"""The in-process client: what HTTP clients can do, without HTTP.

Controllers and node agents that live beside the API server talk through it. It goes through the
same registry, so admission, validation, conflicts and watches are those of HTTP.

Objects that it hands out are shared with the server's cache and with everyone else: they are
never changed. Copy what you want to change (`copy.deepcopy`, or a new dict down to the field).

A resource is named as kubectl names it: ``pods``, ``deployments.apps``,
``appgroups.appgroup.diktyo.x-k8s.io``.
"""

from collections.abc import AsyncIterator
from typing import Any, Literal

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.deletion import delete_options
from netcore_cluster.api.errors import Object
from netcore_cluster.api.options import ListOptions, WriteOptions
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.selectors import selection
from netcore_cluster.api.writing import Body
from netcore_cluster.storage.entry import EventType
from netcore_cluster.storage.history import HistoryLostError
from netcore_cluster.storage.watch import WatcherLaggedError

PatchKind = Literal["json", "merge", "strategic", "apply"]

_PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Client:
    """Reads and writes objects of one server, under one field manager.

    Every method raises `netcore_cluster.api.errors.ApiError`, which carries the Status that HTTP
    would have answered with.
    """

    def __init__(self, registry: Registry, *, manager: str = "netcore") -> None:
        """Binds the client to a registry; `manager` is written into managedFields."""
        self._registry = registry
        self._options = WriteOptions(manager=manager, field_validation="Ignore", forces=True)

    async def get(self, resource: str, name: str, namespace: str = "") -> Object:
        """Returns one object as last committed."""
        found = self._registry.catalog.named(resource)
        return found.served(await self._registry.reading.get(found, namespace, name))

    async def list(
        self, resource: str, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> tuple[list[Object], int]:
        """Returns the objects in key order, and the revision to watch from.

        Args:
            resource: Which kind of object.
            namespace: Empty for all namespaces.
            labels: Label selector, such as ``app=web,tier in (a, b)``.
            fields: Field selector, such as ``spec.nodeName=n1``.
        """
        found = self._registry.catalog.named(resource)
        options = ListOptions(labels=labels, fields=fields)
        page = await self._registry.reading.list(found, namespace, options)
        return list(map(found.served, page.entries)), page.revision

    async def create(self, resource: str, obj: Object, namespace: str = "") -> Object:
        """Creates an object and returns it as stored, once that is durable."""
        found = self._registry.catalog.named(resource)
        body = Body(orjson.dumps(_typed(found, obj)))
        return found.served(
            (await self._registry.writing.create(found, namespace, body, self._options)).entry
        )

    async def update(self, resource: str, obj: Object, subresource: str = "") -> Object:
        """Replaces an object, or its status; a resourceVersion in it must be the latest."""
        found = self._registry.catalog.named(resource)
        _check_subresource(found, subresource)
        meta = obj["metadata"]
        written = await self._registry.writing.update(
            found,
            meta.get("namespace", ""),
            meta["name"],
            Body(orjson.dumps(_typed(found, obj))),
            self._options,
            subresource,
        )
        return found.served(written.entry)

    async def patch(
        self,
        resource: str,
        name: str,
        patch: Any,
        *,
        namespace: str = "",
        subresource: str = "",
        kind: PatchKind = "merge",
    ) -> Object:
        """Changes part of an object; `patch` is a dict, or a list of operations for ``json``."""
        found = self._registry.catalog.named(resource)
        _check_subresource(found, subresource)
        body = Body(orjson.dumps(patch), _PATCH_TYPES[kind])
        written = await self._registry.writing.patch(
            found, namespace, name, body, self._options, subresource
        )
        return found.served(written.entry)

    async def delete(
        self, resource: str, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        """Deletes an object as `options` (a DeleteOptions) says; returns its last state.

        An object that waits for its finalizers or its grace period carries a deletionTimestamp.
        """
        found = self._registry.catalog.named(resource)
        written = await self._registry.writing.delete(
            found, namespace, name, delete_options(options, {})
        )
        return found.served(written.entry)

    async def watch(
        self,
        resource: str,
        since: int,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
    ) -> AsyncIterator[tuple[str, Object]]:
        """Yields (``ADDED`` | ``MODIFIED`` | ``DELETED``, object) of every change after `since`.

        Raises:
            ApiError: 410 Expired, where `since` is too old or the reader fell too far behind:
                list again and watch from the revision of that list. 404, where the resource is
                no longer served.
        """
        found = self._registry.catalog.named(resource)
        match = selection(found, labels, fields)
        try:
            with self._registry.store.watching(found.storage, since, namespace, match) as watcher:
                while True:
                    for seen, event in await watcher.take():
                        is_gone = seen is EventType.DELETED
                        entry = event.tombstone if is_gone else event.entry
                        yield seen.value, found.served(entry)
        except HistoryLostError as error:
            raise errors.too_old_resource_version(since, error.oldest) from error
        except WatcherLaggedError as error:
            raise errors.expired("the reader of the watch fell too far behind") from error


def _typed(resource: Resource, obj: Object) -> Object:
    """Returns an object that says its kind; in process, the resource's name says it already."""
    kind = resource.kind
    return {"kind": kind.kind, "apiVersion": kind.api_version} | obj


def _check_subresource(resource: Resource, subresource: str) -> None:
    if subresource and subresource not in resource.kind.subresources:
        raise errors.no_such_path()
