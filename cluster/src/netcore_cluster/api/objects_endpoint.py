"""Requests for objects: from HTTP's method, query, headers and body to a verb, and back."""

import asyncio
import time
from collections.abc import Sequence

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.connection import Stream
from netcore_cluster.api.deletion import DeleteOptions, delete_options
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.api.http1 import Request, Response
from netcore_cluster.api.identity import User
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.api.options import (
    Query,
    is_dry_run,
    is_true,
    list_options,
    write_options,
)
from netcore_cluster.api.reading import Page
from netcore_cluster.api.registry import Registry
from netcore_cluster.api.representation import Representation, representation
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.reviews import answered
from netcore_cluster.api.routes import Route
from netcore_cluster.api.staging import Written
from netcore_cluster.api.subresources import json_object
from netcore_cluster.api.writing import RETURNED_WHEN_DELETED, Body
from netcore_cluster.schema.errors import RefusedError

_REVIEW_GROUPS = {"authorization.k8s.io", "authentication.k8s.io"}

_BODY_TYPES = {"application/json", "application/yaml"}
_PROTOBUF = "application/vnd.kubernetes.protobuf"
_UNREAD_BODY = (
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json, application/yaml"
)
_PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_CREATED = orjson.dumps(
    {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
)
_VERB_OF_METHOD = {"POST": "create", "PUT": "update", "PATCH": "patch", "HEAD": "get"}


class ObjectsEndpoint:
    """Everything below /api/VERSION and /apis/GROUP/VERSION."""

    def __init__(self, registry: Registry) -> None:
        """Answers from `registry`."""
        self._registry = registry

    async def answer(
        self, request: Request, route: Route, query: Query, user: User
    ) -> Response | Stream:
        """Answers a request.

        Raises:
            ApiError: the request fails.
        """
        resource = self._registry.catalog.find(route.group, route.version, route.plural)
        if resource is None or (route.namespace and not resource.kind.namespaced):
            if route.plural == "bindings" and not route.group and request.method == "POST":
                return await self._bind(request, route, query, by_collection=True)
            raise errors.no_such_path()
        if route.subresource:
            return await self._subresource(request, resource, route, query)
        match request.method:
            case "GET" | "HEAD":
                return await self._read(request, resource, route, query)
            case "POST" if not route.name:
                return await self._create(request, resource, route, query, user)
            case "PUT" | "PATCH" if route.name:
                return await self._change(request, resource, route, query)
            case "DELETE":
                return await self._delete(request, resource, route, query)
        raise errors.method_not_allowed(request.method)

    async def _read(
        self, request: Request, resource: Resource, route: Route, query: Query
    ) -> Response | Stream:
        if "get" not in resource.kind.verbs:
            raise errors.method_not_allowed(request.method)
        form = representation(request.headers.get("accept", ""), query)
        if route.name and not is_true(query.get("watch")):
            options = list_options(query)
            entry = await self._registry.reading.get(
                resource, route.namespace, route.name, options.revision
            )
            return Response(200, form.one(resource, entry), form.content_type)
        if route.name:
            query["fieldSelector"] = f"metadata.name={route.name}"
        options = list_options(query)
        if is_true(query.get("watch")):
            return Stream(
                await self._registry.watching.watch(resource, route.namespace, options, form)
            )
        page = await self._registry.reading.list(resource, route.namespace, options)
        return Response(200, form.page(resource, page), form.content_type)

    async def _create(
        self, request: Request, resource: Resource, route: Route, query: Query, user: User
    ) -> Response:
        _check_verb(resource, "create", request)
        body = _body(request)
        if resource.kind.group in _REVIEW_GROUPS:
            review = json_object(body.data)
            stated = {"kind": resource.kind.kind, "apiVersion": resource.kind.api_version}
            found = answered(resource.kind, stated | review, user, timestamp(time.time()))
            return Response(201, orjson.dumps(found))
        if resource.kind.namespaced and not route.namespace:
            raise errors.method_not_allowed(request.method)
        options = write_options(query, request.headers.get("user-agent", ""))
        form = representation(request.headers.get("accept", ""), query)
        written = await self._registry.writing.create(resource, route.namespace, body, options)
        return _written(resource, form, written)

    async def _change(
        self,
        request: Request,
        resource: Resource,
        route: Route,
        query: Query,
    ) -> Response:
        verb = _VERB_OF_METHOD[request.method]
        _check_verb(resource, verb, request)
        options = write_options(query, request.headers.get("user-agent", ""))
        form = representation(request.headers.get("accept", ""), query)
        place = (resource, route.namespace, route.name)
        if request.method == "PUT":
            written = await self._registry.writing.update(
                *place, _body(request), options, route.subresource
            )
        else:
            patch = _patch_body(request, resource)
            if patch.content_type.startswith("application/apply-patch") and not query.get(
                "fieldManager"
            ):
                raise _missing_manager()
            written = await self._registry.writing.patch(*place, patch, options, route.subresource)
        return _written(resource, form, written)

    async def _delete(
        self, request: Request, resource: Resource, route: Route, query: Query
    ) -> Response:
        _check_verb(resource, "delete" if route.name else "deletecollection", request)
        body = json_object(_body(request).data) if request.body else None
        options = delete_options(body, query)
        form = representation(request.headers.get("accept", ""), query)
        if route.name:
            written = await self._registry.writing.delete(
                resource, route.namespace, route.name, options
            )
            if written.is_gone and resource.name not in RETURNED_WHEN_DELETED:
                return Response(200, orjson.dumps(_deleted(resource, written.entry.obj)))
            return Response(200, form.one(resource, written.entry), form.content_type)
        return await self._delete_collection(resource, route.namespace, options, query, form)

    async def _delete_collection(
        self,
        resource: Resource,
        namespace: str,
        options: DeleteOptions,
        query: Query,
        form: Representation,
    ) -> Response:
        if resource.kind.namespaced and not namespace:
            raise errors.method_not_allowed("DELETE")
        chosen = list_options({key: query[key] for key in query if key != "resourceVersion"})
        page = await self._registry.reading.list(resource, namespace, chosen)
        writing = self._registry.writing
        staged: list[Written] = []
        for entry in page.entries:
            latest = self._registry.store.latest(resource.storage, entry.key)
            if latest is not None:
                staged.append(writing.stage_delete(resource, latest, options))
        await asyncio.gather(*map(writing.finish, staged))
        gone = Page([written.entry for written in staged], page.revision)
        return Response(200, form.page(resource, gone), form.content_type)

    async def _subresource(
        self, request: Request, resource: Resource, route: Route, query: Query
    ) -> Response | Stream:
        if route.subresource not in resource.kind.subresources:
            raise errors.no_such_path()
        match route.subresource, request.method:
            case "binding", "POST":
                return await self._bind(request, route, query)
            case "eviction", "POST":
                await self._registry.subresources.evict(
                    route.namespace, route.name, json_object(_body(request).data)
                )
                return Response(201, _CREATED)
            case "scale", "GET":
                found = await self._registry.subresources.scale(
                    resource, route.namespace, route.name
                )
                return Response(200, orjson.dumps(found))
            case "scale", "PUT" | "PATCH":
                body = _body(request) if request.method == "PUT" else _patch_body(request, resource)
                options = write_options(query, request.headers.get("user-agent", ""))
                found = await self._registry.subresources.set_scale(
                    resource, route.namespace, route.name, body, options
                )
                return Response(200, orjson.dumps(found))
            case "binding" | "eviction" | "scale", _:
                raise errors.method_not_allowed(request.method)
            case _, "GET" | "HEAD":
                return await self._read(request, resource, route, query)
            case _, "PUT" | "PATCH":
                return await self._change(request, resource, route, query)
        raise errors.method_not_allowed(request.method)

    async def _bind(
        self, request: Request, route: Route, query: Query, *, by_collection: bool = False
    ) -> Response:
        binding = json_object(_body(request).data)
        name = route.name
        if by_collection:
            name = (binding.get("metadata") or {}).get("name") or ""
        await self._registry.subresources.bind(
            route.namespace, name, binding, is_dry_run=is_dry_run(query.get("dryRun"))
        )
        return Response(201, _CREATED)


def _check_verb(resource: Resource, verb: str, request: Request) -> None:
    if verb not in resource.kind.verbs:
        raise errors.method_not_allowed(request.method)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _body(request: Request) -> Body:
    found = _content_type(request) or "application/json"
    if found == _PROTOBUF:
        return Body(_json_of_protobuf(request.body))
    if found not in _BODY_TYPES:
        raise errors.unsupported_media_type(_UNREAD_BODY)
    return Body(request.body, found)


def _json_of_protobuf(data: bytes) -> bytes:
    # Imported by the first typed Go client; there may never be one.
    from netcore_cluster.schema.protobuf import UnknownKindError, json_of

    try:
        return json_of(data)
    except UnknownKindError as error:
        raise errors.unsupported_media_type(_UNREAD_BODY) from error
    except RefusedError as error:
        raise errors.refused(error) from error


def _patch_body(request: Request, resource: Resource) -> Body:
    found = _content_type(request)
    served = [name for name in _PATCH_TYPES if not (resource.kind.custom and "strategic" in name)]
    if found not in served:
        listed = ", ".join(served)
        raise errors.unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{listed}"
        )
    return Body(request.body, found)


def _missing_manager() -> ApiError:
    text = "Required value: is required for apply patch"
    cause = {"reason": "FieldValueRequired", "message": text, "field": "fieldManager"}
    return errors.failure(
        422,
        "Invalid",
        f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {text}',
        details=errors.details("PatchOptions", "meta.k8s.io", causes=[cause]),
    )


def _written(resource: Resource, form: Representation, written: Written) -> Response:
    body = form.one(resource, written.entry)
    headers = _warning_headers(written.warnings) if written.warnings else ()
    return Response(201 if written.is_new else 200, body, form.content_type, headers)


def _warning_headers(warnings: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for warning in dict.fromkeys(warnings):
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        printable = "".join(char if " " <= char <= "~" else " " for char in text)
        found.append(("Warning", f'299 - "{printable}"'))
    return found


def _deleted(resource: Resource, obj: Object) -> Object:
    kind = resource.kind
    meta = obj["metadata"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": errors.details(kind.plural, kind.group, meta["name"], uid=meta["uid"]),
    }
