"""A transaction of the state: its rows, and what is to happen when it is committed, suspended or taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any


class Tx:
    """An open transaction: rows in and out, nothing more.

    Tables that hand out ids use AUTOINCREMENT, because SQLite reuses the id of a deleted last row otherwise.
    """

    def __init__(self, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.connection = connection
        self.writable = writable
        self.depth = 0  # of the savepoints within
        self.owner = ""  # of an operation that is committed in steps: see `steps.py`
        self._undo: list[Callable[[], None]] = []
        self._told: list[Callable[[], None]] = []
        self._after: list[Callable[[], None]] = []

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Call this if what was written is taken back: for what is remembered outside of the database."""
        self._undo.append(undo)

    def rolled_back(self) -> None:
        for undo in self._undo:
            undo()

    def on_suspension(self, tell: Callable[[], None]) -> None:
        """Call this when what was written so far is on disk for good, though more is to come."""
        self._told.append(tell)

    def suspended(self) -> None:
        told, self._told = self._told, []
        for tell in told:
            tell()
        self.committed()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call this once what was written is on disk, outside of the transaction; never, if it is taken back."""
        self._after.append(act)

    def committed(self) -> None:
        self._undo.clear()
        after, self._after = self._after, []
        for act in after:
            act()

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self.connection.execute(sql, values)

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Insert one row; the table and column names are ours, never a caller's."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names come from our own code
            tuple(values.values()),
        )
        return cursor.lastrowid or 0
