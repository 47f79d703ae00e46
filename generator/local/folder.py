"""The state as a whole: what is in it, starting afresh, and carrying it elsewhere.

Everything happens in the open file, so that other processes that hold it see a reset or an import as a change.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from generator.errors import fail
from generator.local.git.bare import FOLDER as REPOSITORIES
from generator.local.services import tables
from generator.local.state import APPLICATION, FILE, FORMAT, State, StateError
from generator.local.transaction import Tx

COUNTED = {
    "portfolios": "sc_portfolio",
    "products": "sc_product",
    "versions": "sc_artifact",
    "TagOptions": "sc_tag_option",
    "constraints": "sc_constraint",
    "shares": "sc_share",
}


@dataclass(frozen=True)
class Status:
    """What a state holds; `counts` by the name of a thing, `size` in bytes."""

    folder: Path
    format: int
    size: int
    counts: dict[str, int]


def status(folder: Path) -> Status | None:
    """What is in the state of this folder; None where there is none, which is then not made either."""
    if not (folder / FILE).exists():
        return None
    with _opened(folder) as state, state.read() as tx:
        counts = {name: int(tx.value(f"SELECT count(*) FROM {table}")) for name, table in COUNTED.items()}  # noqa: S608 - our own names
        size = sum(path.stat().st_size for path in folder.glob(f"{FILE}*"))
        return Status(folder, FORMAT, size, counts)


def reset(folder: Path) -> Path | None:
    """Start afresh. A damaged state, or one of another format, is set aside instead of emptied: its new path."""
    if not (folder / FILE).exists():
        return None
    try:
        with _opened(folder) as state:
            with state.write() as tx:
                for table in _names(tx):
                    tx.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
                _next_generation(tx)
            state.compact()
            shutil.rmtree(folder / REPOSITORIES, ignore_errors=True)
    except StateError as error:
        if error.kind not in ("damaged", "format"):
            raise
        return _set_aside(folder)
    return None


def export(folder: Path, file: Path) -> None:
    """Write the whole state, as it is at one moment, to a file that must not exist yet."""
    if not (folder / FILE).exists():
        raise fail(str(folder), "there is no state of the local AWS here to export")
    if file.exists():
        raise fail(str(file), "the file exists", "Name a new file; exports never overwrite.")
    with _opened(folder) as state:
        state.copy_to(file)


def import_(folder: Path, file: Path) -> None:
    """Fill the state of this folder, which must be empty or missing, from an exported file."""
    _check_export(file)
    with _opened(folder) as state, state.attached(file, "exported"), state.write() as tx:
        filled = [t for t in _names(tx) if t != "generation" and tx.one(f"SELECT 1 FROM main.{t} LIMIT 1")]  # noqa: S608 - our own names
        if filled:
            raise fail(str(folder), "the state is not empty", "Run `catalog local reset` first.")
        known = {row["name"] for row in tx.all("SELECT name FROM exported.sqlite_master WHERE type='table'")}
        for table in reversed(_names(tx)):
            if table in known and table != "generation":
                tx.execute(f"INSERT INTO main.{table} SELECT * FROM exported.{table}")  # noqa: S608 - our own names
        _next_generation(tx)


@contextmanager
def _opened(folder: Path) -> Iterator[State]:
    with closing(State(folder, tables())) as state:
        yield state


def _names(tx: Tx) -> list[str]:
    rows = tx.all(
        "SELECT name FROM main.sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name<>'meta'"
        " ORDER BY rowid DESC"  # those that refer to others come later and go first
    )
    return [row["name"] for row in rows]


def _next_generation(tx: Tx) -> None:
    number = tx.value("SELECT number FROM generation") or 0
    tx.execute("INSERT OR REPLACE INTO generation VALUES (1, ?)", number + 1)


def _set_aside(folder: Path) -> Path:
    path = folder / FILE
    number = 1
    while (aside := folder / f"{FILE}.aside-{number}").exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
    return path.rename(aside)


def _check_export(file: Path) -> None:
    remedy = "Give a file that `catalog local export` wrote."
    if not file.is_file():
        raise fail(str(file), "there is no such file", remedy)
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError as error:
        raise fail(str(file), f"this is no export of the local AWS: {error}", remedy) from error
    if application != APPLICATION or not sound:
        raise fail(str(file), "this is no export of the local AWS, or it is damaged", remedy)
    if found != FORMAT:
        raise fail(str(file), f"the export has format {found}, this tool reads format {FORMAT}", remedy)
