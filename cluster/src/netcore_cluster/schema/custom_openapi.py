"""How a custom kind appears in the OpenAPI document of its group version."""

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netcore_cluster.kinds.kind import Kind

_META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1"

_API_VERSION = {
    "type": "string",
    "description": "APIVersion names the group and version of the object.",
}
_KIND = {"type": "string", "description": "Kind names what the object is."}


def component_name(kind: "Kind", name: str) -> str:
    """Return the name of a component, such as `dev.netcore.v1alpha1.NodeNetwork`."""
    return f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{name}"


def custom_components(kind: "Kind") -> dict[str, Any]:
    """Return the component schemas of a custom kind and of its list, by name."""
    item = copy.deepcopy(kind.schema.source) or {"type": "object"}
    if "properties" in item:
        _embed(item)
        item["properties"]["metadata"] = {
            "allOf": [{"$ref": f"{_META}.ObjectMeta"}],
            "description": "Standard object's metadata.",
        }
        item["properties"].setdefault("apiVersion", _API_VERSION)
        item["properties"].setdefault("kind", _KIND)
    item["x-kubernetes-group-version-kind"] = [_identity(kind, kind.kind)]
    many = {
        "type": "object",
        "description": f"{kind.list_kind} is a list of {kind.kind}.",
        "required": ["items"],
        "properties": {
            "apiVersion": _API_VERSION,
            "kind": _KIND,
            "metadata": {"allOf": [{"$ref": f"{_META}.ListMeta"}]},
            "items": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/{component_name(kind, kind.kind)}"},
            },
        },
        "x-kubernetes-group-version-kind": [_identity(kind, kind.list_kind)],
    }
    return {component_name(kind, kind.kind): item, component_name(kind, kind.list_kind): many}


def _embed(schema: dict[str, Any]) -> None:
    """Give embedded resources the fields that every object has."""
    for part in schema.get("properties", {}).values():
        _embed(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            _embed(schema[key])
    if schema.get("x-kubernetes-embedded-resource"):
        properties = schema.setdefault("properties", {})
        properties.setdefault("apiVersion", _API_VERSION)
        properties.setdefault("kind", _KIND)
        properties.setdefault("metadata", {"allOf": [{"$ref": f"{_META}.ObjectMeta"}]})


def _identity(kind: "Kind", name: str) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": name}
