"""models.json, and what is refused in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.models import BadModels, read

GOOD = {"rows": {"sex": ["F"]}, "max_rmse": 3}


def test_the_repository_s_own() -> None:
    models = read()
    assert len({model.name for model in models}) == len(models) > 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "names no model"),
        ({"Big One": GOOD}, "Big One is no name"),
        ({"one": GOOD | {"colour": "red"}}, "one has rows and max_rmse, and nothing else"),
        ({"one": {"rows": {}}}, "one has rows and max_rmse, and nothing else"),
        ({"one": GOOD | {"rows": {"sex": "F"}}}, "the rows of one are lists"),
        ({"one": GOOD | {"rows": {"sex": ["F" * 300]}}}, "more than 256 characters"),
        ({"one": GOOD | {"max_rmse": 0}}, "max_rmse of one is a number above 0"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: object, said: str) -> None:
    (tmp_path / "models.json").write_text(json.dumps(content))
    with pytest.raises(BadModels, match=said):
        read(tmp_path / "models.json")


def test_the_command_says_so(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models.json").write_text("{}")
    environment.setattr("pipeline.models.FILE", tmp_path / "models.json")
    assert main(["definition"]) == 1
    assert "models.json names no model" in capsys.readouterr().err
