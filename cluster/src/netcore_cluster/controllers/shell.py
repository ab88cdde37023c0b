"""Runs a controller: takes keys from its queue, performs what it decides, learns the answers."""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final, Generic, TypeVar, cast

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.actions import (
    Action,
    Create,
    Delete,
    Emit,
    Patch,
    Requeue,
    Update,
    Write,
)
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import EVERY_RESOURCE, Controller
from netcore_cluster.controllers.event_poster import EventPoster
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.keyed_queue import KeyedQueue
from netcore_cluster.controllers.objects import Key, key_of

_LOG: Final = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
O = TypeVar("O")  # noqa: E741  (what was observed)

# A key rests ten times as long as its reconcile took: no key takes over a tenth of the processor.
_REST_FACTOR: Final = 10.0


class ControllerShell(Generic[K, O]):
    """One controller's queue and the tasks that work on it."""

    def __init__(
        self,
        controller: Controller[K, O],
        client: Client,
        hub: Hub,
        poster: EventPoster,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listens to the hub from now on; `run` starts the work.

        Args:
            controller: What decides.
            client: What carries it out.
            hub: The caches that the controller looks at, and whence it hears of changes.
            poster: What writes its events.
            clock: Unix seconds, for what is written.
            steady: Seconds that no one sets, for what is waited for.
        """
        self._controller: Final = controller
        self._client: Final = client
        self._hub: Final = hub
        self._poster: Final = poster
        self._clock: Final = clock
        self._steady: Final = steady
        self._interests: Final = dict(controller.interests())
        self._queue: Final[KeyedQueue[K]] = KeyedQueue()
        self._wake: Final = asyncio.Event()
        self._busy = 0
        hub.listen(self._hear)

    @property
    def name(self) -> str:
        """The controller's."""
        return self._controller.name

    async def run(self) -> None:
        """Work until cancelled: hand out keys that are due, to as many tasks as are allowed."""
        async with asyncio.TaskGroup() as group:
            while True:
                has_room = self._busy < self._controller.workers
                key = self._queue.take(self._steady()) if has_room else None
                if key is None:
                    await self._rest(has_room=has_room)
                else:
                    self._busy += 1
                    group.create_task(self._process(key), name=f"{self.name} {key}")

    def _hear(self, change: Change) -> None:
        interest = self._interests.get(change.resource) or self._interests.get(EVERY_RESOURCE)
        if interest is None:
            return
        for key in interest(change):
            self._queue.add(key, self._steady())
            self._wake.set()

    async def _rest(self, *, has_room: bool) -> None:
        """Wait for a change, a free task, or the time of the next key."""
        self._wake.clear()
        due = self._queue.next_due() if has_room else None
        wait_s = None if due is None else max(due - self._steady(), 0.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _process(self, key: K) -> None:
        took_s, has_failed = 0.0, False
        try:
            observed = await self._controller.observe(key)
            if observed is not None:
                began_s = time.perf_counter()
                actions = self._controller.reconcile(observed, self._clock())
                took_s = time.perf_counter() - began_s
                await self._perform(key, observed, actions)
        except ApiError as error:
            has_failed = True
            level = logging.DEBUG if error.reason == "Conflict" else logging.WARNING
            _LOG.log(level, "%s: %s: %s", self._controller.name, key, error.message)
        except Exception:  # noqa: BLE001  (logged with its trace, and tried again)
            # One object that a controller cannot cope with must not take the cluster down: the
            # others go on, and this one is tried again, ever less often.
            has_failed = True
            _LOG.exception("%s: %s: reconcile failed", self._controller.name, key)
        rest_s = max(self._controller.rest_s, took_s * _REST_FACTOR)
        self._queue.finish(key, self._steady(), rest_s=rest_s, failed=has_failed)
        self._busy -= 1
        self._wake.set()

    async def _perform(self, key: K, observed: O, actions: Sequence[Action]) -> None:
        for _, run in groupby(actions, key=type):
            batch = list(run)
            match batch[0]:
                case Create():
                    await self._in_growing_batches(observed, cast("list[Write]", batch))
                case Delete():
                    await self._side_by_side(observed, cast("list[Write]", batch))
                case _:
                    for action in batch:
                        await self._perform_one(key, observed, action)

    async def _perform_one(self, key: K, observed: O, action: Action) -> None:
        match action:
            case Requeue(after_s=after_s):
                self._queue.add_at(key, self._steady() + after_s)
            case Emit():
                self._poster.post(action, self._controller.name)
            case _:
                await self._side_by_side(observed, [action])

    async def _in_growing_batches(self, observed: O, creates: Sequence[Write]) -> None:
        """Create 1, then 2, then 4…: where every create fails, few of them are tried."""
        done, size = 0, 1
        while done < len(creates):
            await self._side_by_side(observed, creates[done : done + size])
            done += size
            size *= 2

    async def _side_by_side(self, observed: O, writes: Sequence[Write]) -> None:
        """Write all of them; raise the first refusal once every one has its answer."""
        refusals: list[tuple[Write, ApiError]] = []

        async def attempt(write: Write) -> None:
            try:
                await self._write(write)
            except ApiError as error:
                # What is gone needs no change any more.
                if error.code != 404 or isinstance(write, Create):
                    refusals.append((write, error))

        if len(writes) == 1:
            await attempt(writes[0])
        else:
            async with asyncio.TaskGroup() as group:
                for write in writes:
                    group.create_task(attempt(write))
        if not refusals:
            return
        write, error = refusals[0]
        for remedy in self._controller.failed(observed, write, error, self._clock()):
            if isinstance(remedy, Emit):
                self._poster.post(remedy, self._controller.name)
            elif not isinstance(remedy, Requeue):
                await self._write(remedy)
        raise error

    async def _write(self, write: Write) -> None:
        match write:
            case Create(resource, obj):
                answer = await self._create(resource, obj)
            case Update(resource, obj, subresource):
                answer = await self._client.update(resource, obj, subresource)
                self._hub.written(resource, answer)
            case Patch(resource, namespace, name, patch, subresource):
                answer = await self._client.patch(
                    resource, name, patch, namespace=namespace, subresource=subresource
                )
                self._hub.written(resource, answer)
            case Delete():
                gone = await self._delete(write)
                if gone is None:
                    return
                answer = gone
        if write.event is not None:
            name = answer["metadata"].get("name", getattr(write, "name", ""))
            self._poster.post(write.event, self._controller.name, name=name)

    async def _create(self, resource: str, obj: Object) -> Object:
        """Create, and learn the object either way: the new one, or the one that has its name."""
        key = key_of(obj)
        try:
            answer = await self._client.create(resource, obj, key.namespace)
        except ApiError as error:
            if error.reason == "AlreadyExists" and key.name:
                holder = await self._client.get(resource, key.name, key.namespace)
                self._hub.written(resource, holder)
            raise
        self._hub.written(resource, answer)
        return answer

    async def _delete(self, delete: Delete) -> Object | None:
        """Delete, and learn whether the object lingers; None where it was gone before."""
        key = Key(delete.namespace, delete.name)
        try:
            answer = await self._client.delete(
                delete.resource, delete.name, delete.namespace, options=delete.options()
            )
        except ApiError as error:
            # The uid is the precondition: a conflict without a version means another object.
            if error.code == 404 or (error.code == 409 and delete.version is None):
                return None
            raise
        metadata = answer["metadata"]
        lingers = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
        if answer.get("kind") != "Status" and lingers:
            self._hub.written(delete.resource, answer)
        else:
            self._hub.deleted(delete.resource, key, delete.uid)
        return answer
