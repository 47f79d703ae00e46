"""The local AWS's state on disk: one SQLite file, its format, its transactions and its errors.

It owns the file and nothing in it: each service declares its own tables (see `services.py`). It must never
overwrite what it does not recognise: a damaged, foreign, read-only or differently formatted state is reported.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.errors import FactoryError, Problem, Where
from generator.local.transaction import Tx

FILE = "aws.sqlite"
LOCK = "aws.lock"
FORMAT = 1
APPLICATION = 0x43415457  # marks the file as ours in SQLite's own header field
BUSY_MS = 120_000
META = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"


class StateError(FactoryError):
    """The state cannot be used; `kind` is damaged, foreign, format, read-only, full or busy."""

    def __init__(self, kind: str, where: Path, problem: str, remedy: str) -> None:
        super().__init__(Problem(Where(str(where)), problem, remedy))
        self.kind = kind


class State:
    """The file, opened. Any number of processes and threads may hold one; one writes at a time.

    A transaction inside another of the same thread joins it, as a savepoint: a service may call another one.
    """

    def __init__(self, folder: Path, tables: str) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        with self.errors():
            self._open(tables)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view of the last committed state; blocks nobody."""
        with self._transaction("BEGIN", writable=False) as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """The right to write, waiting for whoever has it; on disk once the block has ended."""
        with self._transaction("BEGIN IMMEDIATE", writable=True) as tx:
            yield tx

    def in_transaction(self) -> bool:
        return getattr(self._local, "tx", None) is not None

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once this thread's transaction is on disk, at once where there is none."""
        tx: Tx | None = getattr(self._local, "tx", None)
        if tx is None:
            act()
        else:
            tx.after_commit(act)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Commit what this thread has written so far, let others write for a while, then go on in the same `Tx`.

        What was committed cannot be taken back any more, so that only operations may do this whose work can be told as
        unfinished (`steps.py`). Everything read before may have changed after.
        """
        tx: Tx | None = getattr(self._local, "tx", None)
        if tx is None:
            yield
            return
        if not tx.writable:
            raise RuntimeError("a transaction that reads has nothing to commit")
        with self.errors():
            tx.connection.execute("COMMIT")
        self._local.tx = None
        tx.suspended()
        try:
            yield
        finally:
            with self.errors():
                tx.connection.execute("BEGIN IMMEDIATE")
                for _ in range(tx.depth):
                    tx.execute("SAVEPOINT inner_call")
            self._local.tx = tx

    def compact(self) -> None:
        """Give back the space of what was deleted, outside of any transaction."""
        with self.errors():
            self._connection().execute("VACUUM")
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, file: Path) -> None:
        """A copy of everything as of one moment."""
        with self.errors():
            self._connection().execute("VACUUM INTO ?", (str(file),))

    @contextmanager
    def attached(self, file: Path, name: str) -> Iterator[None]:
        """Another database beside ours, for this thread, read-only by convention."""
        with self.errors():
            self._connection().execute(f"ATTACH ? AS {name}", (str(file),))
        try:
            yield
        finally:
            self._connection().execute(f"DETACH {name}")

    def release(self) -> None:
        """Close what this thread has open; for threads that end."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            return
        with self._guard:
            if connection in self._connections:
                self._connections.remove(connection)
        connection.close()
        self._local.connection = None

    def close(self) -> None:
        with self._guard:
            self._closed = True
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    @contextmanager
    def _transaction(self, begin: str, *, writable: bool) -> Iterator[Tx]:
        outer: Tx | None = getattr(self._local, "tx", None)
        if outer is not None:
            if writable and not outer.writable:
                raise RuntimeError("a write inside a read would see a state that others have moved on from")
            yield from self._savepoint(outer) if writable else iter((outer,))
            return
        with self.errors():
            connection = self._connection()
            connection.execute(begin)
        tx = self._local.tx = Tx(connection, writable=writable)
        try:
            with self.errors():
                yield tx
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            tx.rolled_back()
            raise
        finally:
            self._local.tx = None
        tx.committed()

    def _savepoint(self, tx: Tx) -> Iterator[Tx]:
        tx.execute("SAVEPOINT inner_call")
        tx.depth += 1
        try:
            yield tx
        except BaseException:
            tx.execute("ROLLBACK TO inner_call")
            tx.execute("RELEASE inner_call")
            tx.rolled_back()
            raise
        else:
            tx.execute("RELEASE inner_call")
        finally:
            tx.depth -= 1

    def _connection(self) -> sqlite3.Connection:
        existing: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        if self._closed:
            raise RuntimeError("the local AWS was closed")
        connection = sqlite3.connect(
            self.path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=FULL")  # acknowledged means on disk
        connection.execute("PRAGMA foreign_keys=ON")
        with self._guard:
            self._connections.append(connection)
        self._local.connection = connection
        return connection

    def _open(self, tables: str) -> None:
        self._check_folder()
        schema = hashlib.sha256((META + tables).encode()).hexdigest()
        # Switching to WAL ignores the busy timeout, so two first opens must not meet.
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._check_file():
                self._create()
            connection = self._connection()
            self._check_format(connection)
            connection.execute("PRAGMA journal_mode=WAL")  # lost by an export or a copy; else without effect
            found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
            if found is None or found[0] != schema:
                self._add_tables(connection, tables, schema)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(descriptor)

    def _check_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise StateError(
                "foreign",
                self.folder,
                "the local AWS's state needs a folder, and this is a file",
                "Set CATALOG_STATE to a folder.",
            ) from None
        # Our lock, a state set aside, and dotfiles of the tool may lie here before the first state does.
        others = sorted(
            p.name for p in self.folder.iterdir() if p.name[0] != "." and not p.name.startswith((FILE, LOCK))
        )
        if others and not self.path.exists():
            raise StateError(
                "foreign",
                self.folder,
                f"this folder holds other things ('{others[0]}') and no state of the local AWS",
                "Set CATALOG_STATE to an empty folder or one that does not exist yet.",
            )
        if not os.access(self.folder, os.W_OK):
            raise self._read_only()

    def _check_file(self) -> bool:
        """Whether the state is still to be made; refuses what is not a state at all."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        if not self.path.is_file():
            raise self._foreign("is no file")
        if not os.access(self.path, os.W_OK):
            raise self._read_only()
        with self.path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\x00":
                raise self._foreign("is no database")
        connection = self._connection()
        if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION:
            return False
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise self._foreign("belongs to another program")
        return True  # a first open was killed between making the file and filling it

    def _create(self) -> None:
        connection = self._connection()
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(META)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.execute("COMMIT")

    def _check_format(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found != FORMAT:
            raise StateError(
                "format",
                self.path,
                f"the state has format {found}, and this version of the tool reads format {FORMAT}",
                "Use the version that wrote it, or start afresh with `catalog local reset`.",
            )

    def _add_tables(self, connection: sqlite3.Connection, tables: str, schema: str) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement in filter(None, map(str.strip, tables.split(";"))):
            connection.execute(statement)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (schema,))
        connection.execute("COMMIT")

    @contextmanager
    def errors(self) -> Iterator[None]:
        """SQLite's and the file system's refusals as errors a person can act on."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            translated = self._translate(error)
            if translated is None:
                raise
            raise translated from error
        except OSError as error:
            # Only our own files: an OSError of a caller's code passes through untouched.
            if error.filename is None or self.folder not in [
                Path(str(error.filename)),
                *Path(str(error.filename)).parents,
            ]:
                raise
            if isinstance(error, PermissionError) or error.errno == 30:
                raise self._read_only() from error
            problem = f"the local AWS's state cannot be used: {error.strerror}"
            raise StateError(
                "foreign", self.folder, problem, "Set CATALOG_STATE to another folder."
            ) from error

    def _translate(self, error: sqlite3.DatabaseError) -> StateError | None:
        text = str(error)
        if "readonly" in text or "unable to open" in text:
            return self._read_only()
        if "disk is full" in text or "disk I/O error" in text:
            return StateError(
                "full",
                self.path,
                f"the local AWS's state cannot be written: {text}",
                "Free some disk space and run again; nothing acknowledged was lost.",
            )
        if "malformed" in text or "not a database" in text or "encrypted" in text:
            return StateError(
                "damaged",
                self.path,
                f"the local AWS's state is damaged ({text}) and was left as it is",
                "Move the file away to examine it, or start afresh with `catalog local reset`.",
            )
        if "locked" in text or "busy" in text:
            return StateError(
                "busy",
                self.path,
                f"another process has held the local AWS's state for more than {BUSY_MS // 1000} seconds",
                "Wait for the other command to end, or stop it.",
            )
        return None

    def _foreign(self, why: str) -> StateError:
        return StateError(
            "foreign",
            self.path,
            f"this file is no state of the local AWS: it {why}",
            "It was left as it is. Set CATALOG_STATE to another folder.",
        )

    def _read_only(self) -> StateError:
        return StateError(
            "read-only",
            self.folder,
            "the local AWS's state cannot be written here: no permission, or a read-only file system",
            "Give write permission, or set CATALOG_STATE to a folder that you may write.",
        )
