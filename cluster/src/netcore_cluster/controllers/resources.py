"""Which resources the cluster has: the built-in ones, and those that definitions add; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import condition_of
from netcore_cluster.kinds import BUILTIN

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"

# The second name of the same objects.
_ALIASES: Final = frozenset({"events.events.k8s.io"})

# Too short-lived to own anything or to be owned.
_UNWATCHED: Final = frozenset({"events"})


class KindName(NamedTuple):
    """How owner references name a kind; which version says nothing about what is stored."""

    group: str
    kind: str


@dataclass(frozen=True, slots=True)
class ServedResource:
    """A resource whose objects are listed, watched and deleted.

    Attributes:
        name: As the client takes it: `pods`, `deployments.apps`.
        is_watched: Whether the garbage collector needs to know its objects.
    """

    name: str
    kind: KindName
    plural: str
    namespaced: bool
    is_watched: bool = True


class ResourceTable:
    """What the cluster serves at present."""

    def __init__(self) -> None:
        self._builtin = list(builtin_resources())
        self._resources: Sequence[ServedResource] = []
        self.define(())

    def __iter__(self) -> Iterator[ServedResource]:
        return iter(self._resources)

    def define(self, definitions: Iterable[Object]) -> None:
        """Take in all definitions of custom resources there are."""
        self._resources = [*self._builtin, *defined_resources(definitions)]
        self._by_name = {each.name: each for each in self._resources}
        self._by_kind = {each.kind: each for each in self._resources}

    def named(self, name: str) -> ServedResource | None:
        """The resource of that name."""
        return self._by_name.get(name)

    def of_kind(self, kind: KindName) -> ServedResource | None:
        """The resource whose objects are of that kind."""
        return self._by_kind.get(kind)


def builtin_resources() -> Sequence[ServedResource]:
    """What is served before any definition is created."""
    return [
        _resource(kind.group, kind.kind, kind.plural, namespaced=kind.namespaced)
        for kind in BUILTIN
        if {"list", "watch", "delete"} <= set(kind.verbs)
        and _name(kind.group, kind.plural) not in _ALIASES
    ]


def defined_resources(definitions: Iterable[Object]) -> Sequence[ServedResource]:
    """What established definitions of custom resources add."""
    found = []
    for definition in definitions:
        established = condition_of(definition, "Established")
        if established is not None and established["status"] == "True":
            spec = definition["spec"]
            names = spec["names"]
            is_namespaced = spec["scope"] == "Namespaced"
            found.append(
                _resource(spec["group"], names["kind"], names["plural"], namespaced=is_namespaced)
            )
    return found


def kind_name(reference: Object) -> KindName:
    """The kind that an owner reference names."""
    group, _, _ = reference["apiVersion"].rpartition("/")
    return KindName(group, reference["kind"])


def _resource(group: str, kind: str, plural: str, *, namespaced: bool) -> ServedResource:
    name = _name(group, plural)
    is_watched = name not in _UNWATCHED
    return ServedResource(name, KindName(group, kind), plural, namespaced, is_watched)


def _name(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural
