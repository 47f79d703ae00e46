"""What a template's resources refer to: references, their order, and cycles.

Pure. Works on resources whose conditions are already decided, so that a branch not taken refers to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .fault import format_error, invalid, template_error
from .intrinsics import sub_variables
from .scope import NO_VALUE, PSEUDO_PARAMETERS


@dataclass(frozen=True)
class Reference:
    """A name in an expression: by Ref, or by GetAtt with an attribute."""

    kind: Literal["Ref", "GetAtt"]
    name: str
    attribute: str = ""


def references(expression: Any) -> Iterator[Reference]:
    """All names that an expression refers to, parameters included."""
    if isinstance(expression, Mapping):
        if len(expression) == 1:
            ((key, argument),) = expression.items()
            match key:
                case "Ref" if isinstance(argument, str):
                    yield Reference("Ref", argument)
                    return
                case "Fn::GetAtt":
                    yield from _attribute(argument)
                    return
                case "Fn::Sub":
                    yield from _substituted(argument)
                    return
        for value in expression.values():
            yield from references(value)
    elif isinstance(expression, (list, tuple)):
        for item in expression:
            yield from references(item)


def _attribute(argument: Any) -> Iterator[Reference]:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if isinstance(parts, (list, tuple)) and len(parts) == 2 and isinstance(parts[0], str):
        yield Reference("GetAtt", parts[0], parts[1] if isinstance(parts[1], str) else "")
        yield from references(parts[1])


def _substituted(argument: Any) -> Iterator[Reference]:
    given: Mapping[str, Any] = {}
    template = argument
    if isinstance(argument, (list, tuple)) and len(argument) == 2 and isinstance(argument[1], Mapping):
        template, given = argument
        yield from references(given)
    if not isinstance(template, str):
        yield from references(template)
        return
    for name in sub_variables(template):
        if name in given:
            continue
        head, dot, attribute = name.partition(".")
        yield Reference("GetAtt", head, attribute) if dot else Reference("Ref", name)


def pruned(expression: Any, conditions: Mapping[str, bool]) -> Any:
    """The expression with every Fn::If replaced by the branch that its condition takes."""
    if isinstance(expression, Mapping):
        if len(expression) == 1 and "Fn::If" in expression:
            argument = expression["Fn::If"]
            if (
                not isinstance(argument, (list, tuple))
                or len(argument) != 3
                or not isinstance(argument[0], str)
            ):
                raise template_error(
                    "Fn::If requires a list argument with the first element being a condition"
                )
            if argument[0] not in conditions:
                raise format_error(
                    f"Unresolved condition dependency {argument[0]} in the Resources block of the template"
                )
            branch = pruned(argument[1] if conditions[argument[0]] else argument[2], conditions)
            return NO_VALUE if branch == {"Ref": "AWS::NoValue"} else branch
        kept = {key: pruned(value, conditions) for key, value in expression.items()}
        return {key: value for key, value in kept.items() if value is not NO_VALUE}
    if isinstance(expression, (list, tuple)):
        items = [pruned(item, conditions) for item in expression]
        return [item for item in items if item is not NO_VALUE]
    return expression


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    """The logical ids in DependsOn."""
    names = resource.get("DependsOn", [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise format_error("DependsOn must be a string or a list of strings.")
    return list(names)


_REFERRING = (
    "Properties",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "DeletionPolicy",
    "UpdateReplacePolicy",
)


def unresolved(expression: Any, resources: Collection[str], parameters: Collection[str]) -> set[str]:
    """Names that are neither a resource that exists, a parameter nor a pseudo parameter."""
    missing = set()
    for reference in references(expression):
        known = reference.name in resources
        if reference.kind == "Ref":
            known = known or reference.name in parameters or reference.name in PSEUDO_PARAMETERS
        if not known:
            missing.add(reference.name)
    return missing


def dependencies(
    resources: Mapping[str, Mapping[str, Any]], parameters: Collection[str], declared: Collection[str]
) -> dict[str, list[str]]:
    """For each resource what must exist before it, in the template's order.

    `resources` are pruned and only those whose condition holds; `declared` are all logical ids of the template: a
    DependsOn on a resource whose condition does not hold is met by its absence. Raises ValidationError for names that
    lead nowhere.
    """
    missing: set[str] = set()
    found: dict[str, list[str]] = {}
    for name, resource in resources.items():
        needed: set[str] = set()
        for key in _REFERRING:
            part = resource.get(key)
            missing |= unresolved(part, resources, parameters)
            needed |= {reference.name for reference in references(part)}
        for other in depends_on(resource):
            if other not in declared:
                missing.add(other)
            needed.add(other)
        found[name] = [other for other in resources if other in needed]
    if missing:
        raise format_error(
            f"Unresolved resource dependencies [{', '.join(sorted(missing))}] in the Resources block of the template"
        )
    return found


def order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Logical ids such that each comes after what it needs; the template's order where that is free."""
    remaining = {name: set(others) for name, others in needs.items()}
    ordered: list[str] = []
    while remaining:
        ready = [name for name, others in remaining.items() if not others]
        if not ready:
            ring = sorted(name for name in remaining if _reaches(name, name, remaining))
            raise invalid(f"Circular dependency between resources: [{', '.join(ring)}]")
        for name in ready:
            del remaining[name]
        for others in remaining.values():
            others.difference_update(ready)
        ordered.extend(ready)
    return ordered


def _reaches(start: str, goal: str, needs: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    pending = list(needs[start])
    while pending:
        name = pending.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            pending.extend(needs[name])
    return False
