"""What is served at this moment: built-in resources, and those of CustomResourceDefinitions."""

from collections.abc import Iterable, Iterator

from netcore_cluster.api import event_versions
from netcore_cluster.api.errors import no_such_path, qualified
from netcore_cluster.api.resource import Resource
from netcore_cluster.kinds import BUILTIN, Kind

EVENT_TTL_S = 3600.0
"""Source: kube-apiserver ``--event-ttl``."""


class Catalog:
    """Resources by group, version and plural. Custom ones come and go while the server runs."""

    def __init__(self) -> None:
        """Starts with the built-in resources."""
        self.generation = 0
        self._served: dict[tuple[str, str, str], Resource] = {}
        self._preferred: dict[str, Resource] = {}
        self._custom: dict[str, list[Resource]] = {}
        for kind in BUILTIN:
            self._add(_builtin(kind))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Returns the resource served there, or None."""
        return self._served.get((group, version, plural))

    def named(self, name: str) -> Resource:
        """Returns a resource by kubectl's name for it, in its preferred version.

        Raises:
            ApiError: 404, nothing of that name is served.
        """
        found = self._preferred.get(name)
        if found is None:
            raise no_such_path()
        return found

    def of_kind(self, group: str, kind: str) -> Resource | None:
        """Returns the resource of a kind in its preferred version, or None."""
        for resource in self._preferred.values():
            if resource.kind.group == group and resource.kind.kind == kind:
                return resource
        return None

    def __iter__(self) -> Iterator[Resource]:
        """All served resources: the core group first, then the others in order of arrival."""
        return iter(self._served.values())

    def versions(self) -> dict[str, dict[str, list[Resource]]]:
        """Returns what is served: by group, and in it by version, the preferred one first."""
        found: dict[str, dict[str, list[Resource]]] = {}
        for resource in self._served.values():
            group = found.setdefault(resource.kind.group, {})
            group.setdefault(resource.kind.version, []).append(resource)
        return {
            group: {
                version: versions[version] for version in sorted(versions, key=version_priority)
            }
            for group, versions in found.items()
        }

    def replace_custom(self, definition: str, resources: Iterable[Resource]) -> None:
        """Serves what a CustomResourceDefinition defines now, in place of what it did before.

        Args:
            definition: name of the definition.
            resources: one for each served version; none if the definition is gone.
        """
        for old in self._custom.pop(definition, ()):
            del self._served[old.kind.group, old.kind.version, old.kind.plural]
            self._preferred.pop(old.name, None)
        new = list(resources)
        if new:
            self._custom[definition] = new
        for resource in new:
            self._add(resource)
        self.generation += 1

    def custom_names(self, group: str, *, besides: str) -> Iterator[tuple[str, str]]:
        """Yields (name, definition) of every name and kind that custom resources use in a group.

        Args:
            group: which group.
            besides: a definition whose own names do not count.
        """
        for definition, resources in self._custom.items():
            for resource in resources:
                kind = resource.kind
                if kind.group == group and definition != besides:
                    names = (kind.plural, kind.singular, *kind.short_names)
                    yield from ((name, definition) for name in (*names, kind.kind, kind.list_kind))

    def _add(self, resource: Resource) -> None:
        kind = resource.kind
        self._served[kind.group, kind.version, kind.plural] = resource
        known = self._preferred.get(resource.name)
        if known is None or version_priority(kind.version) < version_priority(known.kind.version):
            self._preferred[resource.name] = resource


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Returns a sort key that puts v2 before v1 before v1beta2 before v1alpha1 before the rest.

    Source: apimachinery ``pkg/version`` (CompareKubeAwareVersionStrings).
    """
    digits, _, rest = version.removeprefix("v").partition("beta")
    stage = 1
    if not rest and "alpha" in version:
        digits, _, rest = version.removeprefix("v").partition("alpha")
        stage = 2
    elif not rest:
        stage = 0
    if not version.startswith("v") or not digits.isdigit() or (rest and not rest.isdigit()):
        return (3, 0, 0, version)
    return (stage, -int(digits), -int(rest or 0), version)


def _builtin(kind: Kind) -> Resource:
    storage = qualified(kind.plural, kind.storage_group or "")
    if kind.kind == "Event":
        if kind.group:
            return Resource(
                kind,
                storage,
                to_served=event_versions.to_events_group,
                to_stored=event_versions.to_core_group,
                ttl_s=EVENT_TTL_S,
                is_patient=True,
            )
        return Resource(kind, storage, ttl_s=EVENT_TTL_S, is_patient=True)
    return Resource(kind, storage, is_patient=kind.kind == "Lease")
