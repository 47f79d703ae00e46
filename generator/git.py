"""The git program, and the only door to it: run without the settings of a surrounding repository, its failures told.

What a repository is for, others decide. Credentials are git's own matter (its helpers, ssh): none is kept or asked here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from generator.errors import FactoryError, Problem, Where, fail

# Set by git for its hooks, they would point our commands at the repository that the hook runs in.
_OF_A_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip


class GitError(FactoryError):
    """A git server said no, or could not be reached."""

    exit_code = 4


def run(*arguments: str, about: str, folder: Path | None = None, feed: bytes = b"") -> bytes:
    """What a git command prints; `folder` is its repository, `about` the place that errors name.

    Raises:
        GitError: with git's own last words.
    """
    place = [f"--git-dir={folder}"] if folder else []
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
    try:
        done = subprocess.run(  # noqa: S603 - arguments are ours or checked, and no shell reads them
            ["git", *place, *arguments],  # noqa: S607 - the user's git, wherever it is
            input=feed,
            env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise fail("git", "is not installed", "Install it, e.g. apt-get install git.") from None
    if done.returncode:
        raise GitError(
            Problem(
                Where(about),
                f"git {arguments[0]}: {_reason(done.stderr.decode(errors='replace'))}",
                "Check the address, the network and your rights there; git's credential helpers and ssh keys are used.",
            )
        )
    return done.stdout


def _reason(told: str) -> str:
    """The line that says why: a rejected reference, else the last fatal or error."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    for start in ("! [", "fatal:", "error:"):
        for line in lines:
            if line.startswith(start):
                return line.removeprefix(start).strip() if start != "! [" else line
    return lines[-1] if lines else "failed without a word"
