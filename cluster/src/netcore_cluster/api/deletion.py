"""What a delete request does to an object: gone at once, marked and kept, or nothing new. Pure.

Source: kubernetes apiserver ``pkg/registry/rest/delete.go`` and ``generic/registry/store.go``
(BeforeDelete, deletionFinalizersForGarbageCollection); ``pkg/registry/core/pod/strategy.go``
(CheckGracefulDelete).
"""

from dataclasses import dataclass
from datetime import datetime

from netcore_cluster.api.errors import Object, bad_request
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.api.options import Query, is_dry_run, option_error
from netcore_cluster.schema import errors as field_errors

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_DEFAULT_GRACE_S = 30


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How an object is to be deleted.

    Attributes:
        grace_s: seconds between the mark and the removal; None: what the object says.
        propagation: ``Background``, ``Foreground``, ``Orphan``, or empty.
        uid: the object's uid must be this one; empty for any.
        revision: the object's resourceVersion must be this one; empty for any.
    """

    grace_s: int | None = None
    propagation: str = ""
    uid: str = ""
    revision: str = ""
    is_dry_run: bool = False


def delete_options(body: Object | None, query: Query) -> DeleteOptions:
    """Returns the options of a delete request; a body outranks the query.

    Raises:
        ApiError: 400 or 422, the options make no sense.
    """
    options = dict(body or {})
    if body is None or not body.keys() - {"kind", "apiVersion"}:
        for name in ("propagationPolicy", "dryRun", "orphanDependents"):
            if name in query:
                options[name] = query[name]
        if "gracePeriodSeconds" in query:
            options["gracePeriodSeconds"] = query["gracePeriodSeconds"]
    preconditions = options.get("preconditions") or {}
    propagation = options.get("propagationPolicy") or ""
    orphans = options.get("orphanDependents")
    if orphans is not None:
        if propagation:
            problem = "orphanDependents and deletionPropagation cannot be both set"
            raise option_error(
                "DeleteOptions",
                field_errors.invalid("propagationPolicy", propagation, problem),
            )
        propagation = "Orphan" if orphans in {True, "true"} else "Background"
    if propagation not in {"", "Background", "Foreground", "Orphan"}:
        supported = ["Foreground", "Background", "Orphan", "nil"]
        raise option_error(
            "DeleteOptions", field_errors.unsupported("propagationPolicy", propagation, supported)
        )
    grace = options.get("gracePeriodSeconds")
    try:
        grace_s = None if grace is None else int(grace)
    except (TypeError, ValueError):
        raise bad_request(f"gracePeriodSeconds is no integer: {grace!r}") from None
    dry_run = options.get("dryRun")
    if isinstance(dry_run, list):
        dry_run = dry_run[0] if dry_run else None
    return DeleteOptions(
        grace_s=grace_s,
        propagation=propagation,
        uid=preconditions.get("uid") or "",
        revision=preconditions.get("resourceVersion") or "",
        is_dry_run=is_dry_run(dry_run),
    )


def mark(obj: Object, options: DeleteOptions, now_s: float) -> Object:
    """Returns the object as the delete request leaves it.

    Args:
        obj: the present state; not changed. Returned itself if nothing changes.
        options: how it is to be deleted.
        now_s: the time, in seconds since the epoch.

    Returns:
        An object that `is_released` calls free is to be removed; any other one is to be stored.
    """
    metadata = obj["metadata"]
    marked = dict(metadata)
    _mark_finalizers(marked, options)
    grace_s = _grace_s(obj, options)
    if "deletionTimestamp" not in metadata:
        marked["deletionTimestamp"] = timestamp(now_s + grace_s)
        marked["deletionGracePeriodSeconds"] = grace_s
        if marked.get("generation"):
            marked["generation"] += 1
    else:
        old_grace_s = metadata.get("deletionGracePeriodSeconds") or 0
        if options.grace_s is not None and grace_s < old_grace_s:
            due_s = datetime.fromisoformat(metadata["deletionTimestamp"]).timestamp()
            marked["deletionTimestamp"] = timestamp(due_s - old_grace_s + grace_s)
            marked["deletionGracePeriodSeconds"] = grace_s
    if marked == metadata:
        return obj
    found = obj | {"metadata": marked}
    if obj["kind"] == "Namespace":
        found["status"] = (obj.get("status") or {}) | {"phase": "Terminating"}
    return found


def _grace_s(obj: Object, options: DeleteOptions) -> int:
    """Returns the seconds that the object is given: only pods know any."""
    if obj["kind"] != "Pod" or obj["apiVersion"] != "v1":
        return 0
    spec = obj.get("spec") or {}
    if not spec.get("nodeName") or (obj.get("status") or {}).get("phase") in {
        "Succeeded",
        "Failed",
    }:
        return 0
    asked = options.grace_s
    if asked is None:
        asked = spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_S)
    return asked if asked >= 0 else 1


def _mark_finalizers(metadata: Object, options: DeleteOptions) -> None:
    """Adds or takes away the two finalizers that the garbage collector obeys."""
    finalizers = list(metadata.get("finalizers") or ())
    if options.propagation:
        wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(options.propagation)
        finalizers = [name for name in finalizers if name not in {ORPHAN, FOREGROUND}]
        if wanted:
            finalizers.append(wanted)
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
