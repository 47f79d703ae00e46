"""`catalog new`: starting points that build, lint and pass their tests as they are, for a person to change.

The texts lie in `scaffolds/` as jinja templates with [[ ]] and [% %], since seeds are full of jinja themselves.
Nothing of the author's that exists is overwritten; the golden files of a catalogue's own tests follow a new product.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator import blueprint as blueprints
from generator import output, show
from generator.blueprint import RAW
from generator.bundle import Bundle
from generator.catalogue import Catalogue
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.output import writing
from generator.plan import Plan
from generator.spec import ID, RESERVED_IDS

FOLDER = Path(__file__).parent / "scaffolds"
GOLDENS = "tests/golden"  # a catalogue that has this folder compares its output with the files in it


def create(noun: str, name: str, blueprint: str, catalogue: Catalogue) -> list[str]:
    """Write a new product, blueprint or seed; the paths written, relative to the catalogue root."""
    if not re.fullmatch(ID, name) or name in RESERVED_IDS:
        raise fail(
            f"new {noun}", f"'{name}' is no {noun} name", "Use lower-case letters, digits and inner hyphens."
        )
    if blueprint and noun != "product":
        raise fail(f"new {noun}", "--blueprint is for products", "Leave it out.")
    files = {"product": _product, "blueprint": _blueprint, "seed": _seed}[noun](name, blueprint, catalogue)
    there = [path for path in files if (catalogue.root / path).exists()]
    if there:
        raise FactoryError(
            *(Problem(Where(path), "exists already", "Choose another name.") for path in there)
        )
    for path, text in files.items():
        with writing(catalogue.root / path):
            (catalogue.root / path).parent.mkdir(parents=True, exist_ok=True)
            (catalogue.root / path).write_text(text, encoding="utf-8", newline="\n")
    return list(files)


def golden_files(bundles: Sequence[Bundle], plan: Plan) -> dict[str, str]:
    """The golden files of these products, and of the plan of the first publish of all, by their place in the folder."""
    files = {
        f"{bundle.id}/{name}": text
        for bundle in bundles
        for name, text in output.review_files(bundle).items()
    }
    return files | show.in_all_formats(plan)


def write_goldens(files: Mapping[str, str], root: Path) -> list[str]:
    """Write golden files into the catalogue's folder for them; the paths written, relative to the root."""
    for path, text in files.items():
        with writing(root / GOLDENS / path):
            (root / GOLDENS / path).parent.mkdir(parents=True, exist_ok=True)
            (root / GOLDENS / path).write_bytes(text.encode())  # line ends as they are
    return [f"{GOLDENS}/{path}" for path in files]


def next_command(noun: str, name: str) -> str:
    """What to do with what was made."""
    return {
        "product": f"edit products/{name}.yaml, then catalog build {name} && catalog publish {name}",
        "blueprint": f"edit blueprints/{blueprints.module_name(name)}.py, then catalog new product NAME --blueprint {name}",
        "seed": f"copier copy --defaults seedcode/{name} /tmp/{name} && make -C /tmp/{name} test",
    }[noun]


def _render(file: str, values: Mapping[str, Any]) -> str:
    import jinja2

    # No autoescape: what comes out is YAML and Python, and the values are names that were checked above.
    environment = jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(FOLDER),
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        keep_trailing_newline=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(file).render(values)


def _words(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _product(name: str, blueprint: str, catalogue: Catalogue) -> dict[str, str]:
    known = blueprints.kinds(catalogue.root)
    kind = blueprint or (name if name in known else RAW)
    if kind != RAW and kind not in known:
        raise fail("new product", f"blueprint '{kind}' does not exist", did_you_mean(kind, [*known, RAW]))
    portfolio = _portfolio(kind, catalogue)
    values = {
        "name": name,
        "title": _words(name),
        "blueprint": kind,
        "portfolio": portfolio,
        "owner": json.dumps(catalogue.portfolios[portfolio].spec.provider, ensure_ascii=False),
        "tags": {},
    }
    if kind == RAW:
        return {
            f"products/{name}.yaml": _render(
                "product.yaml", {**values, "options": [("template", f"{name}.yaml", "", True)]}
            ),
            f"products/templates/{name}.yaml": _render("template.yaml", values),
        }
    params = blueprints.load(kind, catalogue.root, Where("new product")).params
    values["tags"] = {key: json.dumps(value) for key, value in params.product_tags.items()}
    return {f"products/{name}.yaml": _render("product.yaml", {**values, "options": _options(params)})}


def _portfolio(kind: str, catalogue: Catalogue) -> str:
    """Where most products of the blueprint are; the first by name where there is none, or as many in another."""
    if not catalogue.portfolios:
        raise fail("products/portfolios.yaml", "there is no portfolio to offer it in", "Add one first.")
    used = Counter(
        portfolio
        for product in catalogue.products.values()
        if product.spec.blueprint == kind
        for portfolio in product.spec.portfolios
    )
    return min(catalogue.portfolios, key=lambda portfolio: (-used[portfolio], portfolio))


def _options(params: type[blueprints.BlueprintParams]) -> list[tuple[str, str, str, bool]]:
    """(option, value as YAML, description, written): what a product needs with its example, the others as comments.

    Where it needs none the first is written, at its default: the others then lie below it, and need no `#` only.
    """
    options: list[tuple[str, str, str, bool]] = []
    example = params.example()
    needs = any(info.is_required() or name in example for name, info in params.model_fields.items())
    for name, info in params.model_fields.items():
        needed = info.is_required() or name in example
        if name in example:
            value = example[name]
        elif needed:
            value = (info.examples or ["CHANGE-ME"])[0]
        else:
            value = info.get_default(call_default_factory=True)
        plain = params.model_construct(**{name: value}).model_dump(mode="json", include={name})[name]
        written = needed or not (needs or options)
        options.append((name, json.dumps(plain, ensure_ascii=False), info.description or "", written))
    return options


def _blueprint(name: str, _: str, catalogue: Catalogue) -> dict[str, str]:
    del catalogue
    module = blueprints.module_name(name)
    values = {"name": name, "title": _words(name), "module": module}
    return {
        f"blueprints/{module}.py": _render("blueprint.py.txt", values),
        f"tests/blueprints/test_{module}.py": _render("test_blueprint.py.txt", values),
    }


def _seed(name: str, _: str, catalogue: Catalogue) -> dict[str, str]:
    del catalogue
    values = {"name": name, "title": _words(name), "package": name.replace("-", "_")}
    folder = FOLDER / "seed"
    return {
        f"seedcode/{name}/{path.relative_to(folder).as_posix().removesuffix('.scaffold')}": _render(
            path.relative_to(FOLDER).as_posix(), values
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
