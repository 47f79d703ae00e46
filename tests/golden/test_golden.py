"""Golden files: what the shipped catalogue becomes, held as text that a review can read; and its pages in docs/products/.

For each product its template, launch role, description and a listing of each zip, and the plan of the first publish of
all of them to `local`. A difference is either a mistake or wanted; for the latter `make golden` rewrites the files.
"""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import pytest

from generator import bundle
from generator.aws import connect
from generator.catalogue import LOCAL
from generator.load import load
from generator.pages import FOLDER as PAGES_FOLDER
from generator.pages import index, pages
from generator.publish import prepare
from generator.scaffold import golden_files, write_goldens

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PAGES = ROOT / PAGES_FOLDER
REMEDY = "When that is as it should be, `make golden` rewrites the golden files; review them with git diff."
SHOWN = 40  # lines of one file's difference


def found_in(folder: Path) -> dict[str, str]:
    """The golden files of a folder, by path; what is Python there is a test."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What is to be said of each file that is missing, left over or other than it should be."""
    told = [f"{path}: missing" for path in sorted(wanted.keys() - found.keys())]
    told += [f"{path}: left over, nothing makes it any more" for path in sorted(found.keys() - wanted.keys())]
    for path in sorted(wanted.keys() & found.keys()):
        if wanted[path] != found[path]:
            before, after = found[path].splitlines(), wanted[path].splitlines()
            lines = difflib.unified_diff(before, after, f"{path} (golden)", f"{path} (now)", lineterm="")
            told.append("\n".join(islice(lines, SHOWN)) or f"{path}: other line ends")
    return told


def test_the_output_is_as_the_golden_files_say(tmp_path: Path) -> None:
    """One test, so that the catalogue is built once, and all differences are told together."""
    catalogue = load(ROOT)
    target = catalogue.target(LOCAL)
    # What `catalog build` linted before need not be linted again.
    bundles = bundle.build(catalogue, catalogue.products.values(), target, cache=ROOT / ".catalog/cache")
    plan = prepare(
        catalogue, bundles, target, connect(target, catalogue.name, tmp_path / "aws"), selected=False
    ).plan
    wanted = golden_files(bundles, plan)
    documented = {**pages(bundles, catalogue.portfolios), "README.md": index(bundles)}
    assert bundle.errors(bundles) == []
    assert {path.partition("/")[0] for path in wanted if "/" in path} == set(catalogue.products)
    if os.environ.get("GOLDEN") == "write":
        for old in found_in(FOLDER).keys() - wanted.keys():
            (FOLDER / old).unlink()
        for folder in FOLDER.iterdir():
            if folder.is_dir() and not any(folder.iterdir()):
                shutil.rmtree(folder)
        write_goldens(wanted, ROOT)
        shutil.rmtree(PAGES, ignore_errors=True)
        PAGES.mkdir()
        for name, text in documented.items():
            (PAGES / name).write_text(text, encoding="utf-8")
    told = differences(wanted, found_in(FOLDER)) + differences(documented, found_in(PAGES))
    if told:
        pytest.fail("\n\n".join([*told, REMEDY]), pytrace=False)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"a/template.yaml": "x: 1\n"}, []),
        ({}, ["a/template.yaml: missing"]),
        (
            {"a/template.yaml": "x: 1\n", "b/bundle.json": "{}"},
            ["b/bundle.json: left over, nothing makes it any more"],
        ),
        (
            {"a/template.yaml": "x: 2\n"},
            ["--- a/template.yaml (golden)\n+++ a/template.yaml (now)\n@@ -1 +1 @@\n-x: 2\n+x: 1"],
        ),
        ({"a/template.yaml": "x: 1\r\n"}, ["a/template.yaml: other line ends"]),
    ],
)
def test_what_differs_is_told(found: dict[str, str], told: list[str]) -> None:
    assert differences({"a/template.yaml": "x: 1\n"}, found) == told
