"""Runs one invocation of a function inside its own process, as Lambda's Python runtime does.

Started by `execution/python.py` as a file, so it imports nothing of this project. It reads one JSON object from its standard
input and writes lines of JSON to the descriptor named there: when the module is loaded, and what the handler gave.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any


class Context:
    """What a handler gets as its second argument."""

    identity = None
    client_context = None

    def __init__(self, values: dict[str, Any], seconds: float) -> None:
        vars(self).update(values)
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))

    def log(self, message: str) -> None:
        sys.stdout.write(str(message))


class Text(logging.Formatter):
    """[LEVEL] time request id message, separated by tabs."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        return f"[{record.levelname}]\t{at}.{int(record.msecs):03d}Z\t{REQUEST}\t{message}"


class Json(logging.Formatter):
    """One JSON object a line, as with LogFormat JSON; what was given as `extra` is in it."""

    known = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line: dict[str, Any] = {"timestamp": at, "level": record.levelname, "message": record.getMessage()}
        line |= {"logger": record.name, "requestId": REQUEST}
        line |= {name: value for name, value in vars(record).items() if name not in self.known}
        if record.exc_info and record.exc_info[0]:
            line |= {"errorType": record.exc_info[0].__name__, "errorMessage": str(record.exc_info[1])}
            line["stackTrace"] = traceback.format_exception(*record.exc_info)
        return json.dumps(line, default=str)


def failure(error: BaseException, kind: str = "", message: str = "") -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return {
        "errorMessage": message or str(error),
        "errorType": kind or type(error).__name__,
        "requestId": REQUEST,
        "stackTrace": traceback.format_list(own),
    }


def load(name: str) -> Callable[[Any, Context], Any]:
    """The handler; raises Refused as Lambda words it."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        raise Refused("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Refused(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise Refused(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    if not hasattr(module, function):
        raise Refused("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    found: Callable[[Any, Context], Any] = getattr(module, function)
    return found


class Refused(Exception):
    """Code that cannot be run at all; `kind` is Lambda's word for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def invoke(asked: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    try:
        handler = load(asked["handler"])
    except Refused as error:
        return {"error": failure(error, error.kind)}
    except BaseException as error:  # noqa: BLE001 - whatever the module does when it is imported
        return {"error": failure(error)}
    tell({"ready": True})
    try:
        result = handler(asked["event"], Context(asked["context"], asked["seconds"]))
    except SystemExit as error:
        message = f"RequestId: {REQUEST} Error: Runtime exited with error: exit status {error.code or 0}"
        return {"error": {"errorType": "Runtime.ExitError", "errorMessage": message}}
    except BaseException as error:  # noqa: BLE001 - whatever the handler raises is its answer
        return {"error": failure(error)}
    try:
        return {"result": json.dumps(result)}
    except (TypeError, ValueError) as error:
        return {"error": failure(error, "Runtime.MarshalError", f"Unable to marshal response: {error}")}


def main() -> None:
    global REQUEST  # of the one invocation that this process is for
    asked = json.loads(sys.stdin.buffer.read())
    REQUEST = asked["context"]["aws_request_id"]
    answers = os.fdopen(asked["answers"], "w")
    megabytes = asked["context"]["memory_limit_in_mb"]
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
    os.chdir(asked["root"])
    sys.path[:0] = [asked["root"], *asked["path"]]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Json() if asked["json"] else Text())
    logging.root.addHandler(handler)
    logging.root.setLevel(asked["level"])

    def tell(line: dict[str, Any]) -> None:
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    outcome = invoke(asked, tell)
    if "error" in outcome:
        error = outcome["error"]
        text = "".join(error.get("stackTrace", []))
        print(
            f"[ERROR] {error['errorType']}: {error['errorMessage']}\nTraceback (most recent call last):\n{text}"
        )
    sys.stdout.flush()
    sys.stderr.flush()
    tell({**outcome, "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
    os._exit(0)  # what the function left running is frozen by Lambda, and ends here


REQUEST = ""
if __name__ == "__main__":
    main()
