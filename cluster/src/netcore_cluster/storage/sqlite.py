"""Durability: one SQLite file, one thread that writes it, one commit for all that waits.

Readers never come here: everything is in memory. The file holds the present objects and the
revision, no history.

Every statement that SQLite runs costs two hand-overs of the interpreter's lock to this thread,
and the event loop that holds it is busy. So a batch of any size is four statements: begin, one
upsert of all rows, one delete, commit.
"""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson

from netcore_cluster.storage.entry import Change, Entry

logger = logging.getLogger(__name__)

MAX_BATCH = 64
FORMAT = 1
SCHEMA = """
create table objects (
    key text primary key,
    revision integer not null,
    expires_s real,
    value blob not null
);
create table revision (latest integer not null);
insert into revision values (1);
"""


class StorageError(Exception):
    """The data directory cannot be used."""


class Database:
    """The file. Used by one thread at a time."""

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        """Opens or makes the file.

        Args:
            path: the file; its folder exists.
            is_durable: whether a commit survives a power failure (``synchronous=FULL``). Without,
                it survives the death of the process only, which is enough for a temporary folder.

        Raises:
            StorageError: it is in use by another process, or no file of ours.
        """
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=0, cached_statements=256
        )
        try:
            self._prepare(is_durable=is_durable)
        except sqlite3.OperationalError as error:
            self._connection.close()
            problem = "is in use by another process" if "locked" in str(error) else str(error)
            raise StorageError(f"{path}: {problem}") from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise StorageError(f"{path} is no storage file of netcore: {error}") from error
        except StorageError:
            self._connection.close()
            raise

    def _prepare(self, *, is_durable: bool) -> None:
        run = self._connection.execute
        run("pragma locking_mode=exclusive")
        run("pragma journal_mode=wal")
        run(f"pragma synchronous={'full' if is_durable else 'off'}")
        run("begin immediate")
        (found,) = run("pragma user_version").fetchone()
        if found == 0:
            for statement in SCHEMA.split(";\n"):
                run(statement)
            run(f"pragma user_version={FORMAT}")
        elif found != FORMAT:
            raise StorageError(
                f"the storage file has format {found}, this netcore reads format {FORMAT}: "
                "use the netcore that wrote it, or another --data directory"
            )
        run("commit")

    def revision(self) -> int:
        """Returns the revision of the last commit."""
        (found,) = self._connection.execute("select latest from revision").fetchone()
        return int(found)

    def load(self) -> Iterator[tuple[str, Entry]]:
        """Yields every object with its resource."""
        rows = self._connection.execute("select key, revision, expires_s, value from objects")
        for path, revision, expires_s, value in rows:
            resource, _, key = path.partition("/")
            yield resource, Entry(key, revision, orjson.loads(value), value, expires_s)

    def write(self, changes: Sequence[Change]) -> None:
        """Commits changes as one transaction."""
        last: dict[str, Change] = {}
        for change in changes:
            last[f"{change.resource}/{change.key}"] = change
        rows: list[object] = []
        gone: list[str] = []
        for path, change in last.items():
            if change.entry is None:
                gone.append(path)
            else:
                entry = change.entry
                rows += (path, entry.revision, entry.expires_s, entry.encoded)
        run = self._connection.execute
        run("begin immediate")
        try:
            if rows:
                values = ",".join(["(?,?,?,?)"] * (len(rows) // 4))
                run(f"insert or replace into objects values {values}", rows)  # noqa: S608
            if gone:
                places = ",".join("?" * len(gone))
                run(f"delete from objects where key in ({places})", gone)  # noqa: S608
            run("update revision set latest = ?", (changes[-1].revision,))
            run("commit")
        except sqlite3.Error:
            if self._connection.in_transaction:
                run("rollback")
            raise

    def close(self) -> None:
        """Closes the file, leaving no journal beside it."""
        self._connection.close()


class Writer:
    """The thread that commits batches of changes in the order in which they are handed over.

    The first commit that fails is the last one tried: what comes after it builds upon it.
    """

    def __init__(
        self, database: Database, done: Callable[[list[Change], Exception | None], None]
    ) -> None:
        """Starts the thread; `done` is called in it, once for each batch."""
        self._database = database
        self._done = done
        self._queue: queue.SimpleQueue[list[Change] | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, changes: list[Change]) -> None:
        """Hands over the next changes; they share a commit with others that wait."""
        self._queue.put(changes)

    def close(self) -> None:
        """Commits what was handed over, ends the thread and closes the file."""
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            waiting: list[Change] = []
            changes = self._queue.get()
            while changes is not None:
                waiting += changes
                if self._queue.empty():
                    break
                changes = self._queue.get()
            is_last = changes is None
            for start in range(0, len(waiting), MAX_BATCH):
                self._commit(waiting[start : start + MAX_BATCH])

    def _commit(self, batch: list[Change]) -> None:
        if self._failure is None:
            try:
                self._database.write(batch)
            except Exception as error:
                # Whatever it is, whoever waits must learn of it: the thread goes on.
                logger.exception("storage write failed; the store is read-only from now on")
                self._failure = error
        self._done(batch, self._failure)
