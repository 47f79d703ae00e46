"""Structured logs: one JSON object a line, with the ids by which a message can be followed."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_context: ContextVar[dict[str, str] | None] = ContextVar("context", default=None)
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        given = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        content = {"level": record.levelname, "message": record.getMessage(), **(_context.get() or {}), **given}
        if record.exc_info:
            content["error"] = self.formatException(record.exc_info)
        return json.dumps(content, default=str)


@contextmanager
def of(**ids: str) -> Iterator[None]:
    """Everything logged within carries these ids."""
    token = _context.set({**(_context.get() or {}), **ids})
    try:
        yield
    finally:
        _context.reset(token)


def configure() -> None:
    """Send everything to standard output, from where Lambda takes it; replaces the handler that Lambda has set."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
    logging.getLogger("botocore").setLevel("WARNING")
