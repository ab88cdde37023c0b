"""Adoption and release: which objects a controller manages by its selector; pure.

An object belongs to at most one controller, by its controller reference. One that matches the
selector and has no controller is adopted; one that is managed and no longer matches is released.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Patch
from netcore_cluster.controllers.objects import (
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    owners_of,
    uid_of,
)
from netcore_cluster.kinds.selectors import matches_label_selector


@dataclass(frozen=True, slots=True)
class Claims:
    """What a controller owns, and what would change that."""

    owned: Sequence[Object]
    adoptable: Sequence[Object]
    strayed: Sequence[Object]


def claim(owner: Object, selector: Object | None, candidates: Iterable[Object]) -> Claims:
    """Sort candidates by whether `owner` manages them, should, or should no longer."""
    owned: list[Object] = []
    adoptable: list[Object] = []
    strayed: list[Object] = []
    owner_uid = uid_of(owner)
    for candidate in candidates:
        controller = controller_of(candidate)
        if controller is not None:
            if controller["uid"] == owner_uid:
                matches = matches_label_selector(selector, labels_of(candidate))
                (owned if matches or is_deleting(owner) else strayed).append(candidate)
        elif (
            not is_deleting(owner)
            and not is_deleting(candidate)
            and matches_label_selector(selector, labels_of(candidate))
        ):
            adoptable.append(candidate)
    return Claims(owned, adoptable, strayed)


def settle(claims: Claims, resource: str, reference: Object) -> list[Patch]:
    """Adopt what is adoptable and release what strayed; each only in the version seen.

    Args:
        claims: What `claim` found.
        resource: The resource of the objects claimed.
        reference: The controller reference that the adopted get.
    """
    patches = [
        _with_owners(resource, each, [*owners_of(each), reference]) for each in claims.adoptable
    ]
    for each in claims.strayed:
        kept = [owner for owner in owners_of(each) if owner["uid"] != reference["uid"]]
        patches.append(_with_owners(resource, each, kept))
    return patches


def _with_owners(resource: str, obj: Object, owners: list[Object]) -> Patch:
    key = key_of(obj)
    metadata = {
        "resourceVersion": obj["metadata"]["resourceVersion"],
        "ownerReferences": owners or None,
    }
    return Patch(resource, key.namespace, key.name, {"metadata": metadata})
