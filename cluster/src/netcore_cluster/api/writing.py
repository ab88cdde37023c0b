"""Create, update, patch and delete: from the bytes of a request to a durable object.

Each write reads the latest state, decides and stages without letting go of the event loop, so
nothing can come between; only then it waits for the disk. Whoever writes the same object
meanwhile builds upon the staged state.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from netcore_cluster.api import errors, metadata, ownership
from netcore_cluster.api.admission import Admission
from netcore_cluster.api.deletion import DeleteOptions, mark
from netcore_cluster.api.errors import Object
from netcore_cluster.api.options import WriteOptions
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.sameness import is_same
from netcore_cluster.api.staging import Staging, Written
from netcore_cluster.kinds import Kind
from netcore_cluster.schema.decode import Decoded, decode
from netcore_cluster.schema.errors import FieldError, RefusedError
from netcore_cluster.storage.entry import Entry
from netcore_cluster.storage.store import Store

_MAX_NAME_TRIES = 8

_CREATED_BY_UPDATE = frozenset(
    {
        "endpoints",
        "endpointslices.discovery.k8s.io",
        "events",
        "leases.coordination.k8s.io",
        "limitranges",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
        "runtimeclasses.node.k8s.io",
        "services",
        "volumeattachments.storage.k8s.io",
    }
)
"""Resources of which an update of a missing object creates it.

Source: kubernetes ``pkg/registry/*/strategy.go`` (AllowCreateOnUpdate)."""

RETURNED_WHEN_DELETED = frozenset(
    {
        "pods",
        "services",
        "serviceaccounts",
        "resourcequotas",
        "persistentvolumes",
        "persistentvolumeclaims",
        "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "csidrivers.storage.k8s.io",
    }
)
"""Resources whose delete request is answered with the object even if it is gone.

Source: kubernetes ``pkg/registry/*/storage`` (ReturnDeletedObject)."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brought.

    Attributes:
        content_type: its media type, without parameters.
    """

    data: bytes
    content_type: str = "application/json"


class Writing:
    """The verbs that change objects."""

    def __init__(self, store: Store, admission: Admission) -> None:
        """Writes to `store` what `admission` lets pass."""
        self._store = store
        self._admission = admission
        self._staging = Staging(store, admission)
        self._random = random.Random()

    async def create(
        self, resource: Resource, namespace: str, body: Body, options: WriteOptions, name: str = ""
    ) -> Written:
        """Creates the object of a body; `name` is the one on the URL, if there is one."""
        decoded = self._decode(resource, body, options)
        return await self._staging.finish(
            self._create(resource, namespace, decoded.obj, options, name, decoded.warnings)
        )

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Body,
        options: WriteOptions,
        subresource: str = "",
    ) -> Written:
        """Replaces an object, or the part that a subresource stands for."""
        decoded = self._decode(resource, body, options)
        obj = decoded.obj
        meta = _metadata(obj)
        metadata.place(meta, resource, namespace, name)
        previous = self._store.latest(resource.storage, resource.key(namespace, name))
        if previous is None:
            if subresource or resource.name not in _CREATED_BY_UPDATE or meta.get("uid"):
                raise errors.not_found(resource.kind.plural, resource.kind.group, name)
            written = self._create(resource, namespace, obj, options, name, decoded.warnings)
        else:
            written = self._replace(resource, previous, obj, options, subresource)
            written.warnings += decoded.warnings
        return await self._staging.finish(written)

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Body,
        options: WriteOptions,
        subresource: str = "",
    ) -> Written:
        """Changes an object as a patch says; an apply patch may create it."""
        key = resource.key(namespace, name)
        previous = self._store.latest(resource.storage, key)
        kind = resource.kind
        old = None if previous is None else resource.served(previous)
        if body.content_type.startswith("application/apply-patch"):
            return await self._apply(
                resource, namespace, name, previous, body, options, subresource
            )
        if old is None:
            raise errors.not_found(kind.plural, kind.group, name)
        assert previous is not None
        patched = ownership.patched(
            kind.schema, old, body.data, body.content_type, options.field_validation
        )
        metadata.place(_metadata(patched.obj), resource, namespace, name)
        written = self._replace(resource, previous, patched.obj, options, subresource)
        written.warnings += patched.warnings
        return await self._staging.finish(written)

    async def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions
    ) -> Written:
        """Deletes an object, or marks it to be."""
        previous = self._store.latest(resource.storage, resource.key(namespace, name))
        if previous is None:
            raise errors.not_found(resource.kind.plural, resource.kind.group, name)
        return await self._staging.finish(self.stage_delete(resource, previous, options))

    async def finish(self, written: Written) -> Written:
        """Waits until a staged write is durable.

        Raises:
            ApiError: 500, the disk refused it.
        """
        return await self._staging.finish(written)

    def stage_delete(self, resource: Resource, previous: Entry, options: DeleteOptions) -> Written:
        """Starts the deletion of an object in its latest state."""
        metadata.check_preconditions(
            resource, previous.obj, uid=options.uid, revision=options.revision
        )
        self._admission.check_delete(resource, previous.obj)
        marked = mark(self._admission.hold(resource, previous.obj), options, time.time())
        if metadata.is_released(marked):
            return self._staging.remove(resource, previous, marked, is_dry_run=options.is_dry_run)
        if marked is previous.obj:
            return Written(previous)
        return self._staging.stage(resource, previous, marked, is_dry_run=options.is_dry_run)

    async def change(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        edit: Callable[[Object], Object],
        *,
        is_dry_run: bool = False,
    ) -> Written:
        """Stores what `edit` makes of the latest state, as bindings and the server itself do.

        Args:
            resource: which resource.
            namespace: the object's namespace.
            name: the object's name.
            edit: gets the stored object, which it must not change, and returns the new one with
                a metadata of its own; it raises ApiError to refuse.
            is_dry_run: whether to do everything but the write.
        """
        previous = self._store.latest(resource.storage, resource.key(namespace, name))
        if previous is None:
            raise errors.not_found(resource.kind.plural, resource.kind.group, name)
        new = edit(previous.obj)
        if new is previous.obj:
            return Written(previous)
        if metadata.is_released(new):
            written = self._staging.remove(resource, previous, new, is_dry_run=is_dry_run)
        else:
            written = self._staging.stage(resource, previous, new, is_dry_run=is_dry_run)
        return await self._staging.finish(written)

    # -- one step of a write each; none of them waits ---------------------------------------------

    def _create(
        self,
        resource: Resource,
        namespace: str,
        obj: Object,
        options: WriteOptions,
        name: str,
        warnings: list[str],
    ) -> Written:
        kind = resource.kind
        meta = _metadata(obj)
        metadata.place(meta, resource, namespace, name)
        self._admission.check_namespace(resource, namespace, meta.get("name", ""))
        if kind.has_status and not kind.begins_with_status:
            obj.pop("status", None)
        kind.defaults(obj)
        ownership.record_create(kind, obj, options.manager, metadata.timestamp(time.time()))
        return self._create_prepared(resource, namespace, obj, options, warnings)

    def _create_prepared(
        self,
        resource: Resource,
        namespace: str,
        obj: Object,
        options: WriteOptions,
        warnings: list[str],
    ) -> Written:
        kind = resource.kind
        meta = obj["metadata"]
        is_generated = not meta.get("name") and bool(meta.get("generateName"))
        problems = metadata.begin(meta, now_s=time.time(), source=self._random)
        if problems:
            raise errors.invalid(kind.kind, kind.group, "", problems)
        for _ in range(_MAX_NAME_TRIES if is_generated else 0):
            if self._store.latest(resource.storage, resource.key(namespace, meta["name"])) is None:
                break
            meta["name"] = metadata.generated_name(meta["generateName"], self._random)
        kind.prepare_create(obj)
        warnings += self._admission.complete(resource, obj, None)
        self._check(resource, obj, None, [])
        warnings += kind.warnings(obj, None)
        name = meta["name"]
        key = resource.key(namespace, name)
        if self._store.latest(resource.storage, key) is not None:
            raise errors.already_exists(kind.plural, kind.group, name)
        self._admission.allocate(resource, obj, None, is_dry_run=options.is_dry_run)
        written = self._staging.stage(resource, None, obj, is_dry_run=options.is_dry_run, key=key)
        written.is_new = True
        written.warnings = warnings
        return written

    def _replace(
        self,
        resource: Resource,
        previous: Entry,
        obj: Object,
        options: WriteOptions,
        subresource: str,
    ) -> Written:
        kind = resource.kind
        old = resource.served(previous)
        meta = _metadata(obj)
        self._check_version(resource, old, meta)
        kind.defaults(obj)
        metadata.carry(meta, old["metadata"])
        _prepare(kind, obj, old, subresource)
        ownership.record_update(
            kind, obj, old, options.manager, metadata.timestamp(time.time()), subresource
        )
        return self._replace_prepared(resource, previous, obj, options)

    def _replace_prepared(
        self, resource: Resource, previous: Entry, obj: Object, options: WriteOptions
    ) -> Written:
        old = resource.served(previous)
        meta = obj["metadata"]
        problems = metadata.new_finalizer_errors(meta, old["metadata"])
        warnings = self._admission.complete(resource, obj, old)
        self._check(resource, obj, old, problems)
        warnings += resource.kind.warnings(obj, old)
        if is_same(obj, old):
            return Written(previous, warnings=warnings)
        self._admission.allocate(resource, obj, old, is_dry_run=options.is_dry_run)
        if metadata.is_released(obj):
            written = self._staging.remove(resource, previous, obj, is_dry_run=options.is_dry_run)
        else:
            written = self._staging.stage(resource, previous, obj, is_dry_run=options.is_dry_run)
        written.warnings += warnings
        return written

    async def _apply(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        previous: Entry | None,
        body: Body,
        options: WriteOptions,
        subresource: str,
    ) -> Written:
        kind = resource.kind
        if previous is None and subresource:
            raise errors.not_found(kind.plural, kind.group, name)
        old = None if previous is None else resource.served(previous)
        applied = ownership.applied(
            kind, old, body.data, options, metadata.timestamp(time.time()), subresource
        )
        obj = applied.obj
        meta = _metadata(obj)
        metadata.place(meta, resource, namespace, name)
        if previous is None:
            self._admission.check_namespace(resource, namespace, name)
            if meta.get("uid"):
                problem = (
                    f"uid mismatch: the provided object specified uid {meta['uid']}, "
                    "and no existing object was found"
                )
                raise errors.conflict(kind.plural, kind.group, name, problem)
            kind.defaults(obj)
            written = self._create_prepared(
                resource, namespace, obj, options, list(applied.warnings)
            )
        else:
            assert old is not None
            self._check_version(resource, old, meta)
            kind.defaults(obj)
            metadata.carry(meta, old["metadata"])
            _prepare(kind, obj, old, subresource)
            written = self._replace_prepared(resource, previous, obj, options)
            written.warnings += applied.warnings
        return await self._staging.finish(written)

    # -- checks -----------------------------------------------------------------------------------

    def _check_version(self, resource: Resource, old: Object, meta: Object) -> None:
        kind = resource.kind
        revision = meta.get("resourceVersion")
        if revision and revision != "0" and revision != old["metadata"]["resourceVersion"]:
            raise errors.modified(kind.plural, kind.group, old["metadata"]["name"])
        uid = meta.get("uid")
        if uid and uid != old["metadata"]["uid"]:
            problem = (
                f"Precondition failed: UID in precondition: {uid}, "
                f"UID in object meta: {old['metadata']['uid']}"
            )
            raise errors.conflict(kind.plural, kind.group, old["metadata"]["name"], problem)

    def _check(
        self, resource: Resource, obj: Object, old: Object | None, problems: list[FieldError]
    ) -> None:
        if not problems:
            problems = resource.kind.validate(obj, old)
        if problems:
            kind = resource.kind
            name = obj["metadata"].get("name", "")
            raise errors.invalid(kind.kind, kind.group, name, problems)

    def _decode(self, resource: Resource, body: Body, options: WriteOptions) -> Decoded:
        try:
            return decode(
                resource.kind.schema,
                body.data,
                content_type=body.content_type,
                field_validation=options.field_validation,
            )
        except RefusedError as error:
            raise errors.refused(error) from error


def _prepare(kind: Kind, obj: Object, old: Object, subresource: str) -> None:
    """Keeps in an update what its path does not let it change."""
    if subresource == "status":
        kind.prepare_status_update(obj, old)
    elif subresource == "finalize":
        # The one path on which the finalizers in a namespace's spec may change.
        obj["status"] = old.get("status") or {}
    else:
        kind.prepare_update(obj, old)


def _metadata(obj: Object) -> Object:
    """Returns the object's metadata, which is made if there is none."""
    found = obj.get("metadata")
    if not isinstance(found, dict):
        found = obj["metadata"] = {}
    return found
