"""`catalog new product`: a file in which every option can be uncommented, in the portfolio of its like."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from generator import blueprint as blueprints
from generator import load, scaffold, yamlfile
from generator.catalogue import Catalogue
from generator.errors import Where
from tests import catalogues
from tests.conftest import ROOT

OPTION = re.compile(r"^  #(?=[a-z_]+: )", re.MULTILINE)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    root = tmp_path_factory.mktemp("new") / "catalogue"
    for name in ("blueprints", "products"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return load.load(root)


@pytest.mark.parametrize("kind", blueprints.kinds(ROOT))
def test_every_option_can_be_uncommented(kind: str, catalogue: Catalogue) -> None:
    params = blueprints.load(kind, catalogue.root, Where("test")).params
    path = catalogue.root / "products" / f"new-{kind}.yaml"
    assert scaffold.create("product", path.stem, kind, catalogue) == [f"products/{path.name}"]
    text = path.read_text()
    written = yamlfile.read(path, catalogue.root).data["options"]
    assert params.model_validate(written)
    # One by one, and all that are commented.
    found = list(OPTION.finditer(text))
    assert {*written, *(text[each.end() :].partition(":")[0] for each in found)} == set(params.model_fields)
    for each in found:
        path.write_text(f"{text[: each.start()]}  {text[each.end() :]}")
        options = yamlfile.read(path, catalogue.root).data["options"]
        (name,) = options.keys() - written.keys()
        assert text[each.end() :].startswith(f"{name}: {json.dumps(options[name], ensure_ascii=False)}\n")
    path.write_text(OPTION.sub("  ", text))
    assert yamlfile.read(path, catalogue.root).data["options"].keys() == set(params.model_fields)
    path.unlink()


@pytest.mark.parametrize(
    ("kind", "portfolio", "owner"),
    [
        ("sagemaker-project", "machine-learning", "ML Platform"),
        ("ml-model-endpoint", "machine-learning", "ML Platform"),
        ("notebook-instance", "analytics", "Data Platform"),
        ("raw-template", "analytics", "Data Platform"),  # nobody has one yet: the first
    ],
)
def test_it_is_offered_where_its_like_are(
    kind: str, portfolio: str, owner: str, catalogue: Catalogue
) -> None:
    files = scaffold.create("product", f"of-{kind}", kind, catalogue)
    spec = load.load(catalogue.root).products[f"of-{kind}"].spec
    assert (spec.portfolios, spec.owner) == ([portfolio], owner)
    # Studio finds projects by a tag.
    assert spec.tags == ({"sagemaker:studio-visibility": "true"} if kind == "sagemaker-project" else {})
    for name in files:
        (catalogue.root / name).unlink()


def test_a_blueprint_without_options(tmp_path: Path) -> None:
    blueprint = "from generator.blueprint import BlueprintParams\n\n\nclass Params(BlueprintParams):\n    pass\n\n\nbuild = print\n"
    root = catalogues.make(tmp_path, {"blueprints/bare.py": blueprint})
    scaffold.create("product", "it", "bare", load.load(root))
    assert yamlfile.read(root / "products" / "it.yaml", root).data["options"] == {}
