"""A git server over http on loopback, for git itself: it trusts no authority of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.blueprints.servers.git import git_server
from tests.blueprints.servers.loopback import TOKEN, USERNAME, serving

USER, PASSWORD = USERNAME, TOKEN


@contextmanager
def hosting(root: Path) -> Iterator[str]:
    """Serve the bare repositories below `root`; yields the address without the password."""
    with serving(git_server(root), tls=False) as server:
        yield server.url
