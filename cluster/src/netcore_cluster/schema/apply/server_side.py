"""Server-side apply: an object becomes what a manager declares, as far as it is theirs.

The declared fields are merged into the object and become the manager's. A field that somebody
else owns with another value is a conflict; with the same value it is owned by both. What the
manager declared the last time and does not now is removed, unless somebody else owns it.

Source: Kubernetes documentation, "Server-Side Apply", and the semantics of structured-merge-diff.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson

from netcore_cluster.schema.apply.compare import compare
from netcore_cluster.schema.apply.field_sets import (
    FieldSet,
    difference,
    intersection,
    paths,
    union,
)
from netcore_cluster.schema.apply.managers import (
    APPLY,
    UPDATE,
    ManagerId,
    Managers,
    Owned,
    manager_id,
    ownable,
)
from netcore_cluster.schema.apply.merge import config_errors, merge, without
from netcore_cluster.schema.apply.update import own
from netcore_cluster.schema.apply.walk import (
    field_set,
    new_field_set,
    reconciled,
    with_named_fields,
)
from netcore_cluster.schema.decode import Decoded, FieldValidation, load, settle
from netcore_cluster.schema.errors import ApplyConflictError, BadRequestError, RefusedError
from netcore_cluster.schema.structure import ObjectSchema

JsonObject = dict[str, Any]

_BEFORE_FIRST_APPLY = "before-first-apply"
_KUBECTL = "kubectl"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Applier:
    """Who applies, and how.

    Attributes:
        manager: the field manager.
        time: when, as RFC 3339 text.
        force: whether to take fields that others own.
        subresource: through which subresource; empty: through the object itself.
        ignored: top-level fields that cannot be written this way, such as `status`.
    """

    manager: str
    time: str
    force: bool = False
    subresource: str = ""
    ignored: frozenset[str] = field(default=frozenset())


def server_side_apply(
    schema: ObjectSchema,
    live: JsonObject | None,
    patch: bytes,
    applier: Applier,
    *,
    field_validation: FieldValidation = "Warn",
) -> Decoded:
    """Return the object after an apply request, with its managedFields and without new defaults.

    Args:
        schema: the structure of the object.
        live: the stored object, which is not changed; None: there is none yet.
        patch: the configuration, as YAML or JSON.
        applier: who applies, and how.
        field_validation: what to do about repeated fields; unknown ones are always refused.

    Raises:
        BadRequestError: the body is no configuration of this kind.
        RefusedError: 500 (as the real server answers), the configuration breaks the structure.
        ApplyConflictError: fields belong to other managers, and `force` is not set.
    """
    config, warnings = _load(schema, patch, field_validation)
    merging = _Apply(schema, live, config, applier)
    try:
        merged = merging.run(force=applier.force)
    except ApplyConflictError:
        merging.excuse_client_side_apply()
        merged = merging.run(force=True)
    merging.sync_last_applied(merged)
    settled = settle(schema, merged, complaints=[], field_validation="Ignore")
    return Decoded(settled.obj, warnings)


class _Apply:
    """One apply request against one state of the object."""

    def __init__(
        self,
        schema: ObjectSchema,
        live: JsonObject | None,
        config: JsonObject,
        applier: Applier,
    ) -> None:
        self.schema = schema
        self.shape = schema.root
        self.config = config
        self.applier = applier
        self.is_new = live is None
        metadata = dict((live or {}).get("metadata", {}))
        self.entries = metadata.pop("managedFields", None)
        self.live: JsonObject = (live or {}) | {"metadata": metadata}
        self.conflicts: dict[ManagerId, FieldSet] = {}

    def run(self, *, force: bool) -> JsonObject:
        """Return the merged object with its managedFields.

        Raises:
            ApplyConflictError: fields belong to others, and `force` is not set.
        """
        managers = self._managers()
        name = manager_id(self.applier.manager, APPLY, "", self.applier.subresource)
        before = managers.owned.get(name)
        last = before.fields if before else {}
        declared = {
            key: node
            for key, node in field_set(self.shape, self.config).items()
            if key.removeprefix("f:") not in self.applier.ignored
        }
        managers.owned[name] = Owned(
            declared, self.schema.api_version, before.time if before else ""
        )
        merged = merge(self.shape, self.live, self.config)
        merged = self._without_abandoned(merged, last, managers)
        comparison = compare(self.shape, self.live, merged).without(
            {f"f:{key}": {} for key in self.applier.ignored}
        )
        self._settle_conflicts(managers, name, comparison.set_by_new, force=force)
        managers.disown(comparison.removed, but=name)
        managers.owned[name].fields = ownable(declared)
        if merged != self.live:
            managers.owned[name].time = self.applier.time
        if not managers.owned[name].fields:
            del managers.owned[name]
        entries = managers.entries()
        metadata = dict(merged["metadata"])
        if entries:
            metadata["managedFields"] = entries
        result: JsonObject = orjson.loads(orjson.dumps(merged | {"metadata": metadata}))
        return result

    def _managers(self) -> Managers:
        """Return the managers of the live object; if nobody did, somebody manages it from now."""
        managers = Managers.of(self.entries)
        for owned in managers.owned.values():
            owned.fields = reconciled(self.shape, owned.fields)
        if not managers.owned and not self.is_new:
            fields = ownable(new_field_set(self.shape, self.live))
            version = self.schema.api_version
            name = manager_id(_BEFORE_FIRST_APPLY, UPDATE, version, self.applier.subresource)
            own(managers, name, Owned(fields, version, self.applier.time))
        return managers

    def _without_abandoned(
        self, merged: JsonObject, last: FieldSet, managers: Managers
    ) -> JsonObject:
        """Return the merged object without what the manager declared before and nobody owns now."""
        if not last:
            return merged
        shape = self.shape
        named_last = with_named_fields(shape, last)
        pruned = without(shape, merged, named_last)
        everything = with_named_fields(shape, field_set(shape, merged))
        owned: FieldSet = {}
        for manager in managers.owned.values():
            owned = union(owned, manager.fields)
        kept = union(
            with_named_fields(shape, field_set(shape, pruned)), with_named_fields(shape, owned)
        )
        pruned = without(shape, merged, difference(everything, kept))
        kept = with_named_fields(shape, field_set(shape, pruned))
        # Only what the manager itself had may go; what is nobody's stays.
        abandoned = intersection(difference(everything, kept), named_last)
        result: JsonObject = without(shape, merged, abandoned)
        return result

    def _settle_conflicts(
        self, managers: Managers, name: ManagerId, changed: FieldSet, *, force: bool
    ) -> None:
        """Take changed fields from other managers, or refuse to.

        Raises:
            ApplyConflictError: others own changed fields, and `force` is not set.
        """
        self.conflicts = {}
        for other, owned in managers.owned.items():
            if other != name:
                common = intersection(owned.fields, changed)
                if common:
                    self.conflicts[other] = common
        if self.conflicts and not force:
            raise _conflict(self.conflicts, managers)
        for other, common in self.conflicts.items():
            rest = difference(managers.owned[other].fields, common)
            if rest:
                managers.owned[other].fields = rest
            else:
                del managers.owned[other]

    def excuse_client_side_apply(self) -> None:
        """Forgive conflicts about fields that kubectl itself set by applying on the client's side.

        Its last configuration stands in an annotation. As long as the object still has those
        values, moving to server-side apply takes nothing from anybody.

        Raises:
            ApplyConflictError: there are other conflicts, which it names.
        """
        allowed = self._last_applied_and_unchanged()
        managers = self._managers()
        remaining = {
            name: rest
            for name, fields in self.conflicts.items()
            if (rest := difference(fields, allowed))
        }
        if remaining:
            raise _conflict(remaining, managers)

    def _last_applied_and_unchanged(self) -> FieldSet:
        if self.applier.manager != _KUBECTL:
            return {}
        text = self.live["metadata"].get("annotations", {}).get(_LAST_APPLIED)
        try:
            last = orjson.loads(text) if text else None
        except orjson.JSONDecodeError:
            return {}
        if not isinstance(last, dict) or last.get("apiVersion") != self.schema.api_version:
            return {}
        if config_errors(self.shape, last):
            return {}
        unchanged = field_set(self.shape, last)
        for part in compare(self.shape, last, self.live):
            unchanged = difference(unchanged, part)
        return unchanged

    def sync_last_applied(self, merged: JsonObject) -> None:
        """Keep the annotation of client-side apply in step, so that users may go back to it."""
        annotations = merged["metadata"].get("annotations", {})
        if self.applier.manager != _KUBECTL or not annotations.get(_LAST_APPLIED):
            return
        config = dict(self.config)
        metadata = dict(config.get("metadata", {}))
        if "annotations" in metadata:
            metadata["annotations"] = {
                key: value for key, value in metadata["annotations"].items() if key != _LAST_APPLIED
            }
        config["metadata"] = metadata
        text = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode() + "\n"
        annotations[_LAST_APPLIED] = text


def _load(
    schema: ObjectSchema, patch: bytes, field_validation: FieldValidation
) -> tuple[JsonObject, list[str]]:
    """Return the configuration of a request, and what to warn of."""
    is_json = patch.lstrip()[:1] in {b"{", b"["}
    try:
        config, complaints = load(
            patch,
            content_type="application/json" if is_json else "application/yaml",
            look_for_duplicates=field_validation != "Ignore",
        )
    except BadRequestError as error:
        raise BadRequestError(f"error decoding YAML: {error.message}") from error
    if complaints and field_validation == "Strict":
        raise BadRequestError(f"error strict decoding YAML: {', '.join(complaints)}")
    if type(config) is not dict:
        raise BadRequestError("error decoding YAML: the configuration must be an object")
    if config.get("apiVersion") != schema.api_version or config.get("kind") != schema.kind:
        raise BadRequestError(f"invalid object type: {_identity(config)}")
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise BadRequestError("metadata.managedFields must be nil")
    errors = config_errors(schema.root, config)
    if errors:
        raise _misfit(config, errors)
    return config, complaints if field_validation == "Warn" else []


def _identity(config: JsonObject) -> str:
    """Return what a configuration says it is, as the API spells it."""
    group, slash, version = str(config.get("apiVersion") or "").rpartition("/")
    return f"{group}{slash or '/'}{version}, Kind={config.get('kind') or ''}"


def _misfit(config: JsonObject, errors: list[str]) -> RefusedError:
    metadata = config.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    listed = errors[0] if len(errors) == 1 else "errors:\n  " + "\n  ".join(errors)
    return RefusedError(
        500,
        "",
        f"failed to create typed patch object ({named.get('namespace', '')}/"
        f"{named.get('name', '')}; {_identity(config)}): {listed}",
    )


def _conflict(conflicts: dict[ManagerId, FieldSet], managers: Managers) -> ApplyConflictError:
    """Return the error that names every conflicting field and who owns it."""
    listed = []
    for name in sorted(conflicts):
        told = _told(name, managers.owned[name].api_version)
        listed += [(told, path) for path in paths(conflicts[name])]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {told}", "field": path}
        for told, path in listed
    ]
    if len(listed) == 1:
        told, path = listed[0]
        return ApplyConflictError(
            f"Apply failed with 1 conflict: conflict with {told}: {path}", causes
        )
    lines = []
    for told in dict.fromkeys(told for told, _ in listed):
        lines.append(f"conflicts with {told}:")
        lines += [f"- {path}" for owner, path in listed if owner == told]
    return ApplyConflictError(
        f"Apply failed with {len(listed)} conflicts: " + "\n".join(lines), causes
    )


def _told(name: ManagerId, api_version: str) -> str:
    text = f'"{name.manager}"'
    if name.subresource:
        text += f' with subresource "{name.subresource}"'
    if name.operation == UPDATE:
        text += f" using {api_version}"
    return text
