"""The whole product in processes of its own: the command, the server and the AWS CLI, as a user starts them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

BIN = Path(sys.executable).parent
# What a command may know of the machine; no AWS setting, no home with files in it.
KEPT = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**KEPT, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """A copy of this repository, with commands that run its own code."""

    root: Path
    state: Path

    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(self.root),
            "CATALOG_STATE": str(self.state),
            "HOME": str(self.state.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def catalog(self, *arguments: str) -> str:
        return run(sys.executable, "-m", "generator", *arguments, cwd=self.root, **self._environment())

    def pytest(self, *arguments: str) -> str:
        return run(sys.executable, "-m", "pytest", *arguments, cwd=self.root, **self._environment())


@pytest.fixture(scope="session")
def lint_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of findings for all copies and all workers of this run: the templates are the same in each."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "lint-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def copy(tmp_path: Path, lint_cache: Path) -> Repository:
    """What git would clone, less the tests that have no part in it."""
    root = tmp_path / "repository"
    leave = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in (
        "generator",
        "blueprints",
        "products",
        "seedcode",
        "tests/golden",
        "tests/blueprints",
        "docs",
    ):
        shutil.copytree(ROOT / name, root / name, ignore=leave)
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / name, root / name)
    (root / ".catalog").mkdir()
    (root / ".catalog/cache").symlink_to(lint_cache)
    return Repository(root, tmp_path / "aws")


@dataclass(frozen=True, eq=False)
class Cli:
    """The AWS CLI, pointed at the local AWS as `catalog local serve` says; `bucket` holds the artifacts."""

    environment: Mapping[str, str]
    home: Path
    bucket: str

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """The answer of `aws servicecatalog …`."""
        return dict(json.loads(self.run("servicecatalog", *arguments)))

    def run(self, *arguments: str) -> str:
        return run(BIN / "aws", *arguments, cwd=self.home, HOME=str(self.home), **self.environment)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The shipped catalogue, published and served by two processes of the command."""
    home = tmp_path_factory.mktemp("home")
    environment = {"CATALOG_STATE": str(home / "aws"), "HOME": str(home)}
    catalog = (sys.executable, "-m", "generator", "-C", ROOT)
    told = run(*catalog, "publish", "--target", "local", "--yes", cwd=ROOT, **environment)
    bucket = re.search(r"release record 1 in s3://(\S+)\.\n", told)
    assert bucket, told
    with subprocess.Popen(
        [*map(str, catalog), "local", "serve", "--port", "0"],
        cwd=ROOT,
        env={**KEPT, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        said = ""
        for line in server.stdout:  # up to the last line of how to use it
            said += line
            if line.startswith("Ctrl-C"):
                break
        exports = dict(re.findall(r"(AWS_\w+)=(\S+)", said))
        assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:"), said
        try:
            yield Cli(exports, home, bucket[1])
        finally:
            server.terminate()  # a shell's background jobs ignore SIGINT
            server.wait(timeout=10)
