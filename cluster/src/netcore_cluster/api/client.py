"""The in-process client: what HTTP clients can do, without HTTP.

Controllers and node agents that live beside the API server talk through it. It goes through the
same registry, so admission, validation, conflicts and watches are those of HTTP.

Objects that it hands out are shared with the server's cache and with everyone else: they are
never changed. Copy what you want to change (`copy.deepcopy`, or a new dict down to the field).

A resource is named as kubectl names it: ``pods``, ``deployments.apps``,
``appgroups.appgroup.diktyo.x-k8s.io``.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

from netcore_cluster.api.errors import Object

if TYPE_CHECKING:
    from netcore_cluster.api.registry import Registry

PatchKind = Literal["json", "merge", "strategic", "apply"]


class Client:
    """Reads and writes objects of one server, under one field manager.

    Every method raises `netcore_cluster.api.errors.ApiError`, which carries the Status that HTTP
    would have answered with.
    """

    def __init__(self, registry: 'Registry', *, manager: str = "netcore") -> None:
        """Binds the client to a registry; `manager` is written into managedFields."""
        self._registry = registry
        self._manager = manager

    async def get(self, resource: str, name: str, namespace: str = "") -> Object:
        """Returns one object as last committed."""
        return await self._registry.read(resource, name, namespace)

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

    async def create(self, resource: str, obj: Object, namespace: str = "") -> Object:
        """Creates an object and returns it as stored, once that is durable."""

    async def update(self, resource: str, obj: Object, subresource: str = "") -> Object:
        """Replaces an object, or its status; a resourceVersion in it must be the latest."""

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

    async def delete(
        self, resource: str, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        """Deletes an object as `options` (a DeleteOptions) says; returns it, or a Status."""

    def watch(
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
                list again and watch from the revision of that list.
        """
