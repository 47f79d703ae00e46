"""moto's services on disk: each changing request with its seed, and from time to time a snapshot of everything.

Another process replays what it has not seen; a late one starts from the snapshot. Bodies are stored once, by digest,
and read when somebody asks for them.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from generator.local.snapshot import UNPICKLABLE, dump, load, read_blob, write_blob
from generator.local.state import State
from generator.local.transaction import Tx
from generator.local.wire import Request, Response, asked
from generator.local.world import Content, Seed, World

Found = TypeVar("Found")
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
# They make private keys, whose chance cannot be seeded: the outcome itself is kept, by a snapshot.
UNREPEATABLE = frozenset({"CreateKey", "CreateKeyPair", "RequestCertificate", "CreateCertificateAuthority"})
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
        self._failed = 0
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

    def look(self, reader: Callable[[Content], Found]) -> Found:
        """What a reader finds in moto's objects, which it must not keep."""
        with self.state.read() as tx, self._lock:
            self._catch_up(tx)
            return reader(self.world.content())

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
        repeatable = operation(request) not in UNREPEATABLE
        if (
            not repeatable
            or self._seq - max(tx.value("SELECT seq FROM snapshot") or 0, self._failed) >= SNAPSHOT_EVERY
        ):
            self._snapshot(tx)

    def _snapshot(self, tx: Tx) -> None:
        try:
            content, digests = dump(self.world.content(), tx, self.state)
        except UNPICKLABLE:
            self._failed = (
                self._seq
            )  # something in moto cannot be pickled: the journal keeps everything, only slower
            return
        tx.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?)", self._seq, content)
        tx.execute("DELETE FROM journal WHERE seq <= ?", self._seq)
        marks = ",".join("?" * len(digests))
        tx.execute(f"DELETE FROM blob WHERE digest NOT IN ({marks})", *digests)  # noqa: S608 - only marks


def operation(request: Request) -> str:
    """The operation of a request, where it names one: services of REST do not."""
    if "x-amz-target" in request.headers:
        return request.headers["x-amz-target"].rpartition(".")[2]
    if request.headers.get("smithy-protocol"):
        return request.path.rpartition("/")[2]
    if "Action=" in request.url or request.body[:7] == b"Action=" or b"&Action=" in request.body[:4096]:
        return asked(request).operation
    return ""


def changes(request: Request) -> bool:
    """Whether a request may change anything, told by its operation's name, else by its method."""
    name = operation(request)
    if name:
        return name in CHANGING or not name.startswith(READING)
    return request.method not in ("GET", "HEAD", "OPTIONS")


def _seed() -> Seed:
    return Seed(secrets.randbits(62), time.time())
