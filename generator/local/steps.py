"""Operations that are committed in steps, because code runs within them: done aside, acknowledged early, never lost.

Owns the thread that such an operation goes on in once its caller has an answer, and the mark by which other processes
know who is at work: a lock on a file of its own, which the system takes away from a process that dies. What such a
process left unfinished is told as failed by the services it belongs to (`UNFINISHED`).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import queue
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from generator.local.state import LOCK, State
from generator.local.transaction import Tx

log = logging.getLogger("catalog.local")
Answer = Mapping[str, Any]
# By the first word of a subject: modules with `fail(tx, subject, reason)`.
UNFINISHED: Final = {
    "stack": "generator.local.stacks.unfinished",
    "record": "generator.local.servicecatalog.unfinished",
    "stackset": "generator.local.stacks.sets.store",
    "build": "generator.local.execution.unfinished",
}
DIED: Final = "The process that carried out this operation ended before it was done."


def works_on(tx: Tx, subject: str) -> None:
    """Mark what an operation works on, such as `stack <id>`, for as long as it lasts."""
    if tx.owner:
        tx.execute("INSERT OR REPLACE INTO running VALUES (?, ?)", subject, tx.owner)


class Steps:
    """The operations of one local AWS in this process that may be committed in steps."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def run(self, work: Callable[[Tx, Callable[[Answer], None]], Answer]) -> Answer:
        """The answer of some work: its result or what it raises, or what it acknowledges before it is first suspended.

        `work` gets its transaction and a function to acknowledge with.
        """
        done: queue.Queue[Answer | BaseException] = queue.Queue()

        def aside() -> None:
            try:
                done.put(self._owned(work, done.put))
            except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for it
                done.put(error)
            finally:
                self._state.release()
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=aside, name="catalog-operation", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        answer = done.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def wait(self) -> None:
        """Until all operations have ended; whoever runs code for them has to end that first."""
        while True:
            with self._lock:
                thread = next(iter(self._threads), None)
            if thread is None:
                return
            thread.join()

    def _owned(
        self, work: Callable[[Tx, Callable[[Answer], None]], Answer], answer: Callable[[Answer], None]
    ) -> Answer:
        owner, committed = uuid.uuid4().hex, threading.Event()
        with owned(self._state.folder, owner):
            try:
                with self._state.write() as tx:
                    tx.owner = owner
                    tx.on_suspension(committed.set)
                    found = work(tx, lambda early: tx.on_suspension(lambda: answer(early)))
                    tx.execute("DELETE FROM running WHERE owner = ?", owner)
                    return found
            except Exception as error:
                if committed.is_set():
                    log.exception("an operation ended before it was done")
                    with self._state.write() as tx:
                        _fail(tx, owner, f"The local AWS failed within this operation: {error}")
                raise


def settle(state: State) -> None:
    """Tell as failed what processes worked on that are no more."""
    if state.in_transaction():
        return
    with state.read() as tx:
        owners = [row["owner"] for row in tx.all("SELECT DISTINCT owner FROM running")]
    for owner in owners:
        if _alive(state.folder, owner):
            continue
        with state.write() as tx:
            _fail(tx, owner, DIED)
        sweep(state.folder)


def sweep(folder: Path) -> None:
    """Remove the marks of processes that are no more."""
    for file in folder.glob(f"{LOCK}.*"):
        if not _alive(folder, file.name.removeprefix(f"{LOCK}.")):
            file.unlink(missing_ok=True)


def _fail(tx: Tx, owner: str, reason: str) -> None:
    # Records last: why a stack failed is part of what they say.
    rows = tx.all("SELECT subject FROM running WHERE owner = ? ORDER BY subject DESC", owner)
    for row in rows:
        import_module(UNFINISHED[row["subject"].partition(" ")[0]]).fail(tx, row["subject"], reason)
    tx.execute("DELETE FROM running WHERE owner = ?", owner)


def _file(folder: Path, owner: str) -> Path:
    return folder / f"{LOCK}.{owner}"


@contextmanager
def owned(folder: Path, owner: str) -> Iterator[None]:
    """Be known as alive, to other processes too."""
    file = _file(folder, owner)
    descriptor = _locked(file)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):  # the folder may be gone with its test
            file.unlink()
        os.close(descriptor)


def _locked(file: Path) -> int:
    """A new file, locked; made again where another process took it for a dead one's before it was."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if file.exists() and file.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def _alive(folder: Path, owner: str) -> bool:
    try:
        descriptor = os.open(_file(folder, owner), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
