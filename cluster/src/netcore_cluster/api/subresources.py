"""The subresources that are no mere part of their object: binding, eviction and scale."""

import time

import orjson

from netcore_cluster.api import binding as bindings
from netcore_cluster.api import errors, eviction
from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.deletion import DeleteOptions, delete_options
from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import place, timestamp
from netcore_cluster.api.options import WriteOptions
from netcore_cluster.api.ownership import patched
from netcore_cluster.api.reading import Reading
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.scale import scale_of, scaled
from netcore_cluster.api.writing import Body, Writing
from netcore_cluster.schema.builtin import builtin_schema
from netcore_cluster.storage.store import Store

_BUDGETS = "poddisruptionbudgets.policy"


class Subresources:
    """Operations on part of an object that have a shape or an effect of their own."""

    def __init__(self, store: Store, catalog: Catalog, reading: Reading, writing: Writing) -> None:
        """Works through the verbs of whole objects."""
        self._store = store
        self._catalog = catalog
        self._reading = reading
        self._writing = writing

    async def bind(
        self, namespace: str, name: str, binding: Object, *, is_dry_run: bool = False
    ) -> None:
        """Places a pod on a node.

        Raises:
            ApiError: 409, it is placed already or going away.
        """
        bindings.check_binding(binding, name)
        now = timestamp(time.time())
        await self._writing.change(
            self._catalog.named("pods"),
            namespace,
            name,
            lambda pod: bindings.bound(pod, binding, now),
            is_dry_run=is_dry_run,
        )

    async def evict(self, namespace: str, name: str, request: Object) -> None:
        """Deletes a pod if its disruption budget allows that.

        Raises:
            ApiError: 429, it does not allow that now.
        """
        stated = (request.get("metadata") or {}).get("name")
        if stated and stated != name:
            raise errors.bad_request(
                "name in URL does not match name in Eviction object: " + stated
            )
        options = delete_options(request.get("deleteOptions") or {}, {})
        pods = self._catalog.named("pods")
        entry = self._store.latest("pods", pods.key(namespace, name))
        if entry is None:
            raise errors.not_found("pods", "", name)
        pod = entry.obj
        if not eviction.needs_no_budget(pod):
            await self._spend_budget(namespace, pod, options)
        await self._writing.delete(pods, namespace, name, options)

    async def _spend_budget(self, namespace: str, pod: Object, options: DeleteOptions) -> None:
        budgets = self._catalog.named(_BUDGETS)
        held = [entry.obj for entry in self._store.entries(_BUDGETS, namespace)]
        found = eviction.budgets_of(pod, held)
        if len(found) > 1:
            raise eviction.too_many_budgets()
        if not found or eviction.spares_unready(found[0], pod):
            return
        now = timestamp(time.time())
        await self._writing.change(
            budgets,
            namespace,
            found[0]["metadata"]["name"],
            lambda budget: eviction.spend(budget, pod, now),
            is_dry_run=options.is_dry_run,
        )

    async def scale(self, resource: Resource, namespace: str, name: str) -> Object:
        """Returns the Scale of an object."""
        entry = await self._reading.get(resource, namespace, name)
        return scale_of(resource.kind, resource.served(entry))

    async def set_scale(
        self, resource: Resource, namespace: str, name: str, body: Body, options: WriteOptions
    ) -> Object:
        """Replaces the Scale of an object, or patches it, and returns it."""
        kind = resource.kind
        is_patch = body.content_type.endswith("patch+json") or body.content_type.endswith(
            "patch+yaml"
        )
        entry = self._store.latest(resource.storage, resource.key(namespace, name))
        if entry is None:
            raise errors.not_found(kind.plural, kind.group, name)
        old = resource.served(entry)
        wanted = (
            patched(
                builtin_schema("autoscaling", "v1", "Scale"),
                scale_of(kind, old),
                body.data,
                body.content_type,
            ).obj
            if is_patch
            else json_object(body.data)
        )
        new = scaled(kind, old, wanted)
        meta = new["metadata"] = dict(new["metadata"])
        place(meta, resource, namespace, name)
        written = await self._writing.update(
            resource, namespace, name, Body(orjson.dumps(new)), options, subresource="scale"
        )
        return scale_of(kind, resource.served(written.entry))


def json_object(data: bytes) -> Object:
    """Returns the JSON object of a body; nothing is an empty one.

    Raises:
        ApiError: 400, it is none.
    """
    try:
        found = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        raise errors.bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    if not isinstance(found, dict):
        raise errors.bad_request("the body is no JSON object")
    return found
