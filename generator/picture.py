"""The catalogue as a picture: each portfolio with who sees it and the products in it, as SVG text. Pure."""

from __future__ import annotations

from textwrap import wrap
from xml.sax.saxutils import escape

from generator.catalogue import Catalogue, Portfolio, Product

CARD, GAP, COLUMNS = (308, 96), 16, 3  # width and height of a product, the space between, products in a row
WIDTH = COLUMNS * (CARD[0] + GAP) + GAP
STYLE = """
  text { font-family: system-ui, sans-serif; fill: #1b2733 }
  .frame { fill: #f4f7fa; stroke: #c4d0dc }
  .card { fill: #ffffff; stroke: #9fb3c8 }
  .bar { fill: #2f6f9f }
  .title { font-size: 17px; font-weight: 600 }
  .name { font-size: 13px; font-weight: 600 }
  .small { font-size: 12px; fill: #52667a }
"""


def as_svg(catalogue: Catalogue) -> str:
    """Portfolios one below the other, in the order of their file; a product stands in each that offers it."""
    parts: list[str] = []
    top = GAP
    for portfolio in catalogue.portfolios.values():
        products = [each for each in catalogue.products.values() if portfolio.id in each.spec.portfolios]
        rows = max(1, -(-len(products) // COLUMNS))
        height = 84 + rows * (CARD[1] + GAP)
        parts += _portfolio(portfolio, top, height)
        for index, product in enumerate(products):
            x = GAP + GAP // 2 + index % COLUMNS * (CARD[0] + GAP - 5)
            parts += _product(product, x, top + 76 + index // COLUMNS * (CARD[1] + GAP))
        top += height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">\n'
        f"<title>The catalogue {escape(catalogue.name)}</title>\n<style>{STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>\n'
        + "".join(f"{part}\n" for part in parts)
        + "</svg>\n"
    )


def _text(x: int, y: int, kind: str, text: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _portfolio(portfolio: Portfolio, top: int, height: int) -> list[str]:
    spec = portfolio.spec
    seen = portfolio.audience()
    shared = [each.account or each.ou or each.organization for each in spec.share]
    audience = f"seen by {', '.join(seen) or 'nobody yet'}" + (
        f"; shared with {', '.join(shared)}" if shared else ""
    )
    choices = "; ".join(f"{key}: {', '.join(values)}" for key, values in spec.tag_options.items())
    return [
        f'<rect class="frame" x="{GAP // 2}" y="{top}" width="{WIDTH - GAP}" height="{height}" rx="8"/>',
        _text(GAP + 8, top + 26, "title", f"{spec.name} ({portfolio.id})"),
        _text(GAP + 8, top + 46, "small", audience),
        _text(GAP + 8, top + 64, "small", f"tags chosen at launch: {choices}" if choices else ""),
    ]


def _product(product: Product, x: int, y: int) -> list[str]:
    spec = product.spec
    lines = wrap(spec.description, 40)[:2]
    if len(lines) == 2 and len(" ".join(lines)) < len(spec.description):
        lines[1] = lines[1][:38].rstrip(" ,.;:") + " …"
    return [
        f'<rect class="card" x="{x}" y="{y}" width="{CARD[0] - 8}" height="{CARD[1]}" rx="5"/>',
        f'<rect class="bar" x="{x}" y="{y}" width="5" height="{CARD[1]}" rx="2"/>',
        _text(x + 14, y + 22, "name", f"{product.id} {spec.version}"),
        *(_text(x + 14, y + 42 + 16 * index, "small", line) for index, line in enumerate(lines)),
        _text(x + 14, y + 84, "small", f"made by {spec.blueprint}"),
    ]
