"""The structure of the built-in kinds, built from the published definitions at first use."""

from functools import cache
from typing import Any

from netcore_cluster.schema import scalars
from netcore_cluster.schema.declared import (
    ALWAYS_PRESENT,
    ALWAYS_ZERO,
    KEEPS_ZERO,
    NAMED_TYPES,
)
from netcore_cluster.schema.definitions import (
    Definitions,
    kinds_of,
    load_definitions,
    reference,
    type_of,
)
from netcore_cluster.schema.structure import (
    Field,
    Free,
    List,
    Map,
    ObjectSchema,
    Scalar,
    Shape,
    Struct,
)

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."

_OWN_SHAPES: dict[str, Shape] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": scalars.QUANTITY,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": scalars.INT_OR_STRING,
    "io.k8s.apimachinery.pkg.runtime.RawExtension": Free(atomic=True),
    f"{_META}Time": scalars.TIME,
    f"{_META}MicroTime": scalars.MICRO_TIME,
    f"{_META}FieldsV1": Free("v1.FieldsV1", atomic=True),
}

# Key fields of list items that count as having a value when they are missing.
# Source: the defaults that the API publishes for them (OpenAPI v3, component schemas).
_KEY_DEFAULTS = {
    ("core.v1.ContainerPort", "protocol"): "TCP",
    ("core.v1.ServicePort", "protocol"): "TCP",
    ("core.v1.LocalObjectReference", "name"): "",
}

_ZEROS = {"string": "", "integer": 0, "boolean": False, "number": 0}

_ATOMIC = {"atomic": True, "granular": False}

_SCALARS: dict[tuple[str, str], Scalar] = {
    ("string", ""): scalars.STRING,
    ("string", "byte"): scalars.BYTES,
    ("string", "date-time"): scalars.TIME,
    ("integer", "int32"): scalars.INT32,
    ("integer", "int64"): scalars.INT64,
    ("integer", ""): scalars.INT64,
    ("boolean", ""): scalars.BOOLEAN,
    ("number", "double"): scalars.NUMBER,
    ("number", ""): scalars.NUMBER,
}


@cache
def builtin_schema(group: str, version: str, kind: str) -> ObjectSchema:
    """Return the structure of a built-in kind.

    Raises:
        KeyError: the definitions have no such kind.
    """
    return ObjectSchema(group, version, kind, _structures()[0][group, version, kind])


def metadata_shape() -> Struct:
    """Return the structure of the metadata that every object has."""
    return _structures()[1][f"{_META}ObjectMeta"]


@cache
def _structures() -> tuple[dict[tuple[str, str, str], Struct], dict[str, Struct]]:
    """Return the structures of all kinds, and of all definitions, in one pass over the file."""
    builder = _Builder(load_definitions())
    kinds: dict[tuple[str, str, str], Struct] = {}
    for name, definition in builder.definitions.items():
        for kind in kinds_of(definition):
            if not kind[2].endswith("List"):
                kinds[kind] = builder.struct(name)
    return kinds, builder.structs


class _Builder:
    """Turns definitions into shapes, each once, since they refer to one another in circles."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.structs: dict[str, Struct] = {}

    def struct(self, name: str) -> Struct:
        """Return the structure of a definition with named fields."""
        if name in self.structs:
            return self.structs[name]
        definition = self.definitions[name]
        key = ".".join(name.split(".")[-3:])
        struct = Struct(
            f"v1.{name.rpartition('.')[2]}",
            atomic=definition.get("x-kubernetes-map-type") == "atomic",
        )
        self.structs[name] = struct
        required = set(definition.get("required", ()))
        keeps_zero = set(KEEPS_ZERO.get(key, "").split())
        zeroed = set(ALWAYS_ZERO.get(key, "").split())
        names = NAMED_TYPES.get(key, {})
        always = ALWAYS_PRESENT.get(key, "").split()
        if kinds_of(definition):
            parts = ("metadata", "spec", "status")
            always += [part for part in parts if self._is_object(definition, part)]
        struct.always = tuple(dict.fromkeys(always))
        for field, schema in definition["properties"].items():
            shape = self.shape(schema)
            if field in names and isinstance(shape, Scalar):
                shape = shape.named(names[field])
            struct.fields[field] = Field(
                shape,
                keeps_empty=field in required
                or field in keeps_zero
                or field in zeroed
                or isinstance(shape, (Struct, Free))
                or (isinstance(shape, Scalar) and shape.tag in {"quantity", "int-or-string"}),
                patch_strategies=tuple(schema.get("x-kubernetes-patch-strategy", "").split(",")),
                merge_key=schema.get("x-kubernetes-patch-merge-key", ""),
                atomic=_ATOMIC.get(schema.get("x-kubernetes-map-type")),
                default=_KEY_DEFAULTS.get(
                    (key, field), _ZEROS.get(type_of(schema)) if field in required else None
                ),
                starts_empty=field in required or field in always or field in zeroed,
            )
        struct.zeros = tuple(
            (field, _ZEROS[kind])
            for field, schema in definition["properties"].items()
            if (kind := type_of(schema)) in _ZEROS
            and not schema.get("format", "").startswith("date")
            and (field in required or field in zeroed)
        )
        return struct

    def shape(self, schema: dict[str, Any]) -> Shape:
        """Return the shape of a property."""
        name = reference(schema)
        if name is not None:
            if name in _OWN_SHAPES:
                return _OWN_SHAPES[name]
            if "properties" in self.definitions[name]:
                return self.struct(name)
            return Free(f"v1.{name.rpartition('.')[2]}", atomic=True)
        kind = type_of(schema)
        if kind == "array":
            return List(
                self.shape(schema["items"]),
                schema.get("x-kubernetes-list-type", "atomic"),
                tuple(schema.get("x-kubernetes-list-map-keys", ())),
            )
        if kind == "object":
            values = schema.get("additionalProperties")
            if not values:
                return Free()
            shape = self.shape(values)
            return Map(
                shape,
                "v1.ResourceList" if shape is scalars.QUANTITY else "",
                atomic=schema.get("x-kubernetes-map-type") == "atomic",
            )
        return _SCALARS.get((kind, schema.get("format", "")), Free())

    def _is_object(self, definition: dict[str, Any], part: str) -> bool:
        schema = definition["properties"].get(part)
        return schema is not None and "properties" in self.definitions.get(
            reference(schema) or "", ()
        )
