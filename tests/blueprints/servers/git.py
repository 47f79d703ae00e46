"""A git server: git's own http-backend over bare repositories, with a password."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .loopback import USERNAME, Answer, Asked, Server, basic


def git_server(root: Path) -> Server:
    """The bare repositories below a folder."""
    return Server(answer=lambda asked: serve_git(root, asked))


def serve_git(root: Path, asked: Asked) -> Answer:
    """Git's answer; pushing and reading both take the password."""
    if asked.headers.get("authorization") != basic():
        return Answer(401, headers=(("WWW-Authenticate", 'Basic realm="git"'),))
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_USER": USERNAME,  # by which http-backend knows that pushing is allowed
        "REQUEST_METHOD": asked.method,
        "PATH_INFO": asked.path,
        "QUERY_STRING": asked.query,
        "CONTENT_TYPE": asked.headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
        "HTTP_GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
    }
    told = subprocess.run(
        ["git", "http-backend"], input=asked.body, env=environment, capture_output=True, check=True
    ).stdout
    head, _, content = told.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return Answer(int(headers.pop("Status", "200").split()[0]), content, tuple(headers.items()))


def bare(root: Path, path: str) -> Path:
    """An empty repository at `path` of the server."""
    repository = root / f"{path}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository)], check=True)
    return repository


def git(repository: Path, *arguments: str) -> str:
    """What git says of a repository."""
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
    ).stdout


def commit(repository: Path, branch: str, files: dict[str, str], message: str = "Change") -> str:
    """A commit of these files on a branch of a bare repository, as a person would push it; its id."""
    entries = []
    for name, content in sorted(files.items()):
        blob = subprocess.run(
            ["git", "-C", str(repository), "hash-object", "-w", "--stdin"],
            input=content.encode(),
            capture_output=True,
            check=True,
        ).stdout.decode()
        entries.append(f"100644 blob {blob.strip()}\t{name}\n")
    tree = subprocess.run(
        ["git", "-C", str(repository), "mktree"],
        input="".join(entries),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    before = git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()
    made = git(
        repository,
        "-c", "user.name=Person", "-c", "user.email=person@example.com",
        "commit-tree", tree, "-m", message, *(["-p", before] if before else []),
    ).strip()  # fmt: skip
    git(repository, "update-ref", f"refs/heads/{branch}", made)
    return made
