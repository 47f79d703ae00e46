"""The README is true: its commands run, in its order, and print what it shows; its YAML is valid; its links lead somewhere.

A `console` block holds commands after `$ ` and their output. What differs on every run (ids of AWS, digests) is shown
as it was once and compared by shape; a line `…` stands for any number of lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from generator.load import load
from generator.spec import PortfolioSpec, ProductSpec, TargetSpec
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHAPES = (
    (re.compile(r"\b(prod|port|pa|cons|tag|pp|rec)-[a-z0-9]{13}\b"), r"\1-ID"),
    (re.compile(r"[0-9a-f]{64}"), "SHA256"),
    (re.compile(r"[0-9a-f]{12}…"), "SHA…"),
    (re.compile(r"\.venv/bin/catalog"), "catalog"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"Makefile:\d+"), "Makefile:N"),
    (re.compile(r"[ \t]+"), " "),
)


def shape(text: str) -> list[str]:
    for pattern, name in SHAPES:
        text = pattern.sub(name, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a stranger clones it, with the tools installed already."""
    folder = tmp_path_factory.mktemp("readme") / "catalog-factory"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    # Newer than the copied lock files, so that make installs nothing.
    for stamp in ("run.stamp", "dev.stamp"):
        os.utime(ROOT / ".venv" / stamp)
    return folder


def test_its_commands_print_what_it_shows(clone: Path, tmp_path: Path) -> None:
    environment = {"PATH": f"{ROOT}/.venv/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    commands = 0
    for language, text in BLOCKS:
        if language != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=clone,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
            compare(command, shape(expected), shape(done.stdout))
            commands += 1
    assert commands >= 8


def compare(command: str, expected: list[str], printed: list[str]) -> None:
    """Every shown line, in order; only `…` may stand for others."""
    position, skipping = 0, False
    for line in expected:
        if line == "…":
            skipping = True
            continue
        while skipping and position < len(printed) and printed[position] != line:
            position += 1
        shown = printed[position] if position < len(printed) else "(nothing more)"
        assert shown == line, f"$ {command}\nprints\n" + "\n".join(printed)
        position, skipping = position + 1, False
    assert skipping or position == len(printed), f"$ {command}\nprints more\n" + "\n".join(printed[position:])


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "yaml"])
def test_its_yaml_is_valid(text: str) -> None:
    name = text.partition("\n")[0].removeprefix("# products/").removesuffix(".yaml")
    data = yaml.load(text, yaml.BaseLoader)  # everything as text, as the models take it
    if name == "portfolios":
        for each in data.values():
            PortfolioSpec.model_validate(each)
    elif name == "targets":
        for key, each in data.items():
            if key not in ("catalogue", "default"):
                TargetSpec.model_validate(each or {})
    else:
        ProductSpec.model_validate(data)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", README):
        path = next(filter(None, target))
        if not path.startswith("http"):
            assert (ROOT / path).exists(), path


def test_it_names_every_verb_target_and_product() -> None:
    from generator.cli import EXAMPLES

    for verb in EXAMPLES:
        assert f"catalog {verb}" in README, verb
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE):
        assert f"make {target}" in README, target
    for product in load(ROOT).products:
        assert product in README, product
