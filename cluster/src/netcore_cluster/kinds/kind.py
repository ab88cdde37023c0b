"""What the API server knows of one resource: its names, its rules and its table.

A `Kind` is a value: everything that differs between a Pod and a Lease stands in one of these, so
that the server itself treats all of them alike. The rules of a kind are plain functions of the
object (and of the stored one, for an update); none of them reads a clock or another object.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

from netcore_cluster.kinds.metadata import (
    metadata_change_errors,
    metadata_errors,
    unqualified_finalizer_errors,
)
from netcore_cluster.kinds.names import NameRule, dns_subdomain
from netcore_cluster.schema.builtin import builtin_schema
from netcore_cluster.schema.errors import FieldError
from netcore_cluster.schema.structure import ObjectSchema, zero

JsonObject = dict[str, Any]

Verb = Literal["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

ALL_VERBS: tuple[Verb, ...] = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)

# Definitions, like custom objects, have finalizers that are not qualified by a domain.
_EXTENSIONS = "apiextensions.k8s.io"
_META = frozenset({"apiVersion", "kind", "metadata"})


class ScalePaths(NamedTuple):
    """Where the scale subresource finds its values, as JSON paths such as `.spec.replicas`."""

    spec: str
    status: str
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table that `kubectl get` prints.

    Attributes:
        name: the header, in the case in which the server sends it (kubectl upper-cases it).
        type: an OpenAPI type.
        format: `name` marks the column that identifies the row; else empty or an OpenAPI format.
        description: what the column shows.
        priority: 0 is always shown, 1 with `-o wide` only.
    """

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


NAME = Column("Name", format="name", description="Name of the object, unique in its namespace.")
CREATED = Column("Created At", description="When the object was created.")
AGE = Column("Age", description="Time since the object was created.")


def _nothing(_obj: JsonObject) -> None:
    """Leave the object as it is."""


def _nothing_on_update(_new: JsonObject, _old: JsonObject) -> None:
    """Leave the new object as it is."""


def _no_errors(_obj: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    return []


def _no_warnings(_obj: JsonObject, _old: JsonObject | None) -> list[str]:
    return []


def _name_and_creation(obj: JsonObject, _now: datetime) -> list[Any]:
    metadata = obj["metadata"]
    return [metadata["name"], metadata.get("creationTimestamp", "<unknown>")]


def name_and_namespace(obj: JsonObject) -> dict[str, str]:
    """Return the two field labels that every kind has."""
    metadata = obj["metadata"]
    labels = {"metadata.name": metadata["name"]}
    if "namespace" in metadata:
        labels["metadata.namespace"] = metadata["namespace"]
    return labels


def _carry(new: JsonObject, old: JsonObject, key: str) -> None:
    """Give `new` the value that `old` has under `key`, or none."""
    if key in old:
        new[key] = old[key]
    else:
        new.pop(key, None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One version of one resource.

    Attributes:
        group: the API group; empty for the core group.
        short_names: what kubectl accepts in place of the plural.
        categories: groups of resources such as `all`.
        subresources: what is served below an object's path, such as `status` or `binding`.
        verbs: what may be done; a review, for one, can only be created.
        begins_with_status: whether a new object keeps the status that its client gave it, as a
            node does that registers itself.
        has_generation: whether `metadata.generation` counts the changes of the spec.
        scale_paths: where `scale` reads and writes: spec, status and selector, as JSON paths.
        storage_group: the group under which the objects are stored, where another group serves
            the same objects (events.k8s.io stores core events).
        custom_schema: the structure of a kind that a CustomResourceDefinition made; a built-in
            kind has its structure from the API definitions.
        columns: the table of `kubectl get`; `row` fills it.
        defaults: fills in place what the user left out; done to whatever is decoded.
        on_create: what the kind does to a new object beyond the common rules.
        on_update: the same for an update; gets the new and the stored object.
        on_status_update: the same for an update of the status subresource.
        name_rule: what a name may look like.
        check: returns what is wrong with an object beyond its metadata, and with its change from
            the stored one; it may rely on what `defaults` fills in.
        warnings: returns what a client should be told of an object that is accepted.
        selectable: returns the values of the field selectors that the kind knows.
        cells: returns the cells of a table row; `now` ages them.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str = ""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    verbs: tuple[Verb, ...] = ALL_VERBS
    begins_with_status: bool = False
    has_generation: bool = False
    scale_paths: ScalePaths | None = None
    storage_group: str | None = None
    custom_schema: ObjectSchema | None = None
    columns: tuple[Column, ...] = (NAME, CREATED)
    defaults: Callable[[JsonObject], None] = _nothing
    on_create: Callable[[JsonObject], None] = _nothing
    on_update: Callable[[JsonObject, JsonObject], None] = _nothing_on_update
    on_status_update: Callable[[JsonObject, JsonObject], None] = _nothing_on_update
    name_rule: NameRule = dns_subdomain
    check: Callable[[JsonObject, JsonObject | None], list[FieldError]] = _no_errors
    warnings: Callable[[JsonObject, JsonObject | None], list[str]] = _no_warnings
    selectable: Callable[[JsonObject], dict[str, str]] = name_and_namespace
    cells: Callable[[JsonObject, datetime], list[Any]] = _name_and_creation

    def __post_init__(self) -> None:
        object.__setattr__(self, "singular", self.singular or self.kind.lower())
        object.__setattr__(self, "list_kind", self.list_kind or f"{self.kind}List")
        if self.storage_group is None:
            object.__setattr__(self, "storage_group", self.group)

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def schema(self) -> ObjectSchema:
        """The structure of the kind's objects, read at first use."""
        return self.custom_schema or builtin_schema(self.group, self.version, self.kind)

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition made this kind."""
        return self.custom_schema is not None

    @property
    def has_status(self) -> bool:
        """Whether spec and status are written through two paths."""
        return "status" in self.subresources

    def ignored_fields(self, subresource: str) -> frozenset[str]:
        """Return the top-level fields that a write through a path cannot change."""
        if subresource == "status":
            return frozenset({"spec"})
        return frozenset({"status"}) if self.has_status else frozenset()

    def prepare_create(self, obj: JsonObject) -> None:
        """Turn what a client sent into a new object, in place."""
        if self.has_status:
            if not self.begins_with_status:
                obj.pop("status", None)
            if not self.custom and "status" not in obj:
                obj["status"] = zero(self.schema.root.fields["status"].shape)
        if self.has_generation:
            obj["metadata"]["generation"] = 1
        self.on_create(obj)

    def prepare_update(self, new: JsonObject, old: JsonObject) -> None:
        """Keep in `new` what an update of the object may not change: its status above all."""
        if self.has_status:
            _carry(new, old, "status")
        self.on_update(new, old)
        if self.has_generation:
            self._count_generation(new, old)

    def prepare_status_update(self, new: JsonObject, old: JsonObject) -> None:
        """Keep in `new` everything that an update of the status may not change."""
        if self.custom:
            for key in new.keys() | old.keys():
                if key not in {"apiVersion", "kind", "metadata", "status"}:
                    _carry(new, old, key)
        else:
            _carry(new, old, "spec")
        self.on_status_update(new, old)

    def validate(self, obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
        """Return what is wrong with `obj`, and with changing `old` into it."""
        metadata = obj["metadata"]
        if old is None:
            errors = metadata_errors(metadata, namespaced=self.namespaced, name_rule=self.name_rule)
            if "finalizers" in metadata and not self.custom and self.group != _EXTENSIONS:
                errors += unqualified_finalizer_errors(metadata["finalizers"])
            if errors and "name" not in metadata:
                return errors
        else:
            errors = metadata_change_errors(metadata, old["metadata"])
        return errors + self.check(obj, old)

    def fields(self, obj: JsonObject) -> dict[str, str]:
        """Return the values that field selectors compare, by field label."""
        return self.selectable(obj)

    def row(self, obj: JsonObject, now: datetime) -> list[Any]:
        """Return the cells of the object's table row, one for each of `columns`."""
        return self.cells(obj, now)

    def _count_generation(self, new: JsonObject, old: JsonObject) -> None:
        """Count one generation more if the desired state changed.

        A custom object's desired state is everything outside its metadata (its status is the
        stored one here), a built-in one's its spec.
        Source: Kubernetes API conventions, "Metadata".
        """
        if self.custom:
            changed = any(new.get(key) != old.get(key) for key in (new.keys() | old.keys()) - _META)
        else:
            changed = new.get("spec") != old.get("spec")
        generation = old["metadata"].get("generation", 0)
        new["metadata"]["generation"] = generation + 1 if changed else generation
