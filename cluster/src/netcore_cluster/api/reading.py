"""Get and list: one object, or a page of a snapshot.

A page names the snapshot that it was cut from, so that all pages of a list show one state. The
snapshot itself is not kept: the store rebuilds it from the present and the recent events, and
answers 410 when those no longer reach back that far.
"""

import base64
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from netcore_cluster.api import errors
from netcore_cluster.api.options import ListOptions
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.selectors import selection
from netcore_cluster.storage.entry import Entry
from netcore_cluster.storage.history import HistoryLostError
from netcore_cluster.storage.store import Store

REACH_TIMEOUT_S = 3.0
"""How long a request waits for a revision of the future.

Source: kubernetes apiserver ``storage/cacher/watch_cache.go`` (blockTimeout)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list.

    Attributes:
        entries: the objects, in key order.
        revision: the state that the list shows; a watch goes on from there.
        continue_token: what fetches the next page; empty on the last one.
        remaining: objects after this page; None where selectors make that unknown.
    """

    entries: Sequence[Entry]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


class Reading:
    """The verbs that look at objects."""

    def __init__(self, store: Store) -> None:
        """Reads from `store`."""
        self._store = store

    async def get(
        self, resource: Resource, namespace: str, name: str, revision: int | None = None
    ) -> Entry:
        """Returns one object, not older than a revision.

        Raises:
            ApiError: 404, there is none; 504, the revision is not reached in time.
        """
        if revision:
            await self.reach(revision)
        entry = self._store.get(resource.storage, resource.key(namespace, name))
        if entry is None:
            raise errors.not_found(resource.kind.plural, resource.kind.group, name)
        return entry

    async def list(self, resource: Resource, namespace: str, options: ListOptions) -> Page:
        """Returns a page of the objects of a namespace; an empty one means all.

        Raises:
            ApiError: the options are malformed, or ask for a past that is forgotten.
        """
        match = selection(resource, options.labels, options.fields)
        entries, revision, start = await self._snapshot(resource, namespace, options)
        limit = 0 if options.revision == 0 and not options.match else options.limit
        if match is None:
            if not limit or len(entries) - start <= limit:
                return Page(entries[start:] if start else entries, revision)
            end = start + limit
            token = _encode_token(revision, entries[end - 1].key)
            return Page(entries[start:end], revision, token, len(entries) - end)
        found: list[Entry] = []
        for entry in entries[start:] if start else entries:
            if match(entry):
                if limit and len(found) == limit:
                    return Page(found, revision, _encode_token(revision, found[-1].key))
                found.append(entry)
        return Page(found, revision)

    async def reach(self, revision: int) -> None:
        """Waits until the store has a revision.

        Raises:
            ApiError: 504, it does not come in time.
        """
        if revision > self._store.revision and not await self._store.reach(
            revision, REACH_TIMEOUT_S
        ):
            raise errors.too_large_resource_version(revision, self._store.revision)

    async def _snapshot(
        self, resource: Resource, namespace: str, options: ListOptions
    ) -> tuple[Sequence[Entry], int, int]:
        """Returns all objects of the state asked for, its revision, and where the page starts."""
        if options.continue_token:
            if options.revision:
                raise errors.bad_request(
                    "specifying resource version is not allowed when using continue"
                )
            revision, after = _decode_token(options.continue_token)
            entries = self._past(resource, namespace, revision, after)
            if revision < 0:
                revision = self._store.revision
            return entries, revision, _after(entries, after)
        revision = self._store.revision
        if options.revision:
            await self.reach(options.revision)
            revision = self._store.revision
            if options.match == "Exact" or (not options.match and options.limit):
                revision = options.revision
                return self._past(resource, namespace, revision, ""), revision, 0
        return self._store.entries(resource.storage, namespace), revision, 0

    def _past(
        self, resource: Resource, namespace: str, revision: int, after: str
    ) -> Sequence[Entry]:
        if revision < 0:
            return self._store.entries(resource.storage, namespace)
        try:
            return self._store.entries_at(resource.storage, revision, namespace)
        except HistoryLostError as error:
            if after:
                token = _encode_token(-1, after)
                raise errors.expired(errors.EXPIRED_CONTINUE, continue_token=token) from error
            raise errors.expired(
                f"The resourceVersion for the provided list is too old: {revision}"
            ) from error


def _after(entries: Sequence[Entry], key: str) -> int:
    index = bisect_left(entries, key, key=lambda entry: entry.key)
    return index + 1 if index < len(entries) and entries[index].key == key else index


def _encode_token(revision: int, last_key: str) -> str:
    text = orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": last_key + "\0"})
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _decode_token(token: str) -> tuple[int, str]:
    try:
        padded = token + "=" * (-len(token) % 4)
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        revision, start = found["rv"], found["start"]
        is_known = found["v"] == "meta.k8s.io/v1"
        decoded = int(revision), str(start).removesuffix("\0")
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_request(f"continue key is not valid: {error}") from error
    if not is_known or not decoded[0]:
        raise errors.bad_request("continue key is not valid: unrecognized encoding")
    return decoded
