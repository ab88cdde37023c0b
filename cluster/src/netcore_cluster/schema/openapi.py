"""OpenAPI v3 documents, one for each group version, as kubectl reads them.

kubectl asks three things of a document: whether a kind's PATCH operation takes `fieldValidation`
(before every create and apply), how to merge (apply), and what the fields mean (explain). So a
document has every served path and operation, and the component schemas that they reach.

A document is some hundred kilobytes of text that hardly anyone asks for: it is built when asked
for and kept compressed.

Source: OpenAPI 3.0; the layout is that of a Kubernetes API server.
"""

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from netcore_cluster.schema import definitions
from netcore_cluster.schema.custom_openapi import component_name, custom_components

if TYPE_CHECKING:
    from netcore_cluster.kinds.kind import Kind

_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_COMPONENTS = "#/components/schemas/"

_PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json")
_STRATEGIC = "application/strategic-merge-patch+json"
_APPLY = "application/apply-patch+yaml"

# What a subresource holds, where it is not the object itself.
_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "binding": ("", "v1", "Binding"),
    "eviction": ("policy", "v1", "Eviction"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
}


def openapi_path(kind: "Kind") -> str:
    """Return under which path the kind's group version stands, such as `apis/apps/v1`."""
    return f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"


def document_digest(kinds: "Sequence[Kind]") -> str:
    """Return what tells two versions of a group version's document apart."""
    digest = hashlib.sha256(definitions.VERSION.encode())
    for kind in sorted(kinds, key=lambda kind: kind.plural):
        digest.update(orjson.dumps([openapi_path(kind), kind.plural, kind.subresources]))
        digest.update(orjson.dumps(kind.schema.source, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest().upper()


def openapi_document(kinds: "Sequence[Kind]") -> bytes:
    """Return the document of one group version, as gzip-compressed JSON.

    Args:
        kinds: all kinds that the group version serves.
    """
    return _documents(_Cached(tuple(kinds), document_digest(kinds)))


def whole_document(kinds: "Sequence[Kind]") -> dict[str, Any]:
    """Return one document of all kinds, whatever their group versions."""
    return _Document(tuple(kinds)).build()


class _Cached:
    """The arguments of a document, equal if they make the same one."""

    def __init__(self, kinds: "tuple[Kind, ...]", digest: str) -> None:
        self.kinds = kinds
        self.digest = digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Cached) and other.digest == self.digest


@lru_cache(maxsize=64)
def _documents(cached: _Cached) -> bytes:
    return gzip.compress(orjson.dumps(_Document(cached.kinds).build()), compresslevel=6, mtime=0)


class _Document:
    def __init__(self, kinds: "tuple[Kind, ...]") -> None:
        self.kinds = kinds
        self.definitions = definitions.load_definitions()
        self.names = {
            found: name
            for name, definition in self.definitions.items()
            for found in definitions.kinds_of(definition)
        }
        self.schemas: dict[str, Any] = {}

    def build(self) -> dict[str, Any]:
        """Return the whole document."""
        paths: dict[str, Any] = {}
        for kind in self.kinds:
            if kind.schema.is_custom:
                for name, schema in custom_components(kind).items():
                    self.schemas[name] = schema
                    self._include_references(schema)
            paths.update(self._paths(kind))
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": definitions.VERSION},
            "paths": paths,
            "components": {"schemas": self.schemas},
        }

    def _paths(self, kind: "Kind") -> Iterator[tuple[str, Any]]:
        root = f"/{openapi_path(kind)}"
        space = f"{root}/namespaces/{{namespace}}" if kind.namespaced else root
        held = _Operations(
            kind=(kind.group, kind.version, kind.kind),
            item=self._component(kind, kind.kind),
            many=self._component(kind, kind.list_kind) if "list" in kind.verbs else None,
            patch=self._refer(f"{_META}.Patch"),
            status=self._refer(f"{_META}.Status"),
            options=self._refer(f"{_META}.DeleteOptions"),
            is_custom=kind.schema.is_custom,
        )
        verbs: set[str] = set(kind.verbs)
        yield f"{space}/{kind.plural}", held.of(verbs & {"list", "create", "deletecollection"})
        if kind.namespaced and "list" in verbs:
            yield f"{root}/{kind.plural}", held.of({"list"})
        on_one = verbs & {"get", "update", "patch", "delete"}
        if not on_one:
            return
        yield f"{space}/{kind.plural}/{{name}}", held.of(on_one)
        for subresource in kind.subresources:
            path = f"{space}/{kind.plural}/{{name}}/{subresource}"
            other = _SUBRESOURCE_KINDS.get(subresource)
            part = held
            if other is not None:
                part = held.holding(other, self._refer(self.names[other]))
            posts = subresource in {"binding", "eviction", "token"}
            yield path, part.of({"create"} if posts else on_one - {"delete"})

    def _component(self, kind: "Kind", name: str) -> dict[str, str]:
        if kind.schema.is_custom:
            return {"$ref": f"{_COMPONENTS}{component_name(kind, name)}"}
        return self._refer(self.names[kind.group, kind.version, name])

    def _refer(self, name: str) -> dict[str, str]:
        """Return a reference to a definition, and put it and all that it reaches in."""
        if name not in self.schemas:
            schema = _in_v3(self.definitions[name])
            self.schemas[name] = schema
            self._include_references(schema)
        return {"$ref": f"{_COMPONENTS}{name}"}

    def _include_references(self, schema: Any) -> None:
        if isinstance(schema, dict):
            found = schema.get("$ref")
            if isinstance(found, str):
                name = found.removeprefix(_COMPONENTS)
                if name in self.definitions:
                    self._refer(name)
            for part in schema.values():
                self._include_references(part)
        elif isinstance(schema, list):
            for part in schema:
                self._include_references(part)


def _in_v3(schema: Any) -> Any:
    """Return a definition as OpenAPI v3 writes it: no null type, nothing beside a reference."""
    if isinstance(schema, list):
        return [_in_v3(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "type":
            result[key] = definitions.type_of(schema)
        elif key == "$ref" and isinstance(value, str):
            result[key] = f"{_COMPONENTS}{value.rpartition('/')[2]}"
        elif key == "properties":
            result[key] = {name: _in_v3(part) for name, part in value.items()}
        elif key != "enum":  # the package closes kind and apiVersion; the API leaves them open
            result[key] = _in_v3(value)
    if isinstance(result.get("$ref"), str) and len(result) > 1:
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    return result


class _Operations:
    """Writes the operations of a path."""

    def __init__(
        self,
        *,
        kind: tuple[str, str, str],
        item: dict[str, str],
        many: dict[str, str] | None,
        patch: dict[str, str],
        status: dict[str, str],
        options: dict[str, str],
        is_custom: bool,
    ) -> None:
        self.kind = kind
        self.item = item
        self.many = many
        self.patch = patch
        self.status = status
        self.options = options
        self.is_custom = is_custom

    def holding(self, kind: tuple[str, str, str], item: dict[str, str]) -> "_Operations":
        """Return the same with another kind of object in it."""
        return _Operations(
            kind=kind,
            item=item,
            many=None,
            patch=self.patch,
            status=self.status,
            options=self.options,
            is_custom=self.is_custom,
        )

    def of(self, verbs: set[str]) -> dict[str, Any]:
        """Return the path item with one operation for each verb."""
        write = [_query("dryRun"), _query("fieldManager"), _query("fieldValidation")]
        answered = {
            "list": ("get", "list", [], None, self.many),
            "get": ("get", "get", [], None, self.item),
            "create": ("post", "post", write, self._body(self.item), self.item),
            "update": ("put", "put", write, self._body(self.item), self.item),
            "patch": (
                "patch",
                "patch",
                [*write, _query("force", "boolean")],
                {"content": {media: {"schema": self.patch} for media in self._patch_types()}},
                self.item,
            ),
            "delete": ("delete", "delete", write[:1], self._body(self.options), self.status),
            "deletecollection": (
                "delete",
                "deletecollection",
                write[:1],
                self._body(self.options),
                self.status,
            ),
        }
        group, version, kind = self.kind
        result: dict[str, Any] = {}
        for verb in sorted(verbs):
            method, action, parameters, body, answer = answered[verb]
            operation: dict[str, Any] = {
                "parameters": parameters,
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": answer}},
                    }
                },
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": {
                    "group": group,
                    "version": version,
                    "kind": kind,
                },
            }
            if body is not None:
                operation["requestBody"] = body
            result[method] = operation
        return result

    def _patch_types(self) -> tuple[str, ...]:
        own = () if self.is_custom else (_STRATEGIC,)
        return (_APPLY, *_PATCH_TYPES, *own)

    @staticmethod
    def _body(schema: dict[str, str]) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": schema}}}


def _query(name: str, type_name: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": type_name, "uniqueItems": True}}
