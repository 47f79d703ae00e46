"""A plan as text, Markdown and JSON. Pure: the caller prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby

from generator.changes import Change
from generator.plan import Plan, Unchanged

Paint = Callable[[str, str], str]  # text, sign


def plain(text: str, _sign: str) -> str:
    return text


def coloured(text: str, sign: str) -> str:
    """ANSI colours by sign: green for what comes, yellow for what changes, red for what goes."""
    return f"\x1b[{ {'+': 32, '~': 33, '-': 31}[sign] }m{text}\x1b[0m"


def as_text(plan: Plan, paint: Paint = plain) -> str:
    lines = [f"Plan for target {plan.target} (account {plan.account}), catalogue {plan.catalogue}"]
    for region, changes in groupby(plan.changes, key=lambda change: change.region):
        lines += ["", f"{region}:"]
        for change in changes:
            lines.append(paint(f"  {change.sign} {change.about}", change.sign))
            lines += [f"      {detail}" for detail in change.details]
    if plan.unchanged:
        lines += ["", *unchanged_lines(plan.unchanged)]
    lines += [f"note: {note}" for note in plan.notes]
    lines += ["", summary(plan.changes)]
    return "\n".join(lines) + "\n"


def unchanged_lines(unchanged: Iterable[Unchanged]) -> list[str]:
    """A no-op explains itself: one line per product, all its regions together."""
    by_product: dict[tuple[str, str, str], list[str]] = {}
    for each in unchanged:
        by_product.setdefault((each.product, each.version, each.fingerprint), []).append(each.region)
    return [
        f"unchanged: {product} {version} sha256:{fingerprint[:12]}… ({', '.join(regions)})"
        for (product, version, fingerprint), regions in by_product.items()
    ]


def summary(changes: Iterable[Change]) -> str:
    signs: list[str] = [change.sign for change in changes]
    if not signs:
        return "Nothing to do."
    words = [
        f"{signs.count(sign)} to {verb}" for sign, verb in (("+", "add"), ("~", "change"), ("-", "remove"))
    ]
    return f"Plan: {', '.join(words)}."


def as_markdown(plan: Plan) -> str:
    """For a comment on a pull request."""
    lines = [f"### Catalogue plan for `{plan.target}` ({plan.account})", ""]
    if not plan.changes:
        lines += ["Nothing to do.", ""]
    else:
        lines += ["| region | | change | details |", "|---|---|---|---|"]
        for change in plan.changes:
            details = "<br>".join(cell(detail) for detail in change.details)
            lines.append(f"| {change.region} | `{change.sign}` | {cell(change.about)} | {details} |")
        lines += ["", summary(plan.changes), ""]
    if plan.unchanged:
        lines += ["<details><summary>Unchanged</summary>", ""]
        lines += [f"- {line}" for line in unchanged_lines(plan.unchanged)]
        lines += ["", "</details>", ""]
    lines += [f"> {cell(note)}" for note in plan.notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def as_json(plan: Plan) -> str:
    return json.dumps(plan.as_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def in_all_formats(plan: Plan) -> dict[str, str]:
    """The plan as text, Markdown and JSON, by the name of a file."""
    return {"plan.txt": as_text(plan), "plan.md": as_markdown(plan), "plan.json": as_json(plan)}
