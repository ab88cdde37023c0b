"""CustomResourceDefinitions at work: what they define is served from the moment they are stored.

A definition is accepted or refused as it is written, so its conditions are in it from the start.
One that is deleted stays until its objects are gone, for which `cleanup` cares.

Source: apiextensions-apiserver ``pkg/controller/{establish,finalizer,status}``.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.errors import Object, qualified
from netcore_cluster.api.resource import Resource
from netcore_cluster.kinds import Kind
from netcore_cluster.kinds.custom import custom_kinds
from netcore_cluster.schema.decode import settle
from netcore_cluster.schema.patch import clone
from netcore_cluster.storage.entry import Event, EventType
from netcore_cluster.storage.store import Store

RESOURCE = "customresourcedefinitions.apiextensions.k8s.io"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


class Definitions:
    """The definitions in the store, and the resources that they make the catalog serve."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        """Serves what the definitions in `store` define, now and from now on."""
        self._catalog = catalog
        self._store = store
        for entry in store.entries(RESOURCE):
            self._serve(entry.obj)
        store.listen(RESOURCE, self._changed)

    def complete(self, definition: Object, now: str) -> None:
        """Decides on a definition's names and writes the verdict into its status.

        Args:
            definition: new or changed; changed in place.
            now: the time.
        """
        status = definition["status"] = dict(definition.get("status") or {})
        spec = definition["spec"]
        problem = self._name_problem(definition)
        accepted = _condition(
            "NamesAccepted",
            is_true=not problem,
            reason=problem[0] if problem else "NoConflicts",
            message=problem[1] if problem else "no conflicts found",
            now=now,
        )
        was_established = _is_established(definition)
        established = _condition(
            "Established",
            is_true=not problem or was_established,
            reason="InitialNamesAccepted" if not problem or was_established else "NotAccepted",
            message="the initial names have been accepted"
            if not problem or was_established
            else "not all names are accepted",
            now=now,
        )
        status["conditions"] = _merged(status.get("conditions") or [], [accepted, established])
        if not problem or "acceptedNames" not in status:
            blank = {"plural": "", "kind": ""}
            status["acceptedNames"] = blank if problem else _names(spec["names"])
        stored = [version["name"] for version in spec["versions"] if version.get("storage")]
        known = status.get("storedVersions") or []
        status["storedVersions"] = [*known, *(name for name in stored if name not in known)]

    def _name_problem(self, definition: Object) -> tuple[str, str] | None:
        names = definition["spec"]["names"]
        taken = dict(
            self._catalog.custom_names(
                definition["spec"]["group"], besides=definition["metadata"]["name"]
            )
        )
        for reason, found in (
            ("PluralConflict", [names["plural"]]),
            ("SingularConflict", [names.get("singular", "")]),
            ("ShortNamesConflict", names.get("shortNames") or []),
            ("KindConflict", [names["kind"]]),
            ("ListKindConflict", [names.get("listKind", "")]),
        ):
            for name in found:
                if name in taken:
                    return reason, f'"{name}" is already in use'
        return None

    def _changed(self, event: Event) -> None:
        if event.type is EventType.DELETED:
            self._catalog.replace_custom(event.entry.key, [])
        else:
            if event.type is EventType.ADDED:
                spec = event.entry.obj["spec"]
                storage = qualified(spec["names"]["plural"], spec["group"])
                self._store.begin_history(storage, event.revision)
            self._serve(event.entry.obj)

    def _serve(self, definition: Object) -> None:
        name = definition["metadata"]["name"]
        resources: list[Resource] = []
        if _is_established(definition):
            resources += _resources(definition)
        self._catalog.replace_custom(name, resources)


def held(definition: Object) -> Object:
    """Returns a definition that is about to be deleted, held until its objects are gone."""
    meta = definition["metadata"]
    finalizers = meta.get("finalizers") or []
    if "deletionTimestamp" in meta or CLEANUP in finalizers:
        return definition
    return definition | {"metadata": meta | {"finalizers": [*finalizers, CLEANUP]}}


def is_being_cleaned(definition: Object) -> bool:
    """Tells whether a definition waits for its objects to be gone."""
    meta = definition["metadata"]
    return "deletionTimestamp" in meta and CLEANUP in (meta.get("finalizers") or ())


def _resources(definition: Object) -> Iterator[Resource]:
    spec = definition["spec"]
    storage = qualified(spec["names"]["plural"], spec["group"])
    stored = next(version["name"] for version in spec["versions"] if version.get("storage"))
    stored_version = f"{spec['group']}/{stored}"
    # As long as there is one version and it stays as it was, what is stored is what is served.
    is_plain = len(spec["versions"]) == 1 and definition["metadata"].get("generation") == 1
    for kind in custom_kinds(definition):
        yield Resource(
            _while_alive(kind, definition),
            storage,
            to_served=None if is_plain else partial(_settled, kind),
            to_stored=None if is_plain else partial(_renamed, stored_version),
        )


def _while_alive(kind: Kind, definition: Object) -> Kind:
    """Takes the creation of objects away from a definition that is being deleted."""
    if "deletionTimestamp" not in definition["metadata"]:
        return kind
    return replace(kind, verbs=tuple(verb for verb in kind.verbs if verb != "create"))


def _settled(kind: Kind, obj: Object) -> Object:
    """Returns a stored object as a version's schema has it now: pruned, and with its defaults."""
    found = clone(obj) | {"apiVersion": kind.api_version}
    return settle(kind.schema, found, complaints=[], field_validation="Ignore").obj


def _renamed(api_version: str, obj: Object) -> Object:
    return obj | {"apiVersion": api_version}


def _is_established(definition: Object) -> bool:
    return any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in (definition.get("status") or {}).get("conditions") or ()
    )


def _condition(name: str, *, is_true: bool, reason: str, message: str, now: str) -> Object:
    return {
        "type": name,
        "status": "True" if is_true else "False",
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def _merged(old: list[Object], new: list[Object]) -> list[Object]:
    """Returns the conditions with new ones in place of their likes; a verdict keeps its time."""
    found = {condition["type"]: condition for condition in old}
    for condition in new:
        known = found.get(condition["type"])
        if known is not None and known["status"] == condition["status"]:
            condition["lastTransitionTime"] = known["lastTransitionTime"]
        found[condition["type"]] = condition
    return list(found.values())


def _names(names: Object) -> Object:
    return {
        "singular": names["kind"].lower(),
        "listKind": f"{names['kind']}List",
    } | names
