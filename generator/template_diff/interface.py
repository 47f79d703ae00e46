"""What others see of a template: its parameters, rules and outputs, and what becomes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.template_diff.model import Bump, Effect, joined
from generator.template_diff.normal import NOTHING, Normal, differs


def parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Effect]:
    """Effects on the launch form, for people who launch by script, or update with the values they gave."""
    old, new = (template.get("Parameters") or {} for template in (before, after))
    for name in old.keys() - new.keys():
        yield Effect(Bump.MAJOR, f"parameter {name}", "is removed")
    for name in new.keys() - old.keys():
        if "Default" in new[name]:
            yield Effect(Bump.MINOR, f"parameter {name}", "is added, with a default")
        else:
            yield Effect(Bump.MAJOR, f"parameter {name}", "is added and required")
    for name in old.keys() & new.keys():
        subject = f"parameter {name}"
        found = list(_parameter(subject, old[name], new[name]))
        yield from found
        if not found and old[name] != new[name]:
            keys = sorted(key for key in {*old[name], *new[name]} if old[name].get(key) != new[name].get(key))
            yield Effect(Bump.PATCH, subject, f"has another {joined(keys)}")


def _parameter(subject: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Effect]:
    if "Default" in old and "Default" not in new:
        yield Effect(Bump.MAJOR, subject, "has lost its default and is required")
    before, after = str(old.get("Type", "String")), str(new.get("Type", "String"))
    if before != after and not _wider(before, after):
        yield Effect(Bump.MAJOR, subject, f"is of type {after}, was {before}")
    allowed, still = _values(old), _values(new)
    if still is not None and allowed is None:
        yield Effect(Bump.MAJOR, subject, f"takes only {joined(still)}")
    elif still is not None and allowed is not None and (gone := [one for one in allowed if one not in still]):
        yield Effect(Bump.MAJOR, subject, f"no longer takes {joined(gone)}")
    for key, sign, word in (
        ("MinLength", 1, "length of at least"),
        ("MinValue", 1, "value of at least"),
        ("MaxLength", -1, "length of at most"),
        ("MaxValue", -1, "value of at most"),
    ):
        if _narrower(old.get(key), new.get(key), sign):
            yield Effect(Bump.MAJOR, subject, f"asks for a {word} {new[key]}")
    yield from _pattern(subject, old.get("AllowedPattern"), new.get("AllowedPattern"), allowed)


def _wider(before: str, after: str) -> bool:
    """Whether a type takes all that another took, and means the same by it."""
    if before.startswith("AWS::SSM::"):
        return False
    listed = before.startswith("List<") or before == "CommaDelimitedList"
    return after in ("CommaDelimitedList", "List<String>") if listed else after == "String"


def _values(parameter: Mapping[str, Any]) -> list[str] | None:
    allowed = parameter.get("AllowedValues")
    return [str(each) for each in allowed] if isinstance(allowed, list) else None


def _narrower(old: Any, new: Any, sign: int) -> bool:
    if new is None or old == new:
        return False
    try:
        return old is None or float(new) * sign > float(old) * sign
    except (TypeError, ValueError):
        return True


def _pattern(subject: str, old: Any, new: Any, allowed: list[str] | None) -> Iterator[Effect]:
    if new is None or old == new:
        return
    what = f"asks for {new}" if old is None else f"asks for {new}, was {old}"
    if allowed is None:
        # Whether one expression accepts all that another does is not worked out.
        yield Effect(Bump.MAJOR, subject, what, certain=old is None)
        return
    try:
        if refused := [value for value in allowed if not re.fullmatch(str(new), value)]:
            yield Effect(Bump.MAJOR, subject, f"no longer takes {joined(refused)}")
    except re.error:
        yield Effect(Bump.MAJOR, subject, what, certain=False)


def rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Effect]:
    """Rules of the template narrow what its parameters take together."""
    old, new = (template.get("Rules") or {} for template in (before, after))
    for name in new.keys() - old.keys():
        yield Effect(Bump.MAJOR, f"rule {name}", "is added, and refuses values that were taken")
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            yield Effect(
                Bump.MAJOR, f"rule {name}", "is another, and refuses values that were taken", certain=False
            )
    for name in old.keys() - new.keys():
        yield Effect(Bump.PATCH, f"rule {name}", "is removed")


def outputs(
    before: Mapping[str, Any], after: Mapping[str, Any], old_form: Normal, new_form: Normal
) -> Iterator[Effect]:
    """Effects on what a launch gives back, and on what other stacks import."""
    old, new = (template.get("Outputs") or {} for template in (before, after))
    for name in new.keys() - old.keys():
        if name.startswith("Fn::ForEach"):
            yield Effect(Bump.MINOR, f"outputs of {name}", "are added")
        elif new_form.condition(new[name].get("Condition")) is not False:
            yield Effect(Bump.MINOR, f"output {name}", "is added")
    for name in old.keys() - new.keys():
        yield Effect(Bump.MAJOR, f"output {name}", "is removed")
    for name in old.keys() & new.keys():
        if name.startswith("Fn::ForEach"):
            if old[name] != new[name]:
                yield Effect(Bump.MAJOR, f"outputs of {name}", "are others", certain=False)
        else:
            yield from _output(f"output {name}", old[name], new[name], old_form, new_form)


def _output(
    subject: str, old: Mapping[str, Any], new: Mapping[str, Any], old_form: Normal, new_form: Normal
) -> Iterator[Effect]:
    was, now = old_form.condition(old.get("Condition")), new_form.condition(new.get("Condition"))
    if now is False and was is not False:
        yield Effect(Bump.MAJOR, subject, "is removed by its condition")
    elif now is True and was is not True:
        yield Effect(Bump.MINOR, subject, "is always there")
    elif was != now:
        yield Effect(Bump.MAJOR, subject, "is removed where its new condition does not hold", certain=False)
    exported, still = (
        form.value((each.get("Export") or {}).get("Name"))
        for form, each in ((old_form, old), (new_form, new))
    )
    if exported not in (None, NOTHING) and differs(exported, still):
        yield Effect(
            Bump.MAJOR, subject, "is no longer exported under its name, which other stacks may import"
        )
    elif exported is None and still is not None:
        yield Effect(Bump.MINOR, subject, "is exported")
    if differs(old_form.value(old.get("Value")), new_form.value(new.get("Value"))):
        yield Effect(Bump.PATCH, subject, "has another value")
