"""What a changed template asks for, row by row: before, after, the bump, and every reason for it.

A row's `before` and `after` are parts of a template; sections that they leave out are those of the smallest one.
`reasons` are the effects that ask for the bump, all of them, as they are told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.template_diff import Bump
from generator.template_diff.comparison import compare

SMALLEST = {
    "Resources": {"Watch": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": "{}"}}}
}
ROWS: dict[str, dict[str, Any]] = {
    f"{path.stem}: {name}": row
    for path in sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
    for name, row in yaml.safe_load(path.read_text()).items()
}


def template(part: dict[str, Any] | None) -> dict[str, Any]:
    given = part or {}
    return {**SMALLEST, **given, "Resources": {**SMALLEST["Resources"], **given.get("Resources", {})}}


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    row = ROWS[name]
    found = compare("1.0.0", template(row.get("before")), template(row.get("after")))
    told = [str(effect).partition(": ")[2] for effect in found.reasons]
    assert (found.bump, told) == (row["bump"], row.get("reasons", []))


@pytest.mark.parametrize("name", ROWS)
def test_nothing_differs_from_itself(name: str) -> None:
    for side in ("before", "after"):
        same = template(ROWS[name].get(side))
        assert compare("1.0.0", same, same).effects == ()


def test_there_are_rows_of_every_bump() -> None:
    assert len(ROWS) >= 60
    assert {row["bump"] for row in ROWS.values()} == {str(bump) for bump in Bump}
