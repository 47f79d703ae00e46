"""What an update would change: each resource's action, what replaces it and why.

Pure. It compares a stack as it is with a prepared template; the engine decides again while it works, with real ids
in place of those that a change set cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .graph import references
from .intrinsics import evaluate
from .kind import Kind
from .prepare import Prepared
from .resources.completion import complete
from .scope import Scope, Unknown
from .stack import Resource

Recreation = Literal["Never", "Conditionally", "Always"]
_RANK: dict[str, int] = {"Never": 0, "Conditionally": 1, "Always": 2}


@dataclass(frozen=True)
class Difference:
    """One property that differs, by its dotted path, and whether that replaces the resource."""

    path: str
    before: Any
    after: Any
    recreation: Recreation

    @property
    def property(self) -> str:
        return self.path.split(".", 1)[0]


@dataclass(frozen=True)
class Detail:
    """Why a property changes."""

    difference: Difference
    evaluation: Literal["Static", "Dynamic"]
    source: str
    cause: str = ""


@dataclass(frozen=True)
class Change:
    """What an update does to one resource."""

    action: Literal["Add", "Modify", "Remove"]
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: Literal["", "True", "False", "Conditional"] = ""
    policy: str = ""
    scope: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def differences(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The properties that differ, down to the parts that decide over replacement."""
    return [
        Difference(path, old, new, recreation(kind, path)) for path, old, new in _different(before, after, "")
    ]


def _different(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if _equal(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _different(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    else:
        yield path, before, after


def _equal(before: Any, after: Any) -> bool:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return False
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() == after.keys() and all(_equal(before[key], after[key]) for key in before)
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        return len(before) == len(after) and all(map(_equal, before, after))
    return bool(before == after)


def recreation(kind: Kind, path: str) -> Recreation:
    """What a change of this path does to a resource of the type."""
    if _covers(kind.create_only, path):
        return "Always"
    return "Conditionally" if _covers(kind.conditional, path) else "Never"


def _covers(declared: frozenset[str], path: str) -> bool:
    for candidate in declared:
        if candidate == path or path.startswith(f"{candidate}."):
            return True
        # A whole object that appears or goes takes its create-only parts along.
        if candidate.startswith(f"{path}."):
            return True
    return False


def changes(
    current: Mapping[str, Resource],
    prepared: Prepared,
    kinds: Mapping[str, Kind],
    stack_id: str,
    tags: Mapping[str, str],
    moved: frozenset[str],
) -> list[Change]:
    """All changes, in the order in which the update would make them; removals last.

    `moved` are the parameters whose value is another than the stack's.
    """
    found: dict[str, Change] = {}
    scope = replace(
        prepared.scope,
        reference=lambda name: _reference(name, current, found),
        attribute=lambda name, attribute: _attribute(name, attribute, current, found),
    )
    for name in prepared.order:
        definition = prepared.resources[name]
        kind = kinds[definition["Type"]]
        old = current.get(name)
        change = (
            _added(name, definition, kind, scope, stack_id, tags)
            if old is None
            else _modified(old, definition, kind, scope, found, stack_id, tags, moved)
        )
        if change is not None:
            found[name] = change
    removed = [resource for name, resource in current.items() if name not in prepared.resources]
    for resource in reversed(removed):
        found[resource.logical_id] = Change(
            "Remove",
            resource.logical_id,
            resource.type,
            resource.physical_id,
            policy=resource.definition.get("DeletionPolicy", "Delete").replace(
                "RetainExceptOnCreate", "Retain"
            ),
            before=resource.properties,
        )
    return list(found.values())


def _reference(name: str, current: Mapping[str, Resource], found: Mapping[str, Change]) -> Any:
    change = found.get(name)
    if name not in current or (change is not None and change.replacement in {"True", "Conditional"}):
        return Unknown()
    return current[name].physical_id


def _attribute(
    name: str, attribute: str, current: Mapping[str, Resource], found: Mapping[str, Change]
) -> Any:
    resource, change = current.get(name), found.get(name)
    if resource is None or (change is not None and change.replacement in {"True", "Conditional"}):
        return Unknown()
    if change is not None and attribute not in resource.properties:
        return Unknown()
    return lookup(resource, attribute, Unknown())


def lookup(resource: Resource, attribute: str, missing: Any) -> Any:
    """An attribute of a resource: what it was given on creation, else the property of that name."""
    if attribute in resource.attributes:
        return resource.attributes[attribute]
    value: Any = resource.properties
    for step in attribute.split("."):
        value = value.get(step, missing) if isinstance(value, Mapping) else missing
    return value


def _added(
    name: str, definition: Mapping[str, Any], kind: Kind, scope: Scope, stack_id: str, tags: Mapping[str, str]
) -> Change:
    evaluated = evaluate(definition.get("Properties", {}), scope)
    whole = complete(kind, evaluated, stack_id=stack_id, logical_id=name, generation=0, tags=tags)
    return Change("Add", name, kind.type, after=whole)


def _modified(
    old: Resource,
    definition: Mapping[str, Any],
    kind: Kind,
    scope: Scope,
    found: Mapping[str, Change],
    stack_id: str,
    tags: Mapping[str, str],
    moved: frozenset[str],
) -> Change | None:
    evaluated = evaluate(definition.get("Properties", {}), scope)
    whole = complete(
        kind, evaluated, stack_id=stack_id, logical_id=old.logical_id, generation=old.generation, tags=tags
    )
    different = differences(kind, old.properties, whole)
    own = [
        item for item in different if item.property != kind.tag_property or "Tags" in _roots(old, definition)
    ]
    touched = _scope(old, definition, kind, different)
    if not touched:
        return None
    details = [detail for item in own for detail in _details(item, old, definition, moved, found)]
    details += [Detail(item, "Static", "DirectModification") for item in different if item not in own]
    return Change(
        "Modify",
        old.logical_id,
        old.type,
        old.physical_id,
        replacement=_replacement(details),
        policy=_replace_policy(definition, details),
        scope=touched,
        details=tuple(details),
        before=old.properties,
        after=whole,
    )


def _roots(old: Resource, definition: Mapping[str, Any]) -> set[str]:
    before, after = old.definition.get("Properties", {}), definition.get("Properties", {})
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _scope(
    old: Resource, definition: Mapping[str, Any], kind: Kind, different: Sequence[Difference]
) -> tuple[str, ...]:
    touched = []
    if any(item.property != kind.tag_property for item in different):
        touched.append("Properties")
    if any(item.property == kind.tag_property for item in different):
        touched.append("Tags")
    for key in ("Metadata", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy"):
        if old.definition.get(key) != definition.get(key):
            touched.append(key)
    return tuple(touched)


def _details(
    item: Difference,
    old: Resource,
    definition: Mapping[str, Any],
    moved: frozenset[str],
    found: Mapping[str, Change],
) -> Iterator[Detail]:
    expression = definition.get("Properties", {}).get(item.property)
    rewritten = old.definition.get("Properties", {}).get(item.property) != expression
    causes = list(_causes(expression, moved, found))
    if rewritten and not any(evaluation == "Dynamic" for evaluation, _source, _cause in causes):
        yield Detail(item, "Static", "DirectModification")
        return
    for evaluation, source, cause in causes:
        yield Detail(item, evaluation, source, cause)
    if (
        rewritten
        or not causes
        or any(source == "ParameterReference" for _evaluation, source, _cause in causes)
    ):
        # CloudFormation also reports the property itself, whose new value it has not looked at.
        yield Detail(item, "Static" if rewritten else "Dynamic", "DirectModification")


def _causes(
    expression: Any, moved: frozenset[str], found: Mapping[str, Change]
) -> Iterator[tuple[Literal["Static", "Dynamic"], str, str]]:
    seen = set()
    for reference in references(expression):
        if reference in seen:
            continue
        seen.add(reference)
        if reference.name in moved:
            yield "Static", "ParameterReference", reference.name
        elif reference.name in found:
            if reference.kind == "Ref":
                yield "Dynamic", "ResourceReference", reference.name
            else:
                yield "Dynamic", "ResourceAttribute", f"{reference.name}.{reference.attribute}"


def _replacement(details: Sequence[Detail]) -> Literal["", "True", "False", "Conditional"]:
    worst = max((_RANK[detail.difference.recreation] for detail in details), default=0)
    if worst == 0:
        return "False"
    certain = any(
        detail.difference.recreation == "Always" and detail.evaluation == "Static" for detail in details
    )
    return "True" if certain else "Conditional"


def _replace_policy(definition: Mapping[str, Any], details: Sequence[Detail]) -> str:
    if _replacement(details) != "True":
        return ""
    policy = definition.get("UpdateReplacePolicy", "Delete")
    return {"Retain": "ReplaceAndRetain", "Snapshot": "ReplaceAndSnapshot"}.get(policy, "ReplaceAndDelete")
