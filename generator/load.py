"""From the files in `products/` to specs: every problem of every file at once, each at its line.

Reads YAML and validates it; knows nothing of AWS or of what is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from pydantic import BaseModel

from generator.catalogue import LOCAL, PORTFOLIOS, TARGETS, Catalogue, Portfolio, Product, Target
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.references import references
from generator.spec import ID, RESERVED_IDS, PortfolioSpec, ProductSpec, TargetsFile, TargetSpec
from generator.validation import validate
from generator.yamlfile import Document, read

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
P = ParamSpec("P")


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds products/targets.yaml."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / TARGETS).is_file():
            return folder
    raise fail(
        str(start),
        f"no {TARGETS} here or in any folder above",
        "Change into a catalogue, or name one with -C DIR.",
    )


def load(root: Path) -> Catalogue:
    """Read all files of the catalogue; raises one FactoryError with every problem found."""
    problems: list[Problem] = []
    targets_file, targets = _collect(problems, _targets, root) or (None, {})
    portfolios = _collect(problems, _portfolios, root) or {}
    products: dict[str, Product] = {}
    files = list(_product_files(root, problems))
    for path in files:
        product = _collect(problems, _product, path, root)
        if product:
            products[product.id] = product
    # A portfolio that failed to load would be reported missing by every product that names it.
    problems += references(products, portfolios or None, targets, frozenset(path.stem for path in files))
    if targets_file and targets_file.default not in targets and targets:
        problems.append(
            Problem(
                next(iter(targets.values())).document.where("default"),
                f"default target '{targets_file.default}' does not exist",
                did_you_mean(targets_file.default, targets),
            )
        )
    if problems or not targets_file:
        raise FactoryError(*problems, *options_problems(products.values(), root))
    return Catalogue(root, targets_file.catalogue, targets_file.default, products, portfolios, targets)


def options_problems(products: Iterable[Product], root: Path) -> list[Problem]:
    """What the blueprints say of the options, and the seeds of their answers; it loads the blueprints."""
    from generator.assets import seeds_of
    from generator.draft import params_of

    problems: list[Problem] = []
    for product in products:
        try:
            loaded, params = params_of(product, root)
            seeds_of(product, loaded, params, root)
        except FactoryError as error:
            problems += error.problems
    return problems


def _collect(problems: list[Problem], step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """The step's result; its problems go to the list, so that the next file is read all the same."""
    try:
        return step(*args, **kwargs)
    except FactoryError as error:
        problems += error.problems
        return None


def _product_files(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """The product files directly in products/; misnamed ones are problems."""
    seen: dict[str, str] = {}
    for path in sorted((root / "products").iterdir()):
        if path.is_dir() or path.name.startswith("."):
            continue
        file = f"products/{path.name}"
        if path.suffix == ".yml":
            problems.append(Problem(Where(file), "ends with .yml", f"Rename it to {path.stem}.yaml."))
        if path.suffix != ".yaml" or path.stem in RESERVED_IDS:
            continue
        twin = seen.setdefault(path.stem.casefold(), path.stem)
        if twin != path.stem:
            problems.append(
                Problem(
                    Where(file),
                    f"the ids '{twin}' and '{path.stem}' collide on a case-insensitive disk",
                    "Rename one.",
                )
            )
        elif not re.fullmatch(ID, path.stem):
            problems.append(
                Problem(
                    Where(file),
                    f"'{path.stem}' is no product id",
                    "Name the file with at most 48 lower-case letters, digits and inner hyphens.",
                )
            )
        else:
            yield path


def _product(path: Path, root: Path) -> Product:
    document = read(path, root)
    return Product(path.stem, validate(ProductSpec, document, ()), document)


def _portfolios(root: Path) -> dict[str, Portfolio]:
    document = read(_must_exist(root / PORTFOLIOS, PORTFOLIOS), root)
    return {
        name: Portfolio(name, spec, document)
        for name, spec in _entries(document, PortfolioSpec, "portfolio", "portfolios").items()
    }


def _targets(root: Path) -> tuple[TargetsFile, dict[str, Target]]:
    document = read(_must_exist(root / TARGETS, TARGETS), root)
    head = validate(TargetsFile, document, (), only=frozenset(TargetsFile.model_fields))
    entries = _entries(document, TargetSpec, "target", "targets", skip=frozenset(TargetsFile.model_fields))
    for name, spec in entries.items():
        if name != LOCAL and "account" not in spec.model_fields_set:
            raise fail(
                document.where(name),
                f"target '{name}' names no account",
                "Add account: with 12 quoted digits.",
            )
    return head, {name: Target(name, spec, document) for name, spec in entries.items()}


def _must_exist(path: Path, file: str) -> Path:
    if not path.exists():
        raise fail(file, "does not exist", "Every catalogue has it; see the README.")
    return path


def _entries(
    document: Document, model: type[M], noun: str, nouns: str, skip: frozenset[str] = frozenset()
) -> dict[str, M]:
    if not isinstance(document.data, dict):
        raise fail(document.where(), f"is no mapping of {nouns}", f"Write one key per {noun}, its id.")
    problems: list[Problem] = []
    entries: dict[str, M] = {}
    for name in document.data:
        if name in skip:
            continue
        if not re.fullmatch(ID, name):
            problems.append(
                Problem(
                    document.where(name),
                    f"'{name}' is no {noun} id",
                    "Use lower-case letters, digits and inner hyphens.",
                )
            )
            continue
        entry = _collect(problems, validate, model, document, (name,))
        if entry is not None:
            entries[name] = entry
    if problems:
        raise FactoryError(*problems)
    return entries
