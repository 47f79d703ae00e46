"""Resource types outside the catalogue: each has a template, and a golden file that a person reads before it changes.

A golden file is read line by line: which operation each handler calls, on which kind of resource (the action table's copy
of the service authorisation reference), and with which condition keys. It proves no launch; the smoke test in a real
account does.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.launch_role import scoped_writes, synthesise
from tests.launch_role.reading import FIXTURES, SCOPE, agree, lines, load, of_resource

FOLDER = FIXTURES / "outside"
TEMPLATES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_policy_of_a_type_is_the_one_checked_by_hand(path: Path) -> None:
    _, reasons = synthesise(load(path), SCOPE)
    agree(path.with_suffix(".txt"), "\n".join(lines(of_resource(reasons, "Thing"))) + "\n")


def test_forty_types_and_more() -> None:
    assert len(TEMPLATES) >= 40


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_most_of_what_it_writes_is_scoped(path: Path) -> None:
    role, _ = synthesise(load(path), SCOPE)
    found = scoped_writes(role)
    assert found.share >= 0.85, found.rest
