"""Discovery: what is served, in the aggregated form that kubectl reads and the legacy one.

Both are built from the catalog when it has changed and kept as bytes.

Source: KEP-3352 (apidiscovery.k8s.io/v2); apimachinery ``meta/v1`` (APIGroupList,
APIResourceList); client-go ``discovery/aggregated_discovery.go``.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.errors import Object, no_such_path
from netcore_cluster.api.resource import Resource

_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "binding": ("", "v1", "Binding"),
    "eviction": ("policy", "v1", "Eviction"),
}
_POSTED = {"binding", "eviction"}
_SUBRESOURCE_VERBS = ["get", "patch", "update"]


class Discovery:
    """The documents of discovery, each with its ETag."""

    def __init__(self, catalog: Catalog) -> None:
        """Describes what `catalog` serves."""
        self._catalog = catalog
        self._generation = -1
        self._documents: dict[str, tuple[bytes, str]] = {}

    def aggregated(self, *, is_core: bool, version: str) -> tuple[bytes, str]:
        """Returns all groups (or the core group alone) with their resources, and the ETag.

        Args:
            is_core: the core group, which is served under /api, or all others.
            version: ``v2`` or ``v2beta1`` of apidiscovery.k8s.io.
        """
        return self._document(
            f"aggregated/{version}/{'api' if is_core else 'apis'}",
            lambda: self._aggregated(is_core=is_core, version=version),
        )

    def core_versions(self, address: str) -> bytes:
        """Returns the versions of the core group; `address` is where clients reach the server."""
        found = {
            "kind": "APIVersions",
            "versions": list(self._catalog.versions().get("", {})),
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
        }
        return orjson.dumps(found)

    def groups(self) -> bytes:
        """Returns the names and versions of all groups but the core group."""
        return self._document("groups", self._groups)[0]

    def group(self, name: str) -> bytes:
        """Returns the versions of one group.

        Raises:
            ApiError: 404, there is no such group.
        """
        versions = self._catalog.versions().get(name) if name else None
        if versions is None:
            raise no_such_path()
        return orjson.dumps({"kind": "APIGroup", "apiVersion": "v1"} | _group(name, versions))

    def resources(self, group: str, version: str) -> bytes:
        """Returns the resources of one version of a group.

        Raises:
            ApiError: 404, there is no such version.
        """
        found = self._catalog.versions().get(group, {}).get(version)
        if found is None:
            raise no_such_path()
        return self._document(f"{group}/{version}", lambda: _resource_list(found))[0]

    def _document(self, name: str, build: Callable[[], Object]) -> tuple[bytes, str]:
        if self._generation != self._catalog.generation:
            self._documents.clear()
            self._generation = self._catalog.generation
        found = self._documents.get(name)
        if found is None:
            text = orjson.dumps(build())
            found = self._documents[name] = text, _etag(text)
        return found

    def _aggregated(self, *, is_core: bool, version: str) -> Object:
        items = []
        for group, versions in self._catalog.versions().items():
            if (group == "") is not is_core:
                continue
            items.append(
                {
                    "metadata": {"name": group, "creationTimestamp": None}
                    if group
                    else {"creationTimestamp": None},
                    "versions": [
                        {
                            "version": name,
                            "resources": [_aggregated_resource(found) for found in resources],
                            "freshness": "Current",
                        }
                        for name, resources in versions.items()
                    ],
                }
            )
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": f"apidiscovery.k8s.io/{version}",
            "metadata": {},
            "items": items,
        }

    def _groups(self) -> Object:
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [
                _group(name, versions)
                for name, versions in self._catalog.versions().items()
                if name
            ],
        }


def _group(name: str, versions: dict[str, list[Resource]]) -> Object:
    found = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": found, "preferredVersion": found[0]}


def _subresource_kind(resource: Resource, subresource: str) -> tuple[str, str, str]:
    kind = resource.kind
    return _SUBRESOURCE_KINDS.get(subresource) or (kind.group, kind.version, kind.kind)


def _subresource_verbs(subresource: str) -> list[str]:
    if subresource in _POSTED:
        return ["create"]
    return ["update"] if subresource == "finalize" else _SUBRESOURCE_VERBS


def _aggregated_resource(resource: Resource) -> Object:
    kind = resource.kind
    found: Object = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": sorted(kind.verbs),
    }
    _add_names(found, resource)
    if kind.subresources:
        found["subresources"] = [
            {
                "subresource": subresource,
                "responseKind": dict(
                    zip(
                        ("group", "version", "kind"),
                        _subresource_kind(resource, subresource),
                        strict=True,
                    )
                ),
                "verbs": _subresource_verbs(subresource),
            }
            for subresource in kind.subresources
        ]
    return found


def _resource_list(resources: list[Resource]) -> Object:
    kind = resources[0].kind
    listed: list[Object] = []
    for resource in resources:
        listed.extend(_legacy_resources(resource))
    listed.sort(key=lambda found: str(found["name"]))
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": kind.api_version,
        "resources": listed,
    }


def _legacy_resources(resource: Resource) -> list[Object]:
    kind = resource.kind
    found: Object = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": sorted(kind.verbs),
    }
    _add_names(found, resource)
    found["storageVersionHash"] = _etag(resource.storage.encode())[1:13]
    listed = [found]
    for subresource in kind.subresources:
        group, version, name = _subresource_kind(resource, subresource)
        part: Object = {
            "name": f"{kind.plural}/{subresource}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": name,
            "verbs": _subresource_verbs(subresource),
        }
        if (group, version) != (kind.group, kind.version):
            part |= {"group": group, "version": version}
        listed.append(part)
    return listed


def _add_names(found: dict[str, Any], resource: Resource) -> None:
    kind = resource.kind
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)


def _etag(text: bytes) -> str:
    return f'"{hashlib.sha256(text).hexdigest().upper()}"'
