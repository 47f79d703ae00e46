"""Git over https, in Python, since Lambda has no git: what branches there are, a first commit, and a branch as a zip.

Owns the conversation with a git server. Whose repository it is and what follows from it, its callers know.
"""

from __future__ import annotations

import io
import logging
import stat
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, TypeVar

import urllib3
from dulwich.client import HttpGitClient, HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository
from dulwich.index import commit_tree
from dulwich.object_store import MemoryObjectStore, iter_tree_contents
from dulwich.objects import S_IFGITLINK, Blob, Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import Repo

from .custom_resource import Deadline, OutOfTime
from .servers import ONCE, Credentials, connect, https

logger = logging.getLogger(__name__)

T = TypeVar("T")

_ATTEMPTS = 4


class GitRefused(Exception):
    """The server did not do it; the message says what to check."""


def begin(
    address: str, known: Credentials, branch: str, seed: bytes, author: str, deadline: Deadline
) -> bool:
    """Commit the zip `seed` as the first commit of a branch; False where the branch exists and stays as it is."""
    store, commit = _first_commit(seed, author)
    ref = _ref(branch)
    pushed = False

    def update(refs: Mapping[Ref, ObjectID]) -> dict[Ref, ObjectID]:
        nonlocal pushed
        pushed = ref not in refs
        return {ref: commit} if pushed else {}

    def push(client: HttpGitClient) -> bool:
        result = client.send_pack("", update, store.generate_pack_data)
        for name, problem in (result.ref_status or {}).items():
            if problem:
                raise GitRefused(f"{address} refused the branch {name.decode()}: {problem}")
        return pushed

    return _asked(address, known, push, deadline)


def archive(
    address: str, known: Credentials, branch: str, folder: Path, into: IO[bytes], deadline: Deadline
) -> tuple[str, str]:
    """Write the files of a branch's newest commit into a zip; the commit's id and the first line of its message.

    `folder` is an empty one, to work in.
    """
    ref = _ref(branch)

    def wanted(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:  # noqa: ARG001  # dulwich's
        return [refs[ref]] if ref in refs else []

    with closing(Repo.init_bare(str(folder))) as repository:

        def fetch(client: HttpGitClient) -> ObjectID:
            tip = client.fetch("", repository, determine_wants=wanted, depth=1).refs.get(ref)
            if tip is None:
                raise GitRefused(f"{address} has no branch {branch}. Push it, then repeat.")
            return tip

        tip = _asked(address, known, fetch, deadline)
        commit = repository[tip]
        if not isinstance(commit, Commit):
            raise GitRefused(f"the branch {branch} of {address} names no commit")
        _write_zip(repository, commit, into)
        return tip.decode(), commit.message.decode("utf-8", "replace").strip().partition("\n")[0]


def _asked(address: str, known: Credentials, work: Callable[[HttpGitClient], T], deadline: Deadline) -> T:
    """Do it, again while the server cannot be reached or fails; pushing twice is finding the branch there."""
    pauses = deadline.pauses(first=0.5)
    reason: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            with connect(known, ONCE) as connections:
                return work(
                    HttpGitClient(
                        https(address),
                        pool_manager=connections,
                        username=known.username,
                        password=known.token,
                        quiet=True,
                    )
                )
        except HTTPUnauthorized:
            raise GitRefused(
                f"{address} does not take the credentials in the secret. Check username and token, and that the token may "
                "read and write repositories."
            ) from None
        except NotGitRepository:
            raise GitRefused(
                f"{address} is no repository, or none that the credentials may see. Create it, or give access, then repeat."
            ) from None
        except (GitProtocolError, urllib3.exceptions.HTTPError) as error:
            reason = error
            logger.warning("no answer yet", extra={"repository": address, "reason": str(error)})
        try:
            next(pauses)
        except OutOfTime:
            break
    raise GitRefused(f"{address} did not answer as a git server: {reason}") from reason


def _ref(branch: str) -> Ref:
    return Ref(b"refs/heads/" + branch.encode())


def _first_commit(seed: bytes, author: str) -> tuple[MemoryObjectStore, ObjectID]:
    """The commit that holds the files of a zip, and the store it lies in."""
    store = MemoryObjectStore()
    entries = []
    with zipfile.ZipFile(io.BytesIO(seed)) as packed:
        for entry in packed.infolist():
            if entry.is_dir():
                continue
            blob = Blob.from_string(packed.read(entry))
            store.add_object(blob)
            executable = (entry.external_attr >> 16) & stat.S_IXUSR
            entries.append((entry.filename.encode(), blob.id, 0o100755 if executable else 0o100644))
    commit = Commit()
    commit.tree = commit_tree(store, entries)
    commit.author = commit.committer = f"{author} <{author}@sagemaker.invalid>".encode()
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = b"Seed code of the project\n"
    store.add_object(commit)
    return store, commit.id


def _write_zip(repository: Repo, commit: Commit, into: IO[bytes]) -> None:
    """The commit's files with their modes; submodules, whose files are elsewhere, are left out."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, mode, blob in iter_tree_contents(repository.object_store, commit.tree):
            if path is None or mode is None or blob is None or stat.S_IFMT(mode) == S_IFGITLINK:
                continue
            entry = zipfile.ZipInfo(path.decode("utf-8", "surrogateescape"), (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the mode is then honoured
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, repository[blob].as_raw_string())
