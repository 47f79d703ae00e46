"""One bare repository: made when it is first asked for, read and written by the git program, free of the user's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = "git"
NOTHING: Final = "0" * 40


class GitFailed(Exception):
    """The git program refused; the text is what it said."""


@dataclass(frozen=True)
class Author:
    name: str
    email: str


@dataclass(frozen=True)
class Commit:
    """A commit as CodeCommit shows it."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Author
    written: str
    committer: Author
    committed: str
    message: str


def environment() -> dict[str, str]:
    """What git is run with: no settings but the repository's own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


class Bare:
    """A repository by its key, which no other one ever has."""

    def __init__(self, state: Path, key: str) -> None:
        self.path = state / FOLDER / f"{key}.git"

    def made(self) -> Bare:
        """The repository, empty where it was not there yet."""
        if not self.path.exists():
            self.path.parent.mkdir(exist_ok=True)
            fresh = self.path.with_name(f"{uuid.uuid4().hex}.new")
            self._run("init", "--quiet", "--bare", "--initial-branch=main", str(fresh), at=self.path.parent)
            try:
                fresh.rename(self.path)
            except OSError:  # another process was faster
                shutil.rmtree(fresh)
        return self

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def references(self) -> dict[str, str]:
        """Commit ids by the full names of branches and tags."""
        if not self.path.exists():
            return {}
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return {name: commit for name, _, commit in (line.partition(" ") for line in lines)}

    def branches(self) -> dict[str, str]:
        prefix = "refs/heads/"
        return {
            name.removeprefix(prefix): commit
            for name, commit in self.references().items()
            if name.startswith(prefix)
        }

    def default_branch(self) -> str:
        """The branch that HEAD stands for; empty while there is none."""
        if not self.path.exists():
            return ""
        branches = self.branches()
        head = self.git("symbolic-ref", "--short", "HEAD").decode().strip()
        if head not in branches and branches:
            head = next(iter(branches))  # CodeCommit's default branch is the first that comes
            self.git("symbolic-ref", "HEAD", f"refs/heads/{head}")
        return head if branches else ""

    def commit(self, ident: str) -> Commit:
        """Raises GitFailed where there is no such commit."""
        layout = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"
        text = self.git(
            "show", "--no-patch", f"--format={layout}", "--date=raw", f"{ident}^{{commit}}"
        ).decode()
        found, tree, parents, *people, message = text.split("\0")
        author, email, written, committer, other, committed = people
        return Commit(
            found,
            tree,
            tuple(parents.split()),
            Author(author, email),
            written,
            Author(committer, other),
            committed,
            message.rstrip("\n"),
        )

    def blob(self, commit: str, path: str) -> tuple[str, str, bytes]:
        """The blob id, mode and content of a file; raises GitFailed."""
        line = self.git("ls-tree", "-z", commit, "--", path).decode().rstrip("\0")
        mode, kind, ident = [*line.partition("\t")[0].split(), "", "", ""][:3]
        if kind != "blob":
            raise GitFailed(f"{path} is no file of {commit}")
        return ident, mode, self.git("cat-file", "blob", ident)

    def add_commit(
        self,
        branch: str,
        files: Mapping[str, tuple[bytes, bool] | None],
        *,
        parent: str = "",
        author: Author,
        message: str,
    ) -> tuple[str, str]:
        """One commit on top of `parent`; the commit's and its tree's id. A file is content and whether it is a program.

        None deletes a file. Raises GitFailed where the branch has moved on, or nothing would change.
        """
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", author.name or "-"), ("EMAIL", author.email or "-"))
        }
        with tempfile.TemporaryDirectory(prefix="catalog-git-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index")), **who}
            if parent:
                self.git("read-tree", parent, more=index)
            for path, content in files.items():
                if content is None:
                    self.git("update-index", "--force-remove", "--", path, more=index)
                    continue
                blob = self.git("hash-object", "-w", "--stdin", feed=content[0]).decode().strip()
                mode = "100755" if content[1] else "100644"
                self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", more=index)
            tree = self.git("write-tree", more=index).decode().strip()
        if parent and self.commit(parent).tree == tree:
            raise GitFailed("nothing would change")
        parents = ("-p", parent) if parent else ()
        made = (
            self.git("commit-tree", tree, *parents, feed=message.encode() or b"-", more=who).decode().strip()
        )
        self.git("update-ref", f"refs/heads/{branch}", made, parent or NOTHING)
        return made, tree

    def git(self, *arguments: str, feed: bytes = b"", more: Mapping[str, str] = {}) -> bytes:
        return self._run(*arguments, at=self.made().path, feed=feed, more=more)

    def _run(self, *arguments: str, at: Path, feed: bytes = b"", more: Mapping[str, str] = {}) -> bytes:
        done = subprocess.run(  # noqa: S603 - arguments are ours or checked, and no shell reads them
            ["git", *arguments],  # noqa: S607 - the user's git, wherever it is
            cwd=at,
            env={**environment(), **more},
            input=feed,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout
