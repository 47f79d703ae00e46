"""A page of documentation for each product, made from its spec, its template, its assets and its launch role. Pure.

`pages` gives the files of a folder: a page and a picture for each product, and an index of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generator.bundle import Bundle
from generator.catalogue import Portfolio
from generator.pages.drawing import as_svg
from generator.pages.page import index_text, page_text
from generator.pages.parts import picture_of, with_later

FOLDER = "docs/products"  # of a catalogue's pages


def pages(bundles: Sequence[Bundle], portfolios: Mapping[str, Portfolio]) -> dict[str, str]:
    """File name to text, of all bundles."""
    files: dict[str, str] = {}
    for bundle in bundles:
        parts = picture_of(with_later(bundle.draft.template, bundle.draft.guide.later))
        files[f"{bundle.id}.svg"] = as_svg(parts, bundle.product.spec.name)
        files[f"{bundle.id}.md"] = page_text(bundle, parts, portfolios)
    return files


def index(bundles: Sequence[Bundle]) -> str:
    """The text of the folder's README, which leads to all of its pages."""
    return index_text(bundles)
