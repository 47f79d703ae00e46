"""The JSON Schemas: those in the repository are the models' own, accept the catalogue and refuse what the reader refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from generator.cli import main
from tests.conftest import ROOT

SCHEMAS = ROOT / "products/schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return found


def schema_of(path: Path) -> str:
    return path.stem if path.stem in ("portfolios", "targets") else "product"


def test_the_schemas_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("product", "portfolios", "targets"):
        assert main(["-C", str(ROOT), "schema", name]) == 0
        assert json.loads(capsys.readouterr().out) == schema(name), "Run catalog schema --write."


@pytest.mark.parametrize("path", sorted((ROOT / "products").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_names_its_schema_and_follows_it(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# yaml-language-server: $schema=schemas/{schema_of(path)}.json\n")
    jsonschema.Draft202012Validator(schema(schema_of(path))).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ownr": "x"},
        {"version": "1"},
        {"blueprint": "notebook"},
        {"portfolios": []},
        {"options": {"idle_minuts": 5}},
        {"tags": {"": "x"}},
    ],
)
def test_what_the_reader_refuses_an_editor_shows(wrong: dict[str, Any]) -> None:
    spec = yaml.safe_load((ROOT / "products/analyst-notebook.yaml").read_text())
    validator = jsonschema.Draft202012Validator(schema("product"))
    assert validator.is_valid(spec)
    assert not validator.is_valid({**spec, **wrong})
