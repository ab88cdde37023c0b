"""How objects go over the wire: as themselves, as tables, or as their metadata alone.

The client's Accept header decides. Each form encodes one object, a page, or one watch event.

Source: kubernetes apiserver ``pkg/endpoints/handlers/response.go``; apimachinery ``meta/v1``
(Table, PartialObjectMetadata).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.api.options import Query
from netcore_cluster.api.reading import Page
from netcore_cluster.api.resource import Resource
from netcore_cluster.storage.entry import Entry, Event, EventType

_META_VERSIONS = {"v1", "v1beta1"}
_SERVED_TYPES = (
    "application/json, application/yaml, application/json;stream=watch, "
    "application/json;as=Table;g=meta.k8s.io;v=v1"
)


class Representation(Protocol):
    """One form of answers."""

    content_type: str

    def one(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes one object."""

    def page(self, resource: Resource, page: Page) -> bytes:
        """Encodes part of a list."""

    def event(self, resource: Resource, event_type: EventType, event: Event) -> bytes:
        """Encodes a line of a watch."""

    def initial(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes the line that tells a new watch of an object that is there already."""

    def bookmark(self, resource: Resource, revision: int, annotations: Object) -> bytes:
        """Encodes the line that tells a watch how far it has come."""


def representation(accept: str, query: Query) -> Representation:
    """Returns the form that a client wants most of those it accepts.

    Raises:
        ApiError: 406, none of them is served.
    """
    if not accept or accept in {"*/*", "application/json"}:
        return WHOLE
    for clause in accept.split(","):
        media_type, *parts = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in parts if "=" in part)
        if media_type == "application/yaml" and "as" not in parameters:
            return YAML
        if media_type not in {"application/json", "*/*", "application/*"}:
            continue
        form = parameters.get("as")
        if form is None:
            return WHOLE
        version = parameters.get("v", "")
        if parameters.get("g") != "meta.k8s.io" or version not in _META_VERSIONS:
            continue
        if form == "Table":
            return TableForm(version, query.get("includeObject") or "Metadata")
        if form in {"PartialObjectMetadata", "PartialObjectMetadataList"}:
            return MetadataForm(version)
    raise errors.not_acceptable(_SERVED_TYPES)


def list_head(resource: Resource, page: Page) -> bytes:
    """Returns a list's JSON up to its items."""
    kind = resource.kind
    head = {
        "kind": kind.list_kind,
        "apiVersion": kind.api_version,
        "metadata": _list_metadata(page),
    }
    return orjson.dumps(head)[:-1] + b',"items":['


class WholeForm:
    """Objects as they are, from bytes that were encoded once for all readers."""

    content_type = "application/json"

    def one(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes one object."""
        return resource.encoded(entry)

    def page(self, resource: Resource, page: Page) -> bytes:
        """Encodes part of a list."""
        encoded = map(resource.encoded, page.entries)
        return b"%b%b]}" % (list_head(resource, page), b",".join(_items(resource, encoded)))

    def event(self, resource: Resource, event_type: EventType, event: Event) -> bytes:
        """Encodes a line of a watch, once for all watchers who see the same."""
        key = (event_type, resource)
        line = event.renderings.get(key)
        if line is None:
            entry = event.tombstone if event_type is EventType.DELETED else event.entry
            line = event.renderings[key] = _line(event_type, resource.encoded(entry))
        return line

    def initial(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes the line for an object that is there already."""
        return _line(EventType.ADDED, resource.encoded(entry))

    def bookmark(self, resource: Resource, revision: int, annotations: Object) -> bytes:
        """Encodes the line that tells a watch how far it has come."""
        return _line("BOOKMARK", orjson.dumps(_bookmark_object(resource, revision, annotations)))


class YamlForm(WholeForm):
    """Objects as they are, as YAML for a person; watches stay JSON."""

    content_type = "application/yaml"

    def one(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes one object."""
        return _yaml(super().one(resource, entry))

    def page(self, resource: Resource, page: Page) -> bytes:
        """Encodes part of a list."""
        return _yaml(super().page(resource, page))


class MetadataForm:
    """Metadata alone, for those who look after objects of any kind."""

    content_type = "application/json"

    def __init__(self, version: str) -> None:
        """Takes the version of meta.k8s.io that the client reads."""
        self._version = version

    def one(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes one object."""
        return orjson.dumps(_partial(resource.served(entry), self._version))

    def page(self, resource: Resource, page: Page) -> bytes:
        """Encodes part of a list."""
        items = [_partial(resource.served(entry), self._version) for entry in page.entries]
        return orjson.dumps(
            {
                "kind": "PartialObjectMetadataList",
                "apiVersion": f"meta.k8s.io/{self._version}",
                "metadata": _list_metadata(page),
                "items": items,
            }
        )

    def event(self, resource: Resource, event_type: EventType, event: Event) -> bytes:
        """Encodes a line of a watch."""
        entry = event.tombstone if event_type is EventType.DELETED else event.entry
        return _line(event_type, self.one(resource, entry))

    def initial(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes the line for an object that is there already."""
        return _line(EventType.ADDED, self.one(resource, entry))

    def bookmark(self, resource: Resource, revision: int, annotations: Object) -> bytes:
        """Encodes the line that tells a watch how far it has come."""
        return _line(
            "BOOKMARK",
            orjson.dumps(
                _partial(_bookmark_object(resource, revision, annotations), self._version)
            ),
        )


class TableForm:
    """Rows of cells, as kubectl prints them. One for each request: a watch gets headers once."""

    content_type = "application/json"

    def __init__(self, version: str, include_object: str) -> None:
        """Takes what each row is to carry: ``None``, ``Metadata`` or ``Object``.

        Raises:
            ApiError: 400, it is something else.
        """
        if include_object not in {"None", "Metadata", "Object"}:
            raise errors.bad_request(
                'unrecognized includeObject value; must be one of "None", "Metadata", "Object"'
            )
        self._version = version
        self._include_object = include_object
        self._has_headers = False

    def one(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes one object as a table of one row."""
        meta = {"resourceVersion": str(entry.revision)}
        return orjson.dumps(self._table(resource, [resource.served(entry)], meta))

    def page(self, resource: Resource, page: Page) -> bytes:
        """Encodes part of a list."""
        objects = [resource.served(entry) for entry in page.entries]
        return orjson.dumps(self._table(resource, objects, _list_metadata(page)))

    def event(self, resource: Resource, event_type: EventType, event: Event) -> bytes:
        """Encodes a line of a watch."""
        entry = event.tombstone if event_type is EventType.DELETED else event.entry
        return self._line(event_type, resource, entry)

    def initial(self, resource: Resource, entry: Entry) -> bytes:
        """Encodes the line for an object that is there already."""
        return self._line(EventType.ADDED, resource, entry)

    def bookmark(self, resource: Resource, revision: int, annotations: Object) -> bytes:
        """Encodes the line that tells a watch how far it has come."""
        table = self._table(
            resource, [], {"resourceVersion": str(revision)} | _annotated(annotations)
        )
        return _line("BOOKMARK", orjson.dumps(table))

    def _line(self, event_type: EventType, resource: Resource, entry: Entry) -> bytes:
        meta = {"resourceVersion": str(entry.revision)}
        table = self._table(resource, [resource.served(entry)], meta)
        if self._has_headers:
            table["columnDefinitions"] = None
        self._has_headers = True
        return _line(event_type, orjson.dumps(table))

    def _table(self, resource: Resource, objects: Iterable[Object], meta: Object) -> Object:
        now = datetime.now(UTC)
        kind = resource.kind
        return {
            "kind": "Table",
            "apiVersion": f"meta.k8s.io/{self._version}",
            "metadata": meta,
            "columnDefinitions": [
                {
                    "name": column.name,
                    "type": column.type,
                    "format": column.format,
                    "description": column.description,
                    "priority": column.priority,
                }
                for column in kind.columns
            ],
            "rows": [{"cells": kind.row(obj, now), "object": self._object(obj)} for obj in objects],
        }

    def _object(self, obj: Object) -> Object | None:
        if self._include_object == "None":
            return None
        return obj if self._include_object == "Object" else _partial(obj, self._version)


def _items(resource: Resource, encoded: Iterable[bytes]) -> Iterable[bytes]:
    """Returns encoded objects as a list has them: of built-in kinds, it alone says the kind."""
    kind = resource.kind
    if kind.custom:
        return encoded
    prefix = orjson.dumps({"kind": kind.kind, "apiVersion": kind.api_version})[:-1] + b","
    start = len(prefix)
    return (b"{" + item[start:] if item.startswith(prefix) else item for item in encoded)


WHOLE = WholeForm()
YAML = YamlForm()


def _line(event_type: str, encoded: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (event_type.encode(), encoded)


def _list_metadata(page: Page) -> Object:
    found: Object = {"resourceVersion": str(page.revision)}
    if page.continue_token:
        found["continue"] = page.continue_token
        if page.remaining is not None:
            found["remainingItemCount"] = page.remaining
    return found


def _partial(obj: Object, version: str) -> Object:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": obj["metadata"],
    }


def _bookmark_object(resource: Resource, revision: int, annotations: Object) -> Object:
    kind = resource.kind
    return {
        "kind": kind.kind,
        "apiVersion": kind.api_version,
        "metadata": {"resourceVersion": str(revision), "creationTimestamp": None}
        | _annotated(annotations),
    }


def _annotated(annotations: Object) -> Object:
    return {"annotations": annotations} if annotations else {}


def _yaml(encoded: bytes) -> bytes:
    import yaml

    value: Any = orjson.loads(encoded)
    return yaml.safe_dump(value, sort_keys=True, allow_unicode=True).encode()
