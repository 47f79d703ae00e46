"""A catalogue with a local AWS of its own, driven through the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.cli import main
from tests import catalogues
from tests.conftest import ROOT


@dataclass
class Ran:
    code: int
    out: str
    err: str


class Catalogue:
    """A catalogue root and its state; `run` in this process, `spawn` in one of its own."""

    def __init__(self, root: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.state, self._capsys = root, state, capsys

    def run(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        code = main(["-C", str(self.root), *arguments])
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "generator", "-C", str(self.root), *arguments]

    def environment(self, **more: str) -> Mapping[str, str]:
        return {**os.environ, "CATALOG_STATE": str(self.state), "PYTHONPATH": str(ROOT), **more}

    def spawn(self, *arguments: str, **environment: str) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> None:
        catalogues.write(self.root, {name: text})

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))


@pytest.fixture
def catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Catalogue]:
    """Makes a catalogue: `catalogue(files)`; its state lies beside it."""

    def make(files: dict[str, str | bytes] | None = None, name: str = "catalogue") -> Catalogue:
        state = tmp_path / f"{name}-state"
        monkeypatch.setenv("CATALOG_STATE", str(state))
        return Catalogue(catalogues.with_queue(tmp_path / name, files), state, capsys)

    return make
