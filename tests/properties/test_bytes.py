"""Same YAML, same bytes: in any interpreter, home, place, time zone and locale, and in any order of keys."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import bundle, desired, draft
from generator.catalogue import LOCAL
from generator.load import load
from tests import catalogues
from tests.conftest import ROOT

PARTS = ("products", "blueprints", "seedcode")


def copied(root: Path) -> Path:
    for name in PARTS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


# What may differ between two machines; what a user may have lying about is in `clutter`.
MACHINES: dict[str, Mapping[str, str]] = {
    "plain": {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    "odd": {
        "PYTHONHASHSEED": "4711",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "AWS_REGION": "eu-west-3",
        "AWS_PROFILE": "nobody",
        "COLUMNS": "40",
        "SOURCE_DATE_EPOCH": "1",
    },
}


def clutter(folder: Path) -> None:
    """Settings of tools that the factory uses, which would change what it makes if they were read."""
    files: dict[str, str | bytes] = {
        ".config/copier/settings.yml": "defaults: {name: from-home, max_rmse: 9.9}\n",
        ".cfnlintrc": "regions: [eu-west-3]\nignore_checks: [E, W]\n",
        ".gitconfig": "[core]\n\tautocrlf = true\n",
        ".aws/config": "[default]\nregion = eu-west-3\n",
    }
    catalogues.write(folder, files)


def made_by(machine: str, folder: Path, lint_cache: Path) -> dict[str, bytes]:
    """The build and the first plan of a copy of the shipped catalogue, made by a process on that machine."""
    root, home = copied(folder / machine / "catalogue"), folder / machine / "home"
    elsewhere = home / "work"
    elsewhere.mkdir(parents=True)
    if machine == "odd":
        clutter(home)
        clutter(elsewhere)
    (root / ".catalog").mkdir()
    (root / ".catalog/cache").symlink_to(lint_cache)
    environment = {
        **{name: os.environ[name] for name in ("PATH",)},
        **MACHINES[machine],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "CATALOG_STATE": str(folder / machine / "aws"),
    }

    def catalog(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "generator", "-C", str(root), *arguments],
            env=environment,
            cwd=elsewhere,
            umask=0o077 if machine == "odd" else 0o022,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    catalog("build")
    catalog("plan", "--out", str(root / "build/plan.json"))
    return catalogues.snapshot(root / "build")


def test_two_machines_make_the_same_bytes(tmp_path: Path) -> None:
    lint_cache = tmp_path / "lint-cache"
    lint_cache.mkdir()
    plain, odd = (made_by(machine, tmp_path, lint_cache) for machine in MACHINES)
    assert plain.keys() == odd.keys()
    assert [name for name in plain if plain[name] != odd[name]] == []
    assert len(plain) > 3 * len(list((ROOT / "products").glob("*-*.yaml")))


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], order) for key in sorted(value, key=lambda _: order.random())}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("shipped"))


def wanted(root: Path) -> tuple[Any, ...]:
    """All that a publish takes from the files, less what lint says."""
    catalogue = load(root)
    target = catalogue.target(LOCAL)
    drafts = [draft.draft(product, catalogue, target) for product in catalogue.products.values()]
    bundles = [bundle.Bundle(each, (), None) for each in drafts]
    state = desired.state(catalogue, bundles, target, target.home_region)
    return state, [(draft.content, draft.fingerprint, draft.values, draft.assets) for draft in drafts]


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_the_order_of_keys_in_yaml_does_not_show(shipped: Path, seed: int) -> None:
    before = wanted(ROOT)
    order = random.Random(seed)
    for path in sorted((ROOT / "products").glob("*.yaml")):
        other = shuffled(yaml.safe_load(path.read_text()), order)
        text = yaml.safe_dump(other, sort_keys=False, allow_unicode=True)
        (shipped / "products" / path.name).write_text(text)
    assert wanted(shipped) == before


def test_the_same_process_makes_the_same_twice() -> None:
    """Nothing that a first build leaves behind in memory shows in a second one."""
    assert wanted(ROOT) == wanted(ROOT)
