"""Two hundred products from those that are shipped: every one another template, the seeds in ten variants each."""

from __future__ import annotations

import shutil
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

VARIANTS = 10  # of each seed's answers
SHELF = 100  # products; Service Catalog allows 150 in a portfolio


def catalogue(root: Path, count: int) -> Path:
    """A catalogue of `count` products over all shipped blueprints and seeds."""
    for name in ("blueprints", "seedcode"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "products").mkdir()
    shutil.copy(ROOT / "products/targets.yaml", root / "products")
    portfolios = yaml.safe_load((ROOT / "products/portfolios.yaml").read_text())
    many = {
        f"{name}-{shelf}": {**each, "name": f"{each['name']} {shelf}"}
        for name, each in portfolios.items()
        for shelf in range(-(-count // SHELF))
    }
    (root / "products/portfolios.yaml").write_text(yaml.safe_dump(many, sort_keys=False, allow_unicode=True))
    shipped = {
        path.stem: yaml.safe_load(path.read_text())
        for path in sorted((ROOT / "products").glob("*.yaml"))
        if path.stem not in ("portfolios", "targets")
    }
    templates = ROOT / "products/templates"
    if templates.is_dir():
        shutil.copytree(templates, root / "products/templates")
    for number, (stem, spec) in enumerate(islice(cycle(shipped.items()), count)):
        text = yaml.safe_dump(
            _varied(spec, number, number // len(shipped) % VARIANTS), sort_keys=False, allow_unicode=True
        )
        (root / f"products/{stem}-{number}.yaml").write_text(text)
    return root


def _varied(spec: dict[str, Any], number: int, variant: int) -> dict[str, Any]:
    """The same product under another name, which is in its template, with other answers to its seeds' questions."""
    answers = {
        seed: {question: _other(question, answer, variant) for question, answer in given.items()}
        for seed, given in spec.get("seed_answers", {}).items()
    }
    return {
        **spec,
        "name": f"{spec['name']} {number}",
        "portfolios": [f"{portfolio}-{number // SHELF}" for portfolio in spec["portfolios"]],
        "description": f"{spec['description']} This is number {number}.",
        **({"seed_answers": answers} if answers else {}),
    }


def _other(question: str, answer: Any, variant: int) -> Any:
    if isinstance(answer, float):
        return answer + variant
    return f"{answer} ({variant})" if question == "description" else answer
