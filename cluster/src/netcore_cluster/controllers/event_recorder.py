"""Which Events are written, and how repeated ones are folded into one; pure.

The same three rules as upstream's recorder: an event with the same words raises the count of the
first; after ten that differ only in their words, the following ones are combined; and an object
about which more is said than a token bucket holds (25, one more each 5 minutes) is heard no more.

Source: client-go ``tools/record/events_cache.go``.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Create, Emit, Patch

RESOURCE: Final = "events"

_MOST_REMEMBERED: Final = 4096
_SIMILAR_UNTIL_COMBINED: Final = 10
_SIMILAR_WITHIN_S: Final = 600.0
_BURST: Final = 25.0
_REFILL_PER_S: Final = 1 / 300

V = TypeVar("V")


@dataclass(slots=True)
class _Written:
    name: str
    count: int


@dataclass(slots=True)
class _Similar:
    last_at: float
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class _Recent(Generic[V]):
    """The last few thousand entries used."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, ...], V] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> V | None:
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: tuple[str, ...], value: V) -> None:
        self._entries[key] = value
        if len(self._entries) > _MOST_REMEMBERED:
            self._entries.popitem(last=False)

    def drop(self, is_stale: Callable[[V], bool]) -> None:
        kept = ((key, value) for key, value in self._entries.items() if not is_stale(value))
        self._entries = OrderedDict(kept)


class EventRecorder:
    """Folds what controllers have to say into writes of Events."""

    def __init__(self) -> None:
        self._written: _Recent[_Written] = _Recent()
        self._similar: _Recent[_Similar] = _Recent()
        self._buckets: _Recent[_Bucket] = _Recent()
        self._last_stamp = 0

    def write(self, emit: Emit, *, component: str, now: float) -> Create | Patch | None:
        """The write that records an event; None where its object has said too much.

        Args:
            emit: What happened.
            component: Who says so.
            now: Unix seconds, from which the event's name is made too.
        """
        kind = "Warning" if emit.warning else "Normal"
        similar_key = (component, emit.about.uid, kind, emit.reason)
        message, exact_key = self._combine(emit.message, similar_key, now)
        if not self._may_say((component, emit.about.uid), now):
            return None
        written = self._written.get(exact_key)
        namespace = emit.about.namespace or "default"
        if written is not None:
            written.count += 1
            patch = {"count": written.count, "lastTimestamp": timestamp(now), "message": message}
            return Patch(RESOURCE, namespace, written.name, patch)
        self._last_stamp = max(self._last_stamp + 1, int(now * 1e9))
        name = f"{emit.about.name}.{self._last_stamp:x}"
        self._written.put(exact_key, _Written(name, 1))
        return Create(RESOURCE, _event(emit, kind, message, component, name, namespace, now))

    def forget(self, name: str) -> None:
        """An event that was to be counted up is gone (it expired): write the next one anew."""
        self._written.drop(lambda written: written.name == name)

    def _combine(
        self, message: str, similar_key: tuple[str, ...], now: float
    ) -> tuple[str, tuple[str, ...]]:
        similar = self._similar.get(similar_key)
        if similar is None or now - similar.last_at > _SIMILAR_WITHIN_S:
            similar = _Similar(now)
            self._similar.put(similar_key, similar)
        similar.last_at = now
        if len(similar.messages) < _SIMILAR_UNTIL_COMBINED:
            similar.messages.add(message)
        if message in similar.messages:
            return message, (*similar_key, message)
        return f"(combined from similar events): {message}", similar_key

    def _may_say(self, key: tuple[str, ...], now: float) -> bool:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = _Bucket(_BURST, now)
            self._buckets.put(key, bucket)
        bucket.tokens = min(_BURST, bucket.tokens + (now - bucket.filled_at) * _REFILL_PER_S)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _event(
    emit: Emit, kind: str, message: str, component: str, name: str, namespace: str, now: float
) -> Object:
    about = emit.about
    involved = {
        "apiVersion": about.api_version,
        "kind": about.kind,
        "name": about.name,
        "uid": about.uid,
        "resourceVersion": about.version,
    }
    if about.namespace:
        involved["namespace"] = about.namespace
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "type": kind,
        "reason": emit.reason,
        "message": message,
        "source": {"component": component},
        "reportingComponent": component,
        "reportingInstance": "",
        "firstTimestamp": timestamp(now),
        "lastTimestamp": timestamp(now),
        "count": 1,
    }
