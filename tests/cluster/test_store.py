"""The store on a real disk: durability, one owner, watchers, expiry."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from netcore_cluster.storage.entry import EventType
from netcore_cluster.storage.sqlite import StorageError
from netcore_cluster.storage.store import FILE_NAME, Store, open_store

PODS = "pods"


async def put(store: Store, key: str, obj: dict[str, Any] | None, **options: Any) -> int:
    change = store.stage(PODS, key, obj, previous=store.latest(PODS, key), **options)
    await store.durable(change)
    return change.revision


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await put(store, "a/x", {"metadata": {"name": "x"}})
        await put(store, "a/y", {"metadata": {"name": "y"}})
        last = await put(store, "a/x", None)
    async with open_store(tmp_path) as store:
        assert [entry.key for entry in store.entries(PODS)] == ["a/y"]
        assert store.revision == last
        again = await put(store, "a/x", {"metadata": {"name": "x"}})
        assert again == last + 1


async def test_two_processes_cannot_share_a_directory(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        with pytest.raises(StorageError, match="in use by another process"):
            async with open_store(tmp_path):
                pass


async def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="no storage file of netcore"):
        async with open_store(tmp_path):
            pass
    assert path.read_bytes() == b"not a database" * 100


async def test_a_later_format_is_refused_by_name(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("pragma user_version=99")
    connection.close()
    with pytest.raises(StorageError, match="format 99"):
        async with open_store(tmp_path):
            pass


async def test_a_disk_that_fails_undoes_and_ends_all_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(tmp_path) as store:
        await put(store, "a/x", {"metadata": {}, "step": 1})

        def full(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr("netcore_cluster.storage.sqlite.Database.write", full)
        with pytest.raises(StorageError, match="full"):
            await put(store, "a/x", {"metadata": {}, "step": 2})
        entry = store.latest(PODS, "a/x")
        assert entry is not None
        assert entry.obj["step"] == 1
        with pytest.raises(StorageError, match="read-only"):
            await put(store, "a/y", {"metadata": {}})


async def test_watchers_hear_of_writes_in_order_and_after_they_are_durable(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with store.watching(PODS, None) as watcher:
            changes = [
                store.stage(PODS, f"a/{index}", {"metadata": {}}, previous=None)
                for index in range(200)
            ]
            assert watcher.is_caught_up
            await store.durable(changes[-1])
            seen = [event.revision for _, event in await watcher.take()]
        assert seen == [change.revision for change in changes]


async def test_a_watch_goes_on_where_a_list_ended(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await put(store, "a/x", {"metadata": {}})
        await put(store, "a/y", {"metadata": {}})
        with store.watching(PODS, first) as watcher:
            await put(store, "a/x", None)
            types = [seen for seen, _ in await watcher.take()]
        assert types == [EventType.ADDED, EventType.DELETED]


async def test_a_writer_that_hangs_up_does_not_take_its_write_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        change = store.stage(PODS, "a/x", {"metadata": {}}, previous=None)
        waiting = asyncio.ensure_future(store.durable(change))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await store.reach(change.revision, 5.0)
        assert store.get(PODS, "a/x") is change.entry


async def test_patient_writes_share_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    async with open_store(tmp_path) as store:
        write = type(store._writer._database).write

        def counted(self: Any, changes: list[Any]) -> None:
            commits.append(len(changes))
            write(self, changes)

        monkeypatch.setattr("netcore_cluster.storage.sqlite.Database.write", counted)
        async with asyncio.TaskGroup() as group:
            for index in range(10):
                work = put(store, f"a/{index}", {"metadata": {}}, is_patient=True)
                group.create_task(work)
                await asyncio.sleep(0)
    assert commits == [10]


async def test_objects_are_forgotten_when_their_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netcore_cluster.storage.store.EXPIRY_INTERVAL_S", 0.01)
    async with open_store(tmp_path) as store:
        await put(store, "a/short", {"metadata": {}}, ttl_s=0.05)
        await put(store, "a/long", {"metadata": {}}, ttl_s=3600)
    async with open_store(tmp_path) as store, asyncio.TaskGroup() as group:
        with store.watching(PODS, None) as watcher:
            expiry = group.create_task(store.expire_forever())
            ((seen, event),) = await asyncio.wait_for(watcher.take(), 5)
        assert (seen, event.entry.key) == (EventType.DELETED, "a/short")
        assert store.get(PODS, "a/long") is not None
        expiry.cancel()


WRITE_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from netcore_cluster.storage.store import open_store

async def main():
    async with open_store(Path(sys.argv[1])) as store:
        async def write(worker):
            for step in range(100_000):
                key = f"a/{worker}-{step % 7}"
                old = store.latest("pods", key)
                obj = None if old and step % 3 == 0 else {"metadata": {}, "step": step}
                if obj is None and old is None:
                    continue
                change = store.stage("pods", key, obj, previous=old)
                await store.durable(change)
                print(change.revision, key, "gone" if obj is None else step, flush=True)
        await asyncio.gather(*(write(worker) for worker in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 20, 300])
async def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path, lines: int) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITE_UNTIL_KILLED,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    told = [await program.stdout.readline() for _ in range(lines)]
    os.kill(program.pid, signal.SIGKILL)
    told += (await program.stdout.read()).splitlines(keepends=True)
    await program.wait()
    # What is acknowledged last about a key is the least that has to be there.
    last: dict[str, tuple[int, str]] = {}
    for line in told:
        if line.endswith(b"\n"):
            revision, key, state = line.decode().split()
            last[key] = int(revision), state
    async with open_store(tmp_path) as store:
        assert store.revision >= max(revision for revision, _ in last.values())
        for key, (revision, state) in last.items():
            entry = store.get(PODS, key)
            if entry is None or entry.revision != revision:
                # A later write was durable, and the kill came before it was acknowledged.
                assert store.revision > revision
                assert entry is None or entry.revision > revision
            elif state != "gone":
                assert entry.obj["step"] == int(state)
