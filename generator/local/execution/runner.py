"""What runs code for one local AWS in this process: its address, its threads and processes, and their end."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from generator.local.execution.callbacks import Callbacks
from generator.local.execution.python import Children
from generator.local.state import StateError
from generator.local.steps import Steps, owned, sweep

if TYPE_CHECKING:
    from generator.local.aws import LocalAws
    from generator.local.server import Server
    from generator.local.service import Identity
    from generator.local.world import Content

log = logging.getLogger("catalog.local")
Found = TypeVar("Found")
PATIENCE = 5.0  # seconds that work aside has to end by itself when the local AWS is closed


class Runner:
    """Given to calls as `call.runner`; there is none where code is not to be run."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self.state = aws.state
        self.steps = Steps(aws.state)
        self.children = Children()
        self.callbacks = Callbacks()
        self.closing = threading.Event()
        self._server: Server | None = None
        self._served = ""
        self._aside: set[threading.Thread] = set()
        self.owner = uuid.uuid4().hex  # of what is done aside, for `steps.settle`
        sweep(aws.state.folder)
        self._alive = ExitStack()
        self._alive.enter_context(owned(aws.state.folder, self.owner))
        atexit.register(self.close)  # nothing may go on without the local AWS that it calls
        self._lock = threading.RLock()  # a server that is started here says so
        self._poller = threading.Thread(target=self._poll, name="catalog-poll", daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        from generator.local.execution.mappings import poll

        try:
            poll(self)
        finally:
            self.state.release()

    @property
    def url(self) -> str:
        """Where code finds the local AWS; a server of this process's own where none was started."""
        with self._lock:
            if not self._served:
                from generator.local.server import Server

                self._server = Server(self._aws, 0)
                self._server.__enter__()
                self._served = self._server.url
            return self._served

    def serves_at(self, url: str) -> None:
        """A server of this local AWS was started anyway."""
        with self._lock:
            self._served = self._served or url

    def clients(self, service: str, region: str, identity: Identity) -> Any:
        return self._aws.client_as(service, region, identity)

    def look(self, reader: Callable[[Content], Found]) -> Found:
        return self._aws.app.journal.look(reader)

    def aside(self, work: Callable[[], object]) -> None:
        """Do something for which nobody waits."""

        def run() -> None:
            try:
                work()
            except InterruptedError:
                log.info("ended, because the local AWS is being closed")
            except StateError as error:
                log.warning("%s", error)
            except Exception:
                log.exception("work aside failed")
            finally:
                self.state.release()
                with self._lock:
                    self._aside.discard(thread)

        thread = threading.Thread(target=run, name="catalog-aside", daemon=True)
        with self._lock:
            self._aside.add(thread)
        thread.start()

    def pause(self, seconds: float) -> None:
        """Wait; raises InterruptedError when the local AWS is closed meanwhile."""
        if self.closing.wait(seconds):
            raise InterruptedError("the local AWS is being closed")

    def settle(self, seconds: float = 60.0) -> bool:
        """Wait until nothing is done aside any more; whether that came about."""
        end = time.monotonic() + seconds
        while True:
            with self._lock:
                thread = next(iter(self._aside), None)
            if thread is None:
                return True
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                return False

    def close(self) -> None:
        """End what runs; operations that waited for it end as failed."""
        if self.closing.is_set():
            return
        atexit.unregister(self.close)
        self.settle(PATIENCE)
        self.closing.set()
        self._poller.join()
        self.children.end()
        self.steps.wait()
        self.settle()
        if self._server is not None:
            self._server.__exit__(None, None, None)
        self._alive.close()
