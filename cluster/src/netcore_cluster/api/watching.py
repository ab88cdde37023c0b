"""Watch: the lines that tell a client of every change, until it or the server has had enough.

Source: kubernetes apiserver ``pkg/endpoints/handlers/watch.go``, ``pkg/storage/cacher``.
"""

import asyncio
import random
from collections.abc import AsyncGenerator

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.errors import ApiError
from netcore_cluster.api.options import ListOptions, check_watch_list
from netcore_cluster.api.reading import Reading
from netcore_cluster.api.representation import Representation
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.selectors import selection
from netcore_cluster.storage.history import HistoryLostError
from netcore_cluster.storage.store import Store
from netcore_cluster.storage.watch import Match, Watcher, WatcherLaggedError

BOOKMARK_INTERVAL_S = 60.0
BOOKMARK_BEFORE_END_S = 2.0
"""When bookmarks are sent. Source: ``pkg/storage/cacher/cacher.go`` (nextBookmarkTime)."""

MIN_TIMEOUT_S = 1800.0
"""Streams without a timeout end after once to twice this time, so that clients spread over
servers. Source: kube-apiserver ``--min-request-timeout``."""

_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}
_MAX_JOINED = 256


class Watching:
    """The verb that follows objects."""

    def __init__(self, store: Store, reading: Reading) -> None:
        """Follows the changes of `store`."""
        self._store = store
        self._reading = reading
        self._random = random.Random()

    async def watch(
        self, resource: Resource, namespace: str, options: ListOptions, form: Representation
    ) -> AsyncGenerator[bytes, None]:
        """Returns the lines of a watch.

        Raises:
            ApiError: the options are malformed. A past that is forgotten is no error of the
                request but the only line of its answer.
        """
        check_watch_list(options)
        match = selection(resource, options.labels, options.fields)
        if options.wants_initial_events and options.revision:
            await self._reading.reach(options.revision)
        return self._lines(resource, namespace, options, form, match)

    async def _lines(
        self,
        resource: Resource,
        namespace: str,
        options: ListOptions,
        form: Representation,
        match: Match | None,
    ) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        timeout_s = options.timeout_s or MIN_TIMEOUT_S * (1 + self._random.random())
        end_s = loop.time() + timeout_s
        starts_now = not options.revision or options.wants_initial_events
        since = None if starts_now else options.revision
        try:
            with self._store.watching(resource.storage, since, namespace, match) as watcher:
                if starts_now and options.wants_initial_events is not False:
                    yield self._present(resource, namespace, form, match, options)
                sent_revision = self._store.revision if starts_now else options.revision or 0
                next_bookmark_s = min(
                    loop.time() + BOOKMARK_INTERVAL_S, end_s - BOOKMARK_BEFORE_END_S
                )
                while True:
                    until_s = min(end_s, next_bookmark_s) if options.wants_bookmarks else end_s
                    lines, last = await _next_lines(watcher, resource, form, until_s)
                    sent_revision = max(sent_revision, last)
                    if lines:
                        yield lines
                    now_s = loop.time()
                    if options.wants_bookmarks and now_s >= next_bookmark_s:
                        if watcher.is_caught_up:
                            sent_revision = max(sent_revision, self._store.revision)
                        yield form.bookmark(resource, sent_revision, {})
                        next_bookmark_s = now_s + BOOKMARK_INTERVAL_S
                        if now_s < end_s - BOOKMARK_BEFORE_END_S:
                            next_bookmark_s = min(next_bookmark_s, end_s - BOOKMARK_BEFORE_END_S)
                    if now_s >= end_s:
                        return
        except HistoryLostError as error:
            yield error_line(errors.too_old_resource_version(options.revision or 0, error.oldest))
        except WatcherLaggedError:
            return

    def _present(
        self,
        resource: Resource,
        namespace: str,
        form: Representation,
        match: Match | None,
        options: ListOptions,
    ) -> bytes:
        """Returns the lines for what is there already."""
        entries = self._store.entries(resource.storage, namespace)
        lines = [
            form.initial(resource, entry) for entry in entries if match is None or match(entry)
        ]
        if options.wants_initial_events and options.wants_bookmarks:
            lines.append(form.bookmark(resource, self._store.revision, _INITIAL_EVENTS_END))
        return b"".join(lines)


def error_line(error: ApiError) -> bytes:
    """Returns the line that ends a watch with an error."""
    return b'{"type":"ERROR","object":%b}\n' % orjson.dumps(error.status)


async def _next_lines(
    watcher: Watcher, resource: Resource, form: Representation, until_s: float
) -> tuple[bytes, int]:
    """Waits for events; returns their lines and the last revision, or nothing at `until_s`."""
    try:
        async with asyncio.timeout_at(until_s):
            sightings = await watcher.take()
    except TimeoutError:
        return b"", 0
    lines = [form.event(resource, seen, event) for seen, event in sightings]
    return b"".join(lines), sightings[-1][1].revision if sightings else 0
