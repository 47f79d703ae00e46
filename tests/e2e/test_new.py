"""`catalog new`: what it makes builds, lints and passes its test at once, in a copy of this repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import BIN, Repository, run

BLUEPRINTS = sorted(path.stem.replace("_", "-") for path in (ROOT / "blueprints").glob("*.py"))
GOLDEN = "tests/golden/test_golden.py::test_the_output_is_as_the_golden_files_say"


def test_products_and_a_blueprint(copy: Repository) -> None:
    """A raw template, a blueprint with a product of it, and a product of each shipped blueprint."""
    made = copy.catalog("new", "product", "data-lake").splitlines()
    assert made[:2] == ["products/data-lake.yaml", "products/templates/data-lake.yaml"]
    assert {
        "tests/golden/data-lake/template.yaml",
        "tests/golden/plan.txt",
        "docs/products/data-lake.md",
    } <= set(made)
    made = copy.catalog("new", "blueprint", "data-store").splitlines()
    assert made[:2] == ["blueprints/data_store.py", "tests/blueprints/test_data_store.py"]
    assert "3 passed" in copy.pytest("tests/blueprints/test_data_store.py")
    copy.catalog("new", "product", "data-store")  # of its own blueprint, which is there
    for blueprint in BLUEPRINTS:
        copy.catalog("new", "product", f"new-{blueprint}", "--blueprint", blueprint)
    kinds = {
        "data-lake": "raw-template",
        "data-store": "data-store",
        **{f"new-{blueprint}": blueprint for blueprint in BLUEPRINTS},
    }
    listed = {each["id"]: each["blueprint"] for each in json.loads(copy.catalog("list", "--format", "json"))}
    assert kinds.items() <= listed.items()
    built = copy.catalog("build", *kinds).splitlines()
    assert [line.rpartition(":")[0] for line in built] == [
        f"build/{product}/  0.1.0  sha256" for product in sorted(kinds)
    ]
    assert copy.catalog("lint", *kinds) == f"{len(kinds)} templates: no findings\n"
    for product in kinds:
        for name in ("template.yaml", "launch-role.json", "bundle.json"):
            golden, now = copy.root / "tests/golden" / product / name, copy.root / "build" / product / name
            assert golden.read_bytes() == now.read_bytes()
    assert "1 passed" in copy.pytest(GOLDEN)
    for noun, name in (("product", "data-lake"), ("blueprint", "data-store")):
        with pytest.raises(AssertionError, match=r"exists already\. Choose another name"):
            copy.catalog("new", noun, name)


def test_a_seed(copy: Repository, tmp_path: Path) -> None:
    """Its own test passes in what copier makes of it, and a product can be seeded with it."""
    made = copy.catalog("new", "seed", "etl-job").splitlines()
    assert "seedcode/etl-job/copier.yml" in made
    project = tmp_path / "project"
    home = tmp_path / "copier-home"
    home.mkdir()
    template = copy.root / "seedcode/etl-job"
    run(BIN / "copier", "copy", "--quiet", "--defaults", template, project, cwd=tmp_path, HOME=str(home))
    assert (project / ".copier-answers.yml").read_text().count("name: my-project") == 1
    run("make", "test", cwd=project, PYTHON=str(BIN / "python"), PYTHONDONTWRITEBYTECODE="1")
    blueprint = copy.root / "blueprints/seeded.py"
    copy.catalog("new", "blueprint", "seeded")
    text = blueprint.read_text().replace(
        "import BlueprintParams, Context", "import BlueprintParams, Context, Seed"
    )
    blueprint.write_text(
        text + '\n\ndef assets(params: Params) -> tuple[Seed]:\n    return (Seed("build", "etl-job"),)\n'
    )
    copy.catalog("new", "product", "seeded")
    listing = (copy.root / "tests/golden/seeded/seed-build.zip.txt").read_text().splitlines()
    assert [line.split()[-1] for line in listing] == sorted(
        path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()
    )
