"""A product's assets: seeds rendered and Lambda packages zipped, as its blueprint asks and its spec answers. Pure."""

from __future__ import annotations

from pathlib import Path

from generator import blueprint as blueprints
from generator import distributions, seed
from generator.blueprint import Asset, BlueprintParams, LambdaPackage, Seed
from generator.catalogue import Product
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.yamlfile import inside


def seeds_of(
    product: Product, loaded: blueprints.Blueprint | None, params: BlueprintParams, root: Path
) -> tuple[Seed | LambdaPackage, ...]:
    """The assets the blueprint asks for, once the spec's seed answers are known to belong to them. Renders nothing."""
    wanted = loaded.assets(params) if loaded else ()
    seeds = {one.seed for one in wanted if isinstance(one, Seed)}
    problems = []
    for name, answers in product.spec.seed_answers.items():
        where = product.where("seed_answers", name)
        if name not in seeds:
            remedy = did_you_mean(name, seeds) or "It uses none with these options."
            problems.append(Problem(where, f"seed '{name}' is not one that this product uses", remedy))
            continue
        known = seed.questions(_seed_folder(name, product, root))
        problems += [
            Problem(
                product.where("seed_answers", name, answer),
                f"seed '{name}' has no question '{answer}'",
                did_you_mean(answer, known),
            )
            for answer in answers
            if answer not in known
        ]
    if problems:
        raise FactoryError(*problems)
    return wanted


def make(
    product: Product, loaded: blueprints.Blueprint, params: BlueprintParams, root: Path
) -> tuple[Asset, ...]:
    wanted = seeds_of(product, loaded, params, root)
    return tuple(
        _seed(one, product, root) if isinstance(one, Seed) else _package(one, loaded, root) for one in wanted
    )


def _seed_folder(name: str, product: Product, root: Path) -> Path:
    folder = root / "seedcode" / name
    if not folder.is_dir():
        known = [path.name for path in (root / "seedcode").glob("*/") if path.is_dir()]
        raise fail(product.where("blueprint"), f"seed '{name}' does not exist", did_you_mean(name, known))
    return folder


def _seed(use: Seed, product: Product, root: Path) -> Asset:
    folder = _seed_folder(use.seed, product, root)
    own = product.spec.seed_answers.get(use.seed, {})

    def where(*answer: str) -> Where:
        return product.where("seed_answers", use.seed, *answer)

    tree = seed.render(folder, {**use.answers, **own}, where=where)
    return Asset(use.name, seed.archive(tree))


def _package(use: LambdaPackage, loaded: blueprints.Blueprint, root: Path) -> Asset:
    folder = root / "blueprints" / "lambdas" / use.package
    if not folder.is_dir():
        raise fail(
            loaded.file, f"blueprints/lambdas/{use.package}/ does not exist", "Add it, or correct the name."
        )
    files = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not {"__pycache__", "tests"} & set(relative.parts):
            inside(path, folder, Where(f"blueprints/lambdas/{use.package}"))
            files.append((relative.as_posix(), path.read_bytes(), False))
    files += distributions.files(use.requirements, Where(loaded.file))
    return Asset(use.name, seed.archive(seed.Tree(tuple(sorted(files)))))
