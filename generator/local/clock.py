"""Time and chance as moto sees them: those at which a journaled request was first performed, when it is replayed.

Most of moto asks one random generator that can be seeded. What it asks of `datetime`, `time`, `os`, `uuid` and `random`
directly is replaced in moto's own modules, and nowhere else. Without that, a replay would give objects other ids and
creation times in each process.
"""

from __future__ import annotations

import datetime as real
import os
import random
import sys
import threading
import time as real_time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

_stopped = threading.local()


def now() -> float:
    at: float | None = getattr(_stopped, "at", None)
    return real_time.time() if at is None else at


@contextmanager
def frozen(at: float) -> Iterator[None]:
    """moto's clock stands at this time, in this thread."""
    _stopped.at = at
    try:
        yield
    finally:
        _stopped.at = None


class _AnyDatetime(type(real.datetime)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, real.datetime)


class _Datetime(real.datetime, metaclass=_AnyDatetime):
    """Makes plain datetimes, so that none of these is ever pickled."""

    @classmethod
    def now(cls, tz: real.tzinfo | None = None) -> real.datetime:  # type: ignore[override]
        return real.datetime.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls) -> real.datetime:  # type: ignore[override]
        return real.datetime.fromtimestamp(now(), real.UTC).replace(tzinfo=None)

    def __new__(cls, *args: Any, **kwargs: Any) -> real.datetime:  # type: ignore[misc]
        return real.datetime(*args, **kwargs)


class _Module(ModuleType):
    """A module with one thing changed."""

    def __init__(self, original: ModuleType, **changed: Any) -> None:
        super().__init__(original.__name__)
        self.__dict__.update(vars(original))
        self.__dict__.update(changed)


@cache
def _replacements() -> dict[int, Any]:
    """What to put where, by the identity of what is there."""
    from moto.moto_api._internal import mock_random as chance

    return {
        id(real): _Module(real, datetime=_Datetime),
        id(real.datetime): _Datetime,
        id(real_time): _Module(real_time, time=now),
        id(real_time.time): now,
        id(os): _Module(os, urandom=chance.randbytes),
        id(os.urandom): chance.randbytes,
        id(uuid): _Module(uuid, uuid4=chance.uuid4, uuid1=chance.uuid1),
        id(uuid.uuid4): chance.uuid4,
        id(random): chance,
    }


def govern(package: str) -> None:
    """Let the loaded modules of a package of moto ask this clock and the seeded generator."""
    wanted = [name for name in sys.modules if name == "moto.core.utils" or name.startswith(f"{package}.")]
    for module in [vars(sys.modules[name]) for name in wanted if name.startswith("moto.")]:
        for attribute, value in list(module.items()):
            if id(value) in _replacements():
                module[attribute] = _replacements()[id(value)]
