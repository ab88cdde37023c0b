"""The storage core against the simplest thing that could be right: a copy of every state."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.storage.core import StaleWriteError, StorageCore
from netcore_cluster.storage.entry import Entry, Event, EventType
from netcore_cluster.storage.history import MAX_BYTES, MIN_EVENTS, HistoryLostError
from netcore_cluster.storage.watch import Watcher, WatcherLaggedError

PODS = "pods"


def pod(**labels: str) -> dict[str, Any]:
    return {"metadata": {"labels": labels}}


def write(core: StorageCore, key: str, obj: dict[str, Any] | None, now_s: float = 0.0) -> Event:
    change = core.stage(PODS, key, obj, previous=core.latest(PODS, key))
    ((_, event),) = core.commit([change], now_s)
    return event


def test_a_write_is_visible_once_it_is_committed() -> None:
    core = StorageCore()
    change = core.stage(PODS, "a/x", pod(), previous=None)
    assert core.get(PODS, "a/x") is None
    assert core.latest(PODS, "a/x") is change.entry
    core.commit([change], 0.0)
    assert core.get(PODS, "a/x") is change.entry
    assert core.revision == change.revision


def test_a_write_on_an_old_state_is_refused() -> None:
    core = StorageCore()
    core.stage(PODS, "a/x", pod(), previous=None)
    with pytest.raises(StaleWriteError):
        core.stage(PODS, "a/x", pod(), previous=None)


def test_staged_writes_build_upon_each_other() -> None:
    core = StorageCore()
    first = core.stage(PODS, "a/x", pod(step="1"), previous=None)
    second = core.stage(PODS, "a/x", pod(step="2"), previous=first.entry)
    third = core.stage(PODS, "a/x", None, previous=second.entry)
    core.commit([first], 0.0)
    assert core.latest(PODS, "a/x") is None
    assert core.get(PODS, "a/x") is first.entry
    events = core.commit([second, third], 0.0)
    assert [event.type for _, event in events] == [EventType.MODIFIED, EventType.DELETED]
    assert core.get(PODS, "a/x") is None


def test_what_the_disk_refused_never_happened() -> None:
    core = StorageCore()
    kept = write(core, "a/x", pod(step="1"))
    core.stage(PODS, "a/x", pod(step="2"), previous=kept.entry)
    core.abort()
    assert core.latest(PODS, "a/x") is kept.entry
    after = write(core, "a/x", pod(step="3"))
    assert after.previous is kept.entry


def test_a_deletion_is_told_with_its_own_revision() -> None:
    core = StorageCore()
    write(core, "a/x", pod())
    event = write(core, "a/x", None)
    assert event.entry.obj["metadata"]["resourceVersion"] == str(core.revision)
    assert event.previous is not None
    assert event.previous.obj["metadata"]["resourceVersion"] == str(core.revision - 1)


def test_history_keeps_the_last_events_and_says_what_it_lost() -> None:
    core = StorageCore()
    for step in range(MIN_EVENTS * 2):
        write(core, "a/x", pod(step=str(step)), now_s=step * 10.0)
    history = core.cache(PODS).history
    assert len(history.since(history.compacted)) == MIN_EVENTS
    with pytest.raises(HistoryLostError) as caught:
        history.since(history.compacted - 1)
    assert caught.value.oldest == history.compacted


def test_history_is_bounded_in_bytes() -> None:
    core = StorageCore()
    blob = "x" * (MAX_BYTES // 200)
    for _ in range(300):
        write(core, "a/x", {"metadata": {}, "data": blob})
    assert len(core.cache(PODS).history.since(core.cache(PODS).history.compacted)) <= 200


def test_expired_objects_are_found_once_and_only_in_their_last_state() -> None:
    core = StorageCore()
    first = core.stage(PODS, "a/x", pod(), previous=None, expires_s=10.0)
    second = core.stage(PODS, "a/x", pod(), previous=first.entry, expires_s=20.0)
    core.commit([first, second], 0.0)
    assert core.expired(15.0) == []
    assert [entry for _, entry in core.expired(25.0)] == [second.entry]
    assert core.expired(30.0) == []


# A step: which of a few keys, and its new label; None deletes.
steps = st.lists(
    st.tuples(
        st.sampled_from(["a/x", "a/y", "a-b/x", "b/x", "b/z"]),
        st.sampled_from([None, "red", "blue"]),
    ),
    max_size=40,
)


def is_red(entry: Entry) -> bool:
    return entry.labels.get("color") == "red"


def played(core: StorageCore, moves: list[tuple[str, str | None]]) -> dict[int, list[Entry]]:
    """Plays the moves and returns every state on the way, by revision."""
    state: dict[str, Entry] = {}
    states = {core.revision: list[Entry]()}
    for key, color in moves:
        if color is None and key not in state:
            continue
        event = write(core, key, None if color is None else pod(color=color))
        if color is None:
            del state[key]
        else:
            state[key] = event.entry
        states[core.revision] = [state[name] for name in sorted(state)]
    return states


@given(steps)
def test_every_past_state_can_be_read(moves: list[tuple[str, str | None]]) -> None:
    core = StorageCore()
    for revision, entries in played(core, moves).items():
        assert list(core.cache(PODS).entries_at(revision)) == entries
        inside = [entry for entry in entries if entry.namespace == "a"]
        assert list(core.cache(PODS).entries_at(revision, "a")) == inside


@given(steps, st.integers(0, 40), st.sampled_from(["", "a", "b"]))
def test_a_list_and_its_watch_give_the_present(
    moves: list[tuple[str, str | None]], start: int, namespace: str
) -> None:
    core = StorageCore()
    states = played(core, moves)
    since = sorted(states)[min(start, len(states) - 1)]
    known = {
        entry.key: entry for entry in core.cache(PODS).entries_at(since, namespace) if is_red(entry)
    }
    watcher = Watcher(namespace, is_red)
    for event in core.cache(PODS).history.since(since):
        match watcher.sees(event):
            case EventType.ADDED:
                assert event.entry.key not in known
                known[event.entry.key] = event.entry
            case EventType.MODIFIED:
                assert event.entry.key in known
                known[event.entry.key] = event.entry
            case EventType.DELETED:
                gone = known.pop(event.entry.key)
                assert event.tombstone.obj["metadata"]["labels"] == gone.labels
                assert event.tombstone.revision == event.revision
    present = [entry for entry in core.cache(PODS).entries(namespace) if is_red(entry)]
    assert {entry.key: entry for entry in present} == known


async def test_a_watcher_that_lags_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netcore_cluster.storage.watch.MAX_QUEUED", 3)
    core = StorageCore()
    watcher = Watcher()
    for step in range(3):
        watcher.offer([write(core, "a/x", pod(step=str(step)))])
    assert len(await watcher.take()) == 3
    for step in range(4):
        watcher.offer([write(core, "a/x", pod(step=str(step)))])
    with pytest.raises(WatcherLaggedError):
        await asyncio.wait_for(watcher.take(), 1)
