"""The verbs for those who write a catalogue: schema, new."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from generator.errors import Where
from generator.verbs.shared import bundles_of, catalogue_of


def write_schema(options: argparse.Namespace) -> None:
    from generator import blueprint, output, schema
    from generator.blueprint import RAW
    from generator.draft import RawParams
    from generator.load import find_root

    root = find_root(Path(options.root))
    place = Where("blueprints")
    kinds = {kind: blueprint.load(kind, root, place).params for kind in blueprint.kinds(root)} | {
        RAW: RawParams
    }
    schemas = {
        "product": schema.product(kinds),
        "portfolios": schema.portfolios(),
        "targets": schema.targets(),
    }
    if not options.write:
        print(json.dumps(schemas[options.file], indent=2, ensure_ascii=False))
        return
    with output.writing(root / "products/schemas"):
        (root / "products/schemas").mkdir(exist_ok=True)
    for name, content in schemas.items():
        path = root / "products/schemas" / f"{name}.json"
        output.write_file(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        print(path.relative_to(root))


def new(options: argparse.Namespace) -> None:
    from generator import scaffold

    catalogue = catalogue_of(options)
    for path in scaffold.create(options.noun, options.name, options.blueprint, catalogue):
        print(path)
    if options.noun == "product" and (catalogue.root / scaffold.GOLDENS).is_dir():
        for path in _goldens(options):
            print(path)
    print(f"\nNext: {scaffold.next_command(options.noun, options.name)}")


def _goldens(options: argparse.Namespace) -> list[str]:
    """Bring the golden files up to a new product, and the pages of a catalogue that keeps them; the paths written."""
    from tempfile import TemporaryDirectory

    from generator import output, pages, scaffold
    from generator.aws import connect
    from generator.catalogue import LOCAL
    from generator.publish import prepare

    catalogue = catalogue_of(options)  # with the new product in it
    target = catalogue.target(LOCAL)
    bundles = bundles_of(catalogue, target, ())
    new = [each for each in bundles if each.id == options.name]
    with TemporaryDirectory() as empty:
        gateway = connect(target, catalogue.name, Path(empty))
        first = prepare(catalogue, bundles, target, gateway, selected=False).plan
    written = scaffold.write_goldens(scaffold.golden_files(new, first), catalogue.root)
    if (catalogue.root / pages.FOLDER).is_dir():
        made = {**pages.pages(new, catalogue.portfolios), "README.md": pages.index(bundles)}
        for name, text in made.items():
            output.write_file(catalogue.root / pages.FOLDER / name, text)
        written += [f"{pages.FOLDER}/{name}" for name in made]
    return written
