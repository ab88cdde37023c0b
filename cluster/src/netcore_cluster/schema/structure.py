"""The structure of objects: which fields there are, of which type, and how they merge.

An object's structure is a graph of shapes. A built-in kind's graph comes from the published API
definitions (`builtin`), a custom kind's from its CustomResourceDefinition (`custom`); decoding,
patching and applying walk the same graph for both.

`convert` brings a decoded JSON value into the form in which a built-in kind holds it: it checks
the types, drops what means "not set" and writes quantities and times in their one canonical way.
It changes the value in place, and reports what it does not know.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from netcore_cluster.schema.errors import BadRequestError


class Step(NamedTuple):
    """One step of the path to a value; paths are only spelled out when something is wrong.

    Attributes:
        key: a field's name, an index, or a key of a map.
        owner: the type that has the field; empty for an index or a map's key.
    """

    parent: "Step | None"
    key: str | int
    owner: str


def spell(path: Step | None, last: str = "") -> str:
    """Return a path as the API writes it, such as `spec.containers[0].image`."""
    parts = [last] if last else []
    while path is not None:
        key = path.key
        parts.append(f"[{key}]" if isinstance(key, int) else key)
        path = path.parent
    text = ""
    for part in reversed(parts):
        text += part if part.startswith("[") or not text else f".{part}"
    return text


class MismatchError(Exception):
    """A value has the wrong type; the message is the whole explanation."""


def mismatch(path: Step | None, found: Any, wanted: str) -> MismatchError:
    """Return the error for a value that is not of the `wanted` type."""
    fields: list[str] = []
    owner = ""
    while path is not None:
        if path.owner:
            owner = owner or path.owner
            fields.append(str(path.key))
        path = path.parent
    where = f"struct field {owner}.{'.'.join(reversed(fields))}" if fields else "value"
    return MismatchError(f"json: cannot unmarshal {_named(found)} into Go {where} of type {wanted}")


def _named(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return f"number {value}"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


class Shape(Protocol):
    """The structure of one value."""

    type_name: str

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Return the value in the form that is stored.

        Args:
            value: what JSON gave; containers are changed in place.
            path: where the value stands.
            unknown: receives the paths of fields that the structure does not have.

        Raises:
            MismatchError: a value has the wrong type.
        """


class Scalar:
    """A value without parts; `rule` turns it into its stored form."""

    __slots__ = ("default", "plain", "rule", "tag", "type_name")

    def __init__(
        self,
        tag: str,
        type_name: str,
        rule: Callable[[Any, Step | None, str], Any],
        *,
        plain: type | None = None,
    ) -> None:
        self.tag = tag
        self.type_name = type_name
        self.rule = rule
        self.plain = plain

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Return the stored form of the value."""
        del unknown
        return self.rule(value, path, self.type_name)

    def named(self, type_name: str) -> "Scalar":
        """Return the same scalar under the name of its own type."""
        return Scalar(self.tag, type_name, self.rule, plain=self.plain)


class Free:
    """Any JSON value; nothing in it is looked at.

    Attributes:
        atomic: whether appliers own an object here as a whole.
    """

    __slots__ = ("atomic", "type_name")

    def __init__(self, type_name: str = "runtime.RawExtension", *, atomic: bool = False) -> None:
        self.type_name = type_name
        self.atomic = atomic

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Return the value as it is."""
        del path, unknown
        return value


class Map:
    """An object whose keys are data, such as labels.

    Attributes:
        atomic: whether appliers own the map as a whole.
    """

    __slots__ = ("atomic", "type_name", "values")

    def __init__(self, values: Shape, type_name: str = "", *, atomic: bool = False) -> None:
        self.values = values
        self.type_name = type_name or f"map[string]{values.type_name}"
        self.atomic = atomic

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Check every value of the map; null becomes the zero of its type."""
        if type(value) is not dict:
            raise mismatch(path, value, self.type_name)
        shape = self.values
        plain = getattr(shape, "plain", None)
        for key, item in value.items():
            if item is None:
                value[key] = zero(shape)
            elif plain is None or type(item) is not plain:
                value[key] = shape.convert(item, Step(path, key, ""), unknown)
        return value


class List:
    """A list of values of one shape.

    Attributes:
        list_type: `atomic`, `set` or `map`: how appliers share it.
        keys: the fields that tell the items of a `map` apart.
    """

    __slots__ = ("items", "keys", "list_type", "type_name")

    def __init__(self, items: Shape, list_type: str = "atomic", keys: tuple[str, ...] = ()) -> None:
        self.items = items
        self.type_name = f"[]{items.type_name}"
        self.list_type = list_type
        self.keys = keys

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Check every item of the list; null becomes the zero of its type."""
        if type(value) is not list:
            raise mismatch(path, value, self.type_name)
        shape = self.items
        plain = getattr(shape, "plain", None)
        for index, item in enumerate(value):
            if item is None:
                value[index] = zero(shape)
            elif plain is None or type(item) is not plain:
                value[index] = shape.convert(item, Step(path, index, ""), unknown)
        return value


class Field:
    """A field of a struct.

    Attributes:
        plain: `str` or `bool` where the type alone decides that a value is right.
        keeps_empty: whether the zero of the field's type differs from no value.
        patch_strategies: of strategic merge: `merge`, `replace`, `retainKeys`.
        merge_key: the field that tells list items apart in a strategic merge.
        atomic: whether appliers own the field's value as a whole; None: as its shape says.
        default: what a missing key field of a list item counts as.
        starts_empty: whether an object that nobody filled has the field.
    """

    __slots__ = (
        "atomic",
        "default",
        "keeps_empty",
        "merge_key",
        "patch_strategies",
        "plain",
        "shape",
        "starts_empty",
    )

    def __init__(
        self,
        shape: Shape,
        *,
        keeps_empty: bool = True,
        patch_strategies: tuple[str, ...] = (),
        merge_key: str = "",
        atomic: bool | None = None,
        default: Any = None,
        starts_empty: bool = False,
    ) -> None:
        self.shape = shape
        self.starts_empty = starts_empty
        self.plain: type | None = getattr(shape, "plain", None)
        self.keeps_empty = keeps_empty
        self.patch_strategies = patch_strategies
        self.merge_key = merge_key
        self.atomic = atomic
        self.default = default


class Struct:
    """An object with named fields.

    Attributes:
        type_name: the name that errors use, such as `v1.PodSpec`.
        fields: by JSON name; filled after creation, since structs may contain themselves.
        always: fields that hold an empty object if nobody wrote them.
        zeros: fields that hold the zero of their type if nobody wrote them.
        rest: the shape of fields beyond the named ones (custom kinds); None: there are none.
        atomic: whether appliers own the object as a whole.
    """

    __slots__ = ("always", "atomic", "fields", "rest", "short_name", "type_name", "zeros")

    def __init__(self, type_name: str, *, atomic: bool = False, rest: Shape | None = None) -> None:
        self.type_name = type_name
        self.short_name = type_name.rpartition(".")[2]
        self.fields: dict[str, Field] = {}
        self.always: tuple[str, ...] = ()
        self.zeros: tuple[tuple[str, Any], ...] = ()
        self.rest = rest
        self.atomic = atomic

    def convert(self, value: Any, path: Step | None, unknown: list[str]) -> Any:
        """Check every field, drop what is not set and what the struct does not have."""
        if type(value) is not dict:
            raise mismatch(path, value, self.type_name)
        fields = self.fields
        dropped: list[str] = []
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                unknown.append(spell(path, key))
                dropped.append(key)
            elif item is None:
                dropped.append(key)
            elif type(item) is field.plain:
                if not (item or field.keeps_empty):
                    dropped.append(key)
            else:
                kept = field.shape.convert(item, Step(path, key, self.short_name), unknown)
                if not (kept or field.keeps_empty):
                    dropped.append(key)
                elif kept is not item:
                    value[key] = kept
        for key in dropped:
            del value[key]
        for key in self.always:
            if key not in value:
                value[key] = fields[key].shape.convert({}, None, unknown)
        for key, nothing in self.zeros:
            if key not in value:
                value[key] = nothing
        return value


def zero(shape: Shape) -> Any:
    """Return what null stands for inside a list or map."""
    match shape:
        case Struct():
            return shape.convert({}, None, [])
        case Map():
            return {}
        case List():
            return []
        case Scalar(tag="bool"):
            return False
        case Scalar(tag="integer" | "number" | "int-or-string"):
            return 0
        case Scalar(tag="quantity"):
            return "0"
        case Scalar():
            return ""
    return None


class ObjectSchema:
    """The structure of one kind in one version.

    Attributes:
        root: the shape of the whole object.
        is_custom: whether a CustomResourceDefinition gave the structure: unknown fields are then
            pruned by its own rules, and types are a matter of validation.
        source: the OpenAPI schema that the definition of a custom kind gives.
        node: the same, compiled for pruning and defaulting.
    """

    __slots__ = ("group", "is_custom", "kind", "node", "root", "source", "version")

    def __init__(
        self,
        group: str,
        version: str,
        kind: str,
        root: Struct,
        *,
        is_custom: bool = False,
        source: dict[str, Any] | None = None,
        node: Any = None,
    ) -> None:
        self.group = group
        self.version = version
        self.kind = kind
        self.root = root
        self.is_custom = is_custom
        self.source = source
        self.node = node

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def unserved(self, api_version: str) -> BadRequestError:
        """Return the error for an object that came in another version than the path names."""
        return BadRequestError(
            f"the API version in the data ({api_version}) does not match the expected API "
            f"version ({self.api_version})"
        )
