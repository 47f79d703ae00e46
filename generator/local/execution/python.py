"""One invocation of a Python function in a process of its own: what it gets, how long it may take, what it gave.

Owns the process. Which function, under which role, and who asked is `functions.py`'s.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

BOOTSTRAP: Final = Path(__file__).parent / "inside" / "bootstrap.py"
INLINE: Final = BOOTSTRAP.with_name("cfnresponse.py")
INITIALISATION: Final = 60.0  # seconds for loading the module; Lambda gives 10, on a machine of its own
LOG_LIMIT: Final = 1 << 20  # bytes of output that are kept


@dataclass(frozen=True)
class Code:
    """What a process is started with."""

    archive: bytes
    layers: tuple[bytes, ...]
    inline: bool
    handler: str
    environment: Mapping[str, str]
    seconds: float
    json_logs: bool
    level: str


@dataclass(frozen=True)
class Outcome:
    """What a function gave: a JSON text, and whether it is an error's; with its output and what it took."""

    payload: str
    failed: bool
    output: str
    seconds: float
    megabytes: int


class Children:
    """The processes that are running, so that they can be ended together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self.ended = False

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """A process that leads a group of its own."""
        with self._lock:
            if self.ended:
                raise InterruptedError("the local AWS is being closed")
            child: subprocess.Popen[bytes] = subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603 - the user's own code
            self._running.add(child)
            return child

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """End a process with all that it started."""
        with contextlib.suppress(ProcessLookupError):  # it has ended, and nothing of its group is left
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        with self._lock:
            self._running.discard(child)

    def end(self) -> None:
        with self._lock:
            self.ended = True
            running = list(self._running)
        for child in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def run(children: Children, code: Code, event: Any, context: Mapping[str, Any]) -> Outcome:
    """Run a function once."""
    with tempfile.TemporaryDirectory(prefix="catalog-function-") as folder:
        root, scratch = Path(folder, "task"), Path(folder, "tmp")
        root.mkdir()
        scratch.mkdir()
        _unpack(code.archive, root)
        if code.inline:
            (root / INLINE.name).write_bytes(INLINE.read_bytes())
        path = []
        for number, layer in enumerate(code.layers):
            _unpack(layer, Path(folder, f"opt{number}"))
            path.append(str(Path(folder, f"opt{number}", "python")))
        reading, writing = os.pipe()
        try:
            child = children.start(
                [sys.executable, "-I", str(BOOTSTRAP)],
                env={
                    **code.environment,
                    "HOME": str(scratch),
                    "TMPDIR": str(scratch),
                    "LAMBDA_TASK_ROOT": str(root),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(writing,),
            )
        finally:
            os.close(writing)
        asked = {
            "event": event,
            "context": dict(context),
            "handler": code.handler,
            "root": str(root),
            "path": path,
            "answers": writing,
            "seconds": code.seconds,
            "json": code.json_logs,
            "level": code.level,
        }
        with os.fdopen(reading, "rb", buffering=0) as answers:
            return _followed(children, child, answers, code, asked)


def _followed(
    children: Children,
    child: subprocess.Popen[bytes],
    answers: IO[bytes],
    code: Code,
    asked: Mapping[str, Any],
) -> Outcome:
    assert child.stdin is not None
    assert child.stdout is not None
    output = io.BytesIO()
    reader = threading.Thread(target=_collect, args=(child.stdout, output), daemon=True)
    reader.start()
    try:
        with child.stdin:
            child.stdin.write(json.dumps(asked).encode())
    except BrokenPipeError:
        pass  # it died at once; that it gave nothing says so below
    lines = _lines(answers)
    began = time.monotonic()
    first = lines(INITIALISATION)
    limit = INITIALISATION
    if first is not None and "ready" in first:
        began, limit = time.monotonic(), code.seconds
        first = lines(code.seconds)
    took = time.monotonic() - began
    children.stop(child)
    reader.join()
    child.stdout.close()
    request = str(asked["context"]["aws_request_id"])
    text = output.getvalue().decode("utf-8", "replace")
    if first is None:
        kind, message = (
            ("Sandbox.Timedout", f"Error: Task timed out after {limit:.2f} seconds")
            if took >= limit
            else ("Runtime.ExitError", f"Error: Runtime exited with error: {_exit(child.returncode)}")
        )
        error = {"errorType": kind, "errorMessage": f"RequestId: {request} {message}"}
        return Outcome(json.dumps(error), True, text, min(took, limit), 0)
    failed = "error" in first
    payload = json.dumps(first["error"]) if failed else str(first["result"])
    return Outcome(payload, failed, text, took, int(first["kilobytes"]) // 1024)


def _exit(code: int) -> str:
    return (
        f"signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}"
        if code < 0
        else f"exit status {code}"
    )


def _lines(answers: IO[bytes]) -> Callable[[float], dict[str, Any] | None]:
    """A function that gives the next line within so many seconds; None where there is none."""
    waiting = b""
    selector = selectors.DefaultSelector()
    selector.register(answers, selectors.EVENT_READ)

    def following(seconds: float) -> dict[str, Any] | None:
        nonlocal waiting
        end = time.monotonic() + seconds
        while b"\n" not in waiting:
            if not selector.select(max(0.0, end - time.monotonic())):
                return None
            chunk = answers.read(65536)
            if not chunk:
                selector.close()
                return None
            waiting += chunk
        line, _, waiting = waiting.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    return following


def _collect(source: IO[bytes], output: io.BytesIO) -> None:
    while chunk := source.read1(65536):  # type: ignore[attr-defined]  # of the buffered reader that it is
        if output.tell() < LOG_LIMIT:
            output.write(chunk)


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(folder)
