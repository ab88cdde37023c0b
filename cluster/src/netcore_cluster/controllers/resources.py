"""Which resources the cluster has: the built-in ones, and those that definitions add; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import condition_of
from netcore_cluster.kinds import BUILTIN

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"

# Served twice over, or too short-lived to own anything or to be owned.
_LEFT_OUT: Final = frozenset({"events", "events.events.k8s.io"})


class KindName(NamedTuple):
    """How owner references name a kind; which version says nothing about what is stored."""

    group: str
    kind: str


@dataclass(frozen=True, slots=True)
class ServedResource:
    """A resource whose objects are listed, watched and deleted.

    Attributes:
        name: As the client takes it: `pods`, `deployments.apps`.
    """

    name: str
    kind: KindName
    plural: str
    namespaced: bool


def builtin_resources() -> Sequence[ServedResource]:
    """What is served before any definition is created, but Events."""
    return [
        _resource(kind.group, kind.kind, kind.plural, namespaced=kind.namespaced)
        for kind in BUILTIN
        if {"list", "watch", "delete"} <= set(kind.verbs)
        and _name(kind.group, kind.plural) not in _LEFT_OUT
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
    return ServedResource(_name(group, plural), KindName(group, kind), plural, namespaced)


def _name(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural
