"""From a request's path to what it is about. Pure.

Source: kubernetes apiserver ``pkg/endpoints/request/requestinfo.go``.
"""

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Route:
    """A path under /api or /apis that goes below a group version.

    Attributes:
        namespace: empty for all namespaces, or for a cluster-scoped resource.
        name: empty for the collection.
    """

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def route(path: str) -> Route | None:
    """Returns what a path names; None if it goes no further than a group version."""
    parts = path.split("/")[1:]
    if parts and not parts[-1]:
        parts.pop()
    if "%" in path:
        parts = list(map(unquote, parts))
    if len(parts) > 2 and parts[0] == "api":
        return _below("", parts[1], parts[2:])
    if len(parts) > 3 and parts[0] == "apis":
        return _below(parts[1], parts[2], parts[3:])
    return None


def _below(group: str, version: str, rest: list[str]) -> Route | None:
    namespace = ""
    # A namespace is an object too, and its subresources are not resources in it.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
        namespace = rest[1]
        rest = rest[2:]
    if len(rest) > 3 or not all(rest):
        return None
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    return Route(group, version, rest[0], namespace, name, subresource)
