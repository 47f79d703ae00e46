"""All effects of a new template on those who run the published one, in one list. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.template_diff import broadening, interface, resources
from generator.template_diff.model import Comparison, Effect, sort_key
from generator.template_diff.normal import Normal


def compare(base: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What differs between the template of the published version `base` and a new one, the gravest first."""
    return Comparison(base, tuple(sorted(set(_effects(before, after)), key=sort_key)))


def _effects(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Effect]:
    known = before.get("Parameters") or {}
    added = {
        name: each["Default"]
        for name, each in (after.get("Parameters") or {}).items()
        if name not in known and "Default" in each
    }
    # Who updates gets the defaults of parameters that are new; a value that stays the same so has not changed.
    old_form, new_form = Normal(before), Normal(after, added)
    old, new = resources.read(before, old_form), resources.read(after, new_form)
    yield from interface.parameters(before, after)
    yield from interface.rules(before, after)
    yield from interface.outputs(before, after, old_form, new_form)
    yield from resources.compare(old, new)
    yield from resources.loops(before, after)
    yield from broadening.compare(old, new)
