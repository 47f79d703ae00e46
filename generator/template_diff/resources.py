"""What becomes of a template's resources: added, removed, replaced or changed in place. Pure.

Which property replaces a resource is read from the registry's schemas; what is lost with it, from the reviewed table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from generator.lint import schemas
from generator.template_diff import state
from generator.template_diff.model import Bump, Effect, joined
from generator.template_diff.normal import Normal, differs

Path = tuple[str, ...]
Replaced = Literal["no", "perhaps", "yes"]
_KEEPS = ("Retain", "RetainExceptOnCreate", "Snapshot")


@dataclass(frozen=True)
class Resource:
    """A resource in its normal form; `condition` is True where it is always made."""

    name: str
    type: str
    condition: Any
    properties: Mapping[str, Any]
    rest: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


def read(template: Mapping[str, Any], form: Normal) -> dict[str, Resource]:
    """The resources that may be made; those whose condition never holds are none."""
    found: dict[str, Resource] = {}
    for name, each in template["Resources"].items():
        if name.startswith("Fn::ForEach") or not isinstance(each, Mapping):
            continue
        condition = form.condition(each.get("Condition"))
        properties = form.value(each.get("Properties") or {})
        rest = {
            key: form.value(value) for key, value in each.items() if key not in ("Condition", "Properties")
        }
        if condition is not False:
            written = properties if isinstance(properties, Mapping) else {}
            found[name] = Resource(name, str(each["Type"]), condition, written, rest)
    return found


def compare(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> Iterator[Effect]:
    for name in after.keys() - before.keys():
        yield Effect(Bump.MINOR, str(after[name]), "is added")
    for name in before.keys() - after.keys():
        yield _removed(before[name])
    both = sorted(before.keys() & after.keys())
    replaced = _replacements({name: (before[name], after[name]) for name in both})
    for name in both:
        old, new = before[name], after[name]
        yield from _kept(old, new)
        if old.type != new.type:
            what = f"becomes {new.type}: CloudFormation refuses to update a stack so"
            yield Effect(Bump.MAJOR, str(old), what)
        elif name in replaced:
            yield from _replaced(old, new, *replaced[name])
        elif changed := _changed(old, new):
            yield Effect(Bump.PATCH, str(new), f"changes in place: {joined(changed)}")


def loops(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Effect]:
    """Resources by Fn::ForEach and by transforms: what they become is not worked out, only whether they differ."""
    old, new = (
        {name: each for name, each in template["Resources"].items() if name.startswith("Fn::ForEach")}
        for template in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Effect(Bump.MINOR, f"resources of {name}", "are added")
        elif old[name] != new.get(name):
            yield Effect(Bump.MAJOR, f"resources of {name}", "are others", certain=False)
    if before.get("Transform") != after.get("Transform"):
        yield Effect(Bump.MAJOR, "the template's Transform", "is another", certain=False)


def _removed(old: Resource) -> Effect:
    holds, unknown = state.held(old.type), state.unknown(old.type)
    if unknown:
        return Effect(Bump.MAJOR, str(old), f"is deleted, and {unknown}", certain=False)
    if not holds:
        return Effect(Bump.PATCH, str(old), "is deleted; it holds nothing")
    policy = str(old.rest.get("DeletionPolicy", "Delete"))
    kept = f" (DeletionPolicy {policy}: out of the stack, not gone)" if policy in _KEEPS else ""
    return Effect(Bump.MAJOR, str(old), f"is deleted, with {holds}{kept}")


def _kept(old: Resource, new: Resource) -> Iterator[Effect]:
    """Conditions, and what happens to the content at the end."""
    holds = state.held(old.type) or state.unknown(old.type)
    if old.condition != new.condition:
        if new.condition is True:
            yield Effect(Bump.MINOR, str(new), "is always made")
        elif holds:
            what = f"is deleted where its new condition does not hold, with {holds}"
            yield Effect(Bump.MAJOR, str(new), what, certain=False)
        else:
            yield Effect(Bump.PATCH, str(new), "is made under another condition")
    for key, event in (("DeletionPolicy", "when the stack ends"), ("UpdateReplacePolicy", "when replaced")):
        was, now = (str(each.rest.get(key, "Delete")) for each in (old, new))
        if was in _KEEPS and now not in _KEEPS and state.held(old.type):
            yield Effect(Bump.MAJOR, str(new), f"loses {state.held(old.type)} {event}: {key} was {was}")


def _replaced(old: Resource, new: Resource, certainty: Replaced, why: Path) -> Iterator[Effect]:
    certain = certainty == "yes"
    path = ".".join(part for part in why if part != "*")
    holds, unknown = state.held(old.type), state.unknown(old.type)
    fixed = sorted(name for name in named_by(old.type) if old.properties.get(name) is not None)
    stays = all(old.properties[name] == new.properties.get(name) for name in fixed)
    if holds or unknown:
        lost = f"with {holds}" if holds else f"and {unknown}"
        yield Effect(Bump.MAJOR, str(new), f"is replaced, {lost}, because {path} differs", certain)
    elif fixed and stays and certain:
        what = f"must be replaced because {path} differs, and cannot while {joined(fixed)} stays: the update fails"
        yield Effect(Bump.MAJOR, str(new), what)
    else:
        yield Effect(Bump.PATCH, str(new), f"is replaced because {path} differs; it holds nothing", certain)


def named_by(resource_type: str) -> frozenset[str]:
    """The properties that give a resource a name of its own, which no two can have at once."""
    identifying = _paths(resource_type, "primaryIdentifier")
    if identifying & _paths(resource_type, "readOnlyProperties"):
        identifying = frozenset()  # AWS makes up a part of it, and two may share the rest
    own = {(f"{resource_type.rpartition('::')[2]}Name",), ("Name",)}
    fixed = (identifying | own) & _paths(resource_type, "createOnlyProperties")
    return frozenset(path[0] for path in fixed if len(path) == 1)


def _replacements(pairs: Mapping[str, tuple[Resource, Resource]]) -> dict[str, tuple[Replaced, Path]]:
    """The resources that get a new identity, and by which property; what refers to one of them differs, too."""
    found: dict[str, tuple[Replaced, Path]] = {}
    while True:
        moved = frozenset(name for name, (certainty, _) in found.items() if certainty == "yes")
        before = dict(found)
        for name, (old, new) in pairs.items():
            certainty, why = _replacement(old, new, moved)
            if certainty != "no" and found.get(name, ("no", ()))[0] != "yes":
                found[name] = (certainty, why)
        if found == before:
            return found


def _replacement(old: Resource, new: Resource, moved: frozenset[str]) -> tuple[Replaced, Path]:
    if old.type != new.type:
        return "no", ()
    perhaps: Path = ()
    for path in different(old.properties, new.properties, moved):
        if _covered(path, _paths(old.type, "createOnlyProperties")):
            return "yes", path
        if not perhaps and _covered(path, _paths(old.type, "conditionalCreateOnlyProperties")):
            perhaps = path
    return ("perhaps", perhaps) if perhaps else ("no", ())


def different(
    before: Any, after: Any, moved: frozenset[str] = frozenset(), path: Path = ()
) -> Iterator[Path]:
    """The paths of properties that differ, as deep as both sides have the same shape."""
    if not differs(before, after, moved):
        return
    old, new = ({} if each is None else each for each in (before, after))
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not (_expression(old) or _expression(new)):
        for key in sorted({*old, *new}):
            yield from different(old.get(key), new.get(key), moved, (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from different(one, other, moved, (*path, "*"))
    else:
        yield path


def _expression(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and any(key == "Ref" or key.startswith("Fn::") for key in value)


def _covered(path: Path, declared: frozenset[Path]) -> bool:
    """Whether a path is declared, lies in a declared one, or holds one: a whole object takes its parts along."""
    return any(
        all("*" in (one, other) or one == other for one, other in zip(path, each, strict=False))
        for each in declared
    )


def _paths(resource_type: str, keyword: str) -> frozenset[Path]:
    return schemas.property_paths(resource_type, keyword)


def _changed(old: Resource, new: Resource) -> list[str]:
    found = sorted({path[0] for path in different(old.properties, new.properties) if path})
    keys = sorted({*old.rest, *new.rest} - {"Type"})
    return found + [key for key in keys if old.rest.get(key) != new.rest.get(key)]
