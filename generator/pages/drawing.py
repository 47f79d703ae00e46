"""A template's parts as SVG: who uses stands left of what is used, an arrow between them. Pure, and the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import shorten
from xml.sax.saxutils import escape

from generator.pages.parts import Part, Picture

CARD, ACROSS, DOWN, MARGIN = (226, 62), 64, 16, 20  # a card, the space between columns and rows, and around
SWEEPS = 8  # over the columns, to bring cards near to what they are joined with; more changes nothing
STYLE = """
  text { font-family: system-ui, sans-serif; fill: #1b2733 }
  .card { fill: #ffffff; stroke: #9fb3c8 }
  .sometimes { stroke-dasharray: 5 3 }
  .band { fill: #f4f7fa; stroke: #c4d0dc }
  .kind { font-size: 13px; font-weight: 600 }
  .small { font-size: 11px; fill: #52667a }
  .use { fill: none; stroke: #6b8aa6; stroke-width: 1.3; marker-end: url(#tip) }
"""
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" fill="#6b8aa6"/></marker>'
)

Place = tuple[int, int]


def as_svg(picture: Picture, name: str) -> str:
    """The picture of one product."""
    columns, ways = _columns(picture)
    tallest = max((len(column) for column in columns), default=1)
    in_band = max(len(columns), 3)
    band_rows = -(-len(picture.shared) // in_band)
    width = 2 * MARGIN + in_band * (CARD[0] + ACROSS) - ACROSS
    top_of_band = MARGIN + tallest * (CARD[1] + DOWN) + DOWN
    height = top_of_band + (32 + band_rows * (CARD[1] + DOWN) if band_rows else 0) + MARGIN - DOWN
    places: dict[str, Place] = {}
    for across, column in enumerate(columns):
        above = (tallest - len(column)) * (CARD[1] + DOWN) // 2
        for down, title in enumerate(column):
            places[title] = (
                MARGIN + across * (CARD[0] + ACROSS),
                MARGIN + above + down * (CARD[1] + DOWN),
            )
    drawn = [_use([places[title] for title in way]) for way in ways]
    drawn += [_card(part, places[part.title]) for part in picture.parts]
    if band_rows:
        drawn.append(
            f'<rect class="band" x="{MARGIN // 2}" y="{top_of_band}" width="{width - MARGIN}"'
            f' height="{24 + band_rows * (CARD[1] + DOWN)}" rx="6"/>'
        )
        drawn.append(_text(MARGIN, top_of_band + 17, "small", "Used by nearly all of the above"))
    for index, part in enumerate(picture.shared):
        down, across = divmod(index, in_band)
        drawn.append(
            _card(part, (MARGIN + across * (CARD[0] + ACROSS), top_of_band + 26 + down * (CARD[1] + DOWN)))
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<title>What {escape(name)} makes</title>\n<defs>{TIP}</defs>\n<style>{STYLE}</style>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        + "".join(f"{part}\n" for part in drawn)
        + "</svg>\n"
    )


def _columns(picture: Picture) -> tuple[list[list[str]], list[list[str]]]:
    """Titles by column, and each use as the way it takes; all lead to the right but those that close a circle.

    A use over several columns keeps a place free in each that it crosses, under a name of its own.
    """
    depth = _depths(picture)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    joined = {title for use in picture.uses for title in use}
    for part in picture.parts:
        if part.title in joined:
            columns[depth[part.title]].append(part.title)
    ways = []
    for user, used in picture.uses:
        between = range(depth[user] + 1, depth[used])
        way = [user, *(f"{user} > {used} {across}" for across in between), used]
        for across, title in zip(between, way[1:-1], strict=True):
            columns[across].append(title)
        ways.append(way)
    _bring_near(columns, [(a, b) for way in ways for a, b in pairwise(way)])
    for part in picture.parts:  # what is joined with nothing fills the shortest column
        if part.title not in joined:
            min(columns, key=len).append(part.title)
    return columns, ways


def _depths(picture: Picture) -> dict[str, int]:
    """How many uses lead at most to each part."""
    used_by: dict[str, list[str]] = {part.title: [] for part in picture.parts}
    for user, used in picture.uses:
        used_by[used].append(user)
    depth: dict[str, int] = {}

    def place(title: str, below: frozenset[str]) -> int:
        if title not in depth:
            users = [user for user in used_by[title] if user not in below]
            found = max((place(user, below | {title}) + 1 for user in users), default=0)
            depth.setdefault(title, found)  # a circle may have come back to it
        return depth[title]

    for part in picture.parts:
        place(part.title, frozenset({part.title}))
    return depth


def _bring_near(columns: list[list[str]], uses: Sequence[tuple[str, str]]) -> None:
    """Order each column by the middle of what its cards are joined with, to and fro."""
    joined: dict[str, list[str]] = {}
    for user, used in uses:
        joined.setdefault(user, []).append(used)
        joined.setdefault(used, []).append(user)
    for sweep in range(SWEEPS):
        heights = _heights(columns)
        for column in columns if sweep % 2 else reversed(columns):
            column.sort(key=lambda title: _middle(joined.get(title, []), heights, heights[title]))
            heights |= _heights([column])


def _heights(columns: Sequence[Sequence[str]]) -> dict[str, float]:
    return {title: place - (len(column) - 1) / 2 for column in columns for place, title in enumerate(column)}


def _middle(others: Sequence[str], heights: Mapping[str, float], own: float) -> float:
    return sum(heights[other] for other in others) / len(others) if others else own


def _use(places: Sequence[Place]) -> str:
    """A curve from the right side of the first card through the places kept free to the left side of the last."""
    bend, half = ACROSS // 2, CARD[1] // 2
    x, y = places[0][0] + CARD[0], places[0][1] + half
    curve = f"M{x} {y}"
    for number, (to_x, to_y) in enumerate(places[1:], 2):
        if to_x < x:  # a circle: back to the right side
            end = to_x + CARD[0]
            curve += f" C{x + bend} {y} {end + bend} {to_y + half} {end} {to_y + half}"
        else:
            curve += f" C{x + bend} {y} {to_x - bend} {to_y + half} {to_x} {to_y + half}"
            if number < len(places):
                curve += f" H{to_x + CARD[0]}"
        x, y = to_x + CARD[0], to_y + half
    return f'<path class="use" d="{curve}"/>'


def _card(part: Part, place: Place) -> str:
    x, y = place
    kind = f"{part.count} x {part.kind}" if part.count > 1 else part.kind
    name = f"{part.service} · {part.title}{', …' if part.count > 1 else ''}"
    counted = [f"{count} x {kind}" if count > 1 else kind for kind, count in Counter(part.serving).items()]
    serving = f"with {', '.join(counted)}" if counted else ""
    dashed = " sometimes" if part.conditional else ""
    return "".join(
        (
            f'<rect class="card{dashed}" x="{x}" y="{y}" width="{CARD[0]}" height="{CARD[1]}" rx="5"/>',
            _text(x + 10, y + 19, "kind", shorten(kind, 25, placeholder=" …")),
            _text(x + 10, y + 36, "small", name if len(name) <= 30 else f"{name[:29]}…"),
            _text(x + 10, y + 52, "small", shorten(serving, 33, placeholder=" …")) if serving else "",
        )
    )


def _text(x: int, y: int, kind: str, text: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'
