"""The last step of every write: to the store, or past it if it is a dry run."""

from dataclasses import dataclass, field

from netcore_cluster.api import errors
from netcore_cluster.api.admission import Admission
from netcore_cluster.api.errors import Object
from netcore_cluster.api.resource import Resource
from netcore_cluster.storage.entry import Change, Entry
from netcore_cluster.storage.sqlite import StorageError
from netcore_cluster.storage.store import Store


@dataclass(slots=True)
class Written:
    """The outcome of a write.

    Attributes:
        entry: the object after it; for one that is gone, its last state.
        is_new: whether the write created it.
        is_gone: whether the write removed it.
        warnings: what the client should be told.
    """

    entry: Entry
    is_new: bool = False
    is_gone: bool = False
    warnings: list[str] = field(default_factory=list)
    change: Change | None = None


class Staging:
    """Stages writes that are decided."""

    def __init__(self, store: Store, admission: Admission) -> None:
        """Writes to `store`; gives back to `admission` what deleted objects had."""
        self._store = store
        self._admission = admission

    def stage(
        self,
        resource: Resource,
        previous: Entry | None,
        obj: Object,
        *,
        is_dry_run: bool,
        key: str = "",
    ) -> Written:
        """Stages a new state of an object.

        Args:
            resource: which resource.
            previous: the latest state; None creates the object.
            obj: the new state, taken over.
            is_dry_run: whether to stop short of the store.
            key: the key of a new object.

        Raises:
            ApiError: 500, the disk failed earlier.
        """
        if resource.to_stored is not None and obj["apiVersion"] == resource.kind.api_version:
            obj = resource.to_stored(obj)
        key = previous.key if previous is not None else key
        # kind and apiVersion first, as everybody writes them; lists can then leave them out.
        obj = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": None} | obj
        if is_dry_run:
            revision = previous.revision if previous is not None else 0
            return Written(Entry(key, revision, obj))
        change = self._submit(resource, key, obj, previous)
        assert change.entry is not None
        return Written(change.entry, change=change)

    def remove(
        self,
        resource: Resource,
        previous: Entry,
        last: Object,
        *,
        is_dry_run: bool,
    ) -> Written:
        """Stages the removal of an object; `last` is what the client is told that it was.

        Raises:
            ApiError: 500, the disk failed earlier.
        """
        if is_dry_run:
            return Written(Entry(previous.key, previous.revision, last), is_gone=True)
        change = self._submit(resource, previous.key, None, previous)
        meta = last["metadata"] | {"resourceVersion": str(change.revision)}
        gone = Entry(previous.key, change.revision, last | {"metadata": meta})
        self._admission.release(resource, previous.obj)
        return Written(gone, is_gone=True, change=change)

    def _submit(
        self, resource: Resource, key: str, obj: Object | None, previous: Entry | None
    ) -> Change:
        try:
            return self._store.stage(
                resource.storage,
                key,
                obj,
                previous=previous,
                ttl_s=resource.ttl_s,
                is_patient=resource.is_patient,
            )
        except StorageError as error:
            raise errors.internal(str(error)) from error

    async def finish(self, written: Written) -> Written:
        """Waits until a staged write is durable.

        Raises:
            ApiError: 500, the disk refused it.
        """
        if written.change is not None:
            try:
                await self._store.durable(written.change)
            except StorageError as error:
                raise errors.internal(str(error)) from error
        return written
