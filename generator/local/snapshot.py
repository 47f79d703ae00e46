"""moto's world as bytes: a pickle in which bodies stay outside, by digest, and what pickle cannot carry is translated.

A snapshot is only read by the versions of Python's libraries that wrote it, because they are pinned; the journal is
what lasts.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
import threading
import weakref
from collections import defaultdict
from functools import reduce
from types import CellType, CodeType, FunctionType
from typing import Any

from generator.local.state import State
from generator.local.transaction import Tx
from generator.local.world import Content, dispose

# What `dump` raises for objects that it cannot carry.
UNPICKLABLE = (pickle.PickleError, TypeError, AttributeError, ValueError, LookupError, ImportError)


def write_blob(tx: Tx, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    tx.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", digest, content)
    return digest


def read_blob(tx: Tx, digest: str) -> bytes:
    return bytes(tx.one("SELECT content FROM blob WHERE digest = ?", digest)["content"])  # type: ignore[index]


class Body:
    """The content of an S3 object of a snapshot, read from the state when first asked for.

    It has what moto's object uses of a temporary file.
    """

    def __init__(self, state: State | None, digest: str) -> None:
        self._state = state  # None in a snapshot being written: nobody reads that one
        self.digest = digest
        self._file: io.BytesIO | None = None

    def _opened(self) -> io.BytesIO:
        if self._file is None:
            if self._state is None:
                raise RuntimeError("a body that is being written is not read")
            with self._state.read() as tx:
                self._file = io.BytesIO(read_blob(tx, self.digest))
        return self._file

    def read(self, size: int = -1) -> bytes:
        return self._opened().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._opened().seek(offset, whence)

    def truncate(self, size: int | None = None) -> int:
        return self._opened().truncate(size)

    def write(self, content: bytes) -> int:
        return self._opened().write(content)

    def close(self) -> None:
        self._file = None


def dump(content: Content, tx: Tx, state: State) -> tuple[bytes, set[str]]:
    """A pickle of the world, which is known to load, and the digests of the bodies it points at."""
    out = io.BytesIO()
    pickler = _Pickler(out, tx)
    pickler.dump(content)
    dispose(load(out.getvalue(), state))  # what can be written can still be unreadable
    return out.getvalue(), pickler.digests


def load(content: bytes, state: State) -> Content:
    return _Unpickler(io.BytesIO(content), state).load()  # type: ignore[no-any-return]


LOCKS = (type(threading.Lock()), type(threading.RLock()))


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, tx: Tx) -> None:
        super().__init__(file, protocol=5)
        self.tx = tx
        self.digests: set[str] = set()

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, LOCKS[0]):
            return threading.Lock, ()
        if isinstance(value, LOCKS[1]):
            return threading.RLock, ()
        if isinstance(value, FunctionType) and "<locals>" in value.__qualname__:
            return _local_function, _located(value)
        if hasattr(value, "private_bytes"):
            return _private_key, (_pkcs8(value),)
        kind = type(value)
        if isinstance(value, defaultdict) and kind is not defaultdict:
            made_by = (value.default_factory, vars(value))
            return (
                _bare,
                (kind,),
                made_by,
                None,
                iter(value.items()),
                _fill,
            )  # its __init__ wants other things
        if isinstance(value, weakref.ref) and value() is not None:
            return weakref.ref, (value(),)
        if kind.__module__ == "moto.s3.utils" and kind.__name__ == "_VersionedKeyStore":
            return _versions, (kind, list(value.lists()))  # its items() are the latest versions only
        if kind.__module__ == "moto.s3.models" and kind.__name__ == "FakeKey":
            rest = {k: v for k, v in vars(value).items() if k not in ("_value_buffer", "lock")}
            return _object, (kind, rest, self._body(value))
        return NotImplemented

    def _body(self, value: Any) -> Body | None:
        if value.disposed:
            return None
        body: Body | io.IOBase = value._value_buffer
        if not isinstance(body, Body):
            body = Body(None, write_blob(self.tx, value.value))
        self.digests.add(body.digest)
        return body

    def persistent_id(self, value: Any) -> str | None:
        """The content of an object of S3 stays outside; the pickle has its digest."""
        return value.digest if isinstance(value, Body) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, state: State) -> None:
        super().__init__(file)
        self.state = state

    def persistent_load(self, digest: str) -> Body:
        return Body(self.state, digest)


def _pkcs8(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return content


def _private_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(content, password=None)


def _bare(kind: Any) -> Any:
    return kind.__new__(kind)


def _fill(value: defaultdict[Any, Any], rest: tuple[Any, dict[str, Any]]) -> None:
    value.default_factory = rest[0]
    vars(value).update(rest[1])


def _versions(kind: type, lists: list[tuple[str, list[Any]]]) -> Any:
    store = kind()
    for name, versions in lists:
        dict.__setitem__(store, name, versions)
    return store


def _object(kind: Any, attributes: dict[str, Any], body: Body | None) -> Any:
    found = kind.__new__(kind)
    vars(found).update(attributes, _value_buffer=body or io.BytesIO(), lock=threading.Lock())
    return found


def _located(function: FunctionType) -> tuple[Any, ...]:
    """Where a function inside another function is written, and what it has caught."""
    outer, _, _ = function.__qualname__.rpartition(".<locals>.")
    if "<locals>" in outer:
        raise TypeError(f"{function.__qualname__} is nested too deeply to be found again")
    parent = _parent_code(function.__module__, outer)
    caught = tuple(cell.cell_contents for cell in function.__closure__ or ())
    index = parent.co_consts.index(function.__code__)
    return function.__module__, outer, index, function.__defaults__, caught


def _parent_code(module: str, outer: str) -> CodeType:
    parent = reduce(getattr, outer.split("."), sys.modules[module])
    code: CodeType = getattr(parent, "__wrapped__", parent).__code__
    return code


def _local_function(
    module: str, outer: str, index: int, defaults: Any, caught: tuple[Any, ...]
) -> FunctionType:
    __import__(module)
    code = _parent_code(module, outer).co_consts[index]
    closure = tuple(CellType(value) for value in caught)
    return FunctionType(code, vars(sys.modules[module]), code.co_name, defaults, closure)
