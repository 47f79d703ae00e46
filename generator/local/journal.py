"""moto's services on disk: each changing request with its seed, and from time to time a snapshot of everything.

Another process replays what it has not seen; a late one starts from the snapshot. Bodies are stored once, by digest,
and read when somebody asks for them.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import secrets
import threading
import time
from typing import Any

from generator.local.state import State, Tx
from generator.local.wire import Request, Response, asked
from generator.local.world import Content, Seed, World

SNAPSHOT_EVERY = 200  # requests; replaying as many takes a fraction of a second
INLINE = 4096  # bytes; larger bodies are stored apart, once
READING = (
    "Get",
    "List",
    "Describe",
    "Head",
    "Search",
    "Lookup",
    "Query",
    "Scan",
    "Simulate",
    "Validate",
    "Test",
)
# They read like questions and yet change something: credentials are made, messages become invisible.
CHANGING = frozenset({"GetSessionToken", "GetFederationToken", "GetSigninToken"})
KEPT = (
    "content-type",
    "content-encoding",
    "content-md5",
    "authorization",
    "host",
    "if-match",
    "if-none-match",
)


class Journal:
    """moto's world of one state, kept level with what all processes have written."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.world = World()
        self._seq = 0
        self._fresh = False
        self._generation = 0
        self._lock = threading.RLock()

    def answer(self, request: Request, account: str) -> Response:
        """moto's answer; a change is on disk when the surrounding transaction has ended."""
        if not changes(request):
            with self.state.read() as tx, self._lock:
                self._catch_up(tx)
                return self.world.perform(request, account, _seed())
        with self.state.write() as tx, self._lock:
            self._catch_up(tx)
            tx.on_rollback(self._forget)
            seed = _seed()
            response = self.world.perform(request, account, seed)
            if response.status < 400:
                self._append(tx, request, account, seed)
            return response

    def bucket(self, bucket: str) -> tuple[str | None, str | None]:
        """The account that has a bucket, and the bucket's policy."""
        with self.state.read() as tx, self._lock:
            self._catch_up(tx)
            owner = self.world.bucket_owner(bucket)
            return owner, self.world.bucket_policy(bucket, owner) if owner else None

    def close(self) -> None:
        with self._lock:
            self.world.replace({})

    def _forget(self) -> None:
        """What was done in memory was not kept on disk: build the world anew before the next call."""
        self._fresh = False

    def _catch_up(self, tx: Tx) -> None:
        start = tx.value("SELECT seq FROM snapshot") or 0
        generation = tx.value("SELECT number FROM generation") or 0  # another one after a reset or an import
        if not self._fresh or self._seq < start or self._generation != generation:
            self._generation = generation
            content = tx.value("SELECT content FROM snapshot")
            self.world.replace({} if content is None else load(content, self.state))
            self._seq, self._fresh = start, True
        for row in tx.all("SELECT * FROM journal WHERE seq > ? ORDER BY seq", self._seq):
            body = row["body"] if row["blob"] is None else read_blob(tx, row["blob"])
            request = Request(row["method"], row["url"], json.loads(row["headers"]), body or b"")
            self.world.perform(request, row["account"], Seed(row["seed"], row["time"]))
            self._seq = row["seq"]

    def _append(self, tx: Tx, request: Request, account: str, seed: Seed) -> None:
        large = len(request.body) > INLINE
        headers = {k: v for k, v in request.headers.items() if k in KEPT or k.startswith("x-amz")}
        self._seq = tx.insert(
            "journal",
            {
                "account": account,
                "method": request.method,
                "url": request.url,
                "headers": json.dumps(headers),
                "body": None if large else request.body,
                "blob": write_blob(tx, request.body) if large else None,
                "seed": seed.number,
                "time": seed.time,
            },
        )
        if self._seq - (tx.value("SELECT seq FROM snapshot") or 0) >= SNAPSHOT_EVERY:
            self._snapshot(tx)

    def _snapshot(self, tx: Tx) -> None:
        content, digests = dump(self.world.content(), tx)
        tx.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?)", self._seq, content)
        tx.execute("DELETE FROM journal WHERE seq <= ?", self._seq)
        marks = ",".join("?" * len(digests))
        tx.execute(f"DELETE FROM blob WHERE digest NOT IN ({marks})", *digests)  # noqa: S608 - only marks


def changes(request: Request) -> bool:
    """Whether a request may change anything, told by its operation's name, else by its method."""
    operation = ""
    if "x-amz-target" in request.headers:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
    elif request.headers.get("smithy-protocol"):
        operation = request.path.rpartition("/")[2]
    elif "Action=" in request.url or request.body[:7] == b"Action=" or b"&Action=" in request.body[:4096]:
        operation = asked(request).operation
    if operation:
        return operation in CHANGING or not operation.startswith(READING)
    return request.method not in ("GET", "HEAD", "OPTIONS")


def _seed() -> Seed:
    return Seed(secrets.randbits(62), time.time())


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


def dump(content: Content, tx: Tx) -> tuple[bytes, set[str]]:
    """A pickle of the world and the digests of the bodies it points at."""
    out = io.BytesIO()
    pickler = _Pickler(out, tx)
    pickler.dump(content)
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
        kind = type(value)
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


def _versions(kind: type, lists: list[tuple[str, list[Any]]]) -> Any:
    store = kind()
    for name, versions in lists:
        dict.__setitem__(store, name, versions)
    return store


def _object(kind: Any, attributes: dict[str, Any], body: Body | None) -> Any:
    found = kind.__new__(kind)
    vars(found).update(attributes, _value_buffer=body or io.BytesIO(), lock=threading.Lock())
    return found
