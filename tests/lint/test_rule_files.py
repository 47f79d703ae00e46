"""Every file in the rules folder is one rule, said in full, loaded, and tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.lint import UNUSED_SUPPRESSION, engine
from generator.lint import rules as folder
from tests.lint.rules.judge import rule

FILES = sorted(
    path.stem for path in Path(next(iter(folder.__path__))).glob("*.py") if path.stem != "__init__"
)


def test_there_are_rules() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("name", FILES)
def test_a_rule_says_what_it_is(name: str) -> None:
    found = rule(name)
    source = (Path(next(iter(folder.__path__))) / f"{name}.py").read_text("utf-8")
    assert re.fullmatch(r"[EW]9\d{3}", found.id)
    assert found.severity == {"E": "error", "W": "warning"}[found.id[0]]
    assert source.startswith(f'"""{found.id}: ')
    assert found.shortdesc
    assert found.description
    assert found.shortdesc != found.description
    assert found.source_url.startswith("https://")


@pytest.mark.parametrize("name", FILES)
def test_a_rule_has_a_test_of_its_own(name: str) -> None:
    test = Path(__file__).parent / "rules" / f"test_{name}.py"
    text = test.read_text("utf-8")
    assert f'faults("{name}"' in text
    assert "== {}" in text, "it also has to say what passes"


def test_ids_are_unique_and_loaded() -> None:
    ids = [rule(name).id for name in FILES]
    assert len({*ids, UNUSED_SUPPRESSION}) == len(ids) + 1
    assert set(ids) <= set(engine.rules())


def test_no_test_is_left_behind() -> None:
    tests = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "rules").glob("test_*.py")}
    assert tests == set(FILES)
