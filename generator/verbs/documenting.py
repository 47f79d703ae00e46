"""The verb docs: a page and a picture for each product."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator.verbs.shared import bundles_of, catalogue_of, refuse_findings


def docs(options: argparse.Namespace) -> None:
    from generator import output
    from generator.pages import FOLDER, index, pages

    catalogue = catalogue_of(options)
    bundles = bundles_of(catalogue, catalogue.target(options.target), options.ids)
    refuse_findings(bundles)
    files = pages(bundles, catalogue.portfolios)
    if not options.ids:
        files["README.md"] = index(bundles)
    folder = Path(options.out) if options.out else catalogue.root / FOLDER
    with output.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        output.write_file(folder / name, text)
        print(folder / name)
    if not options.ids:
        for left in sorted(
            {path.name for path in folder.glob("*") if path.suffix in (".md", ".svg")} - files.keys()
        ):
            print(f"note: {folder / left} belongs to no product any more; delete it", file=sys.stderr)
