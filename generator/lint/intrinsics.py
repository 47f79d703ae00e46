"""Reading a template's values: the functions in them, their branches, and where each value stands.

Owns how house rules look at properties without knowing which way a condition goes. It judges nothing and imports no cfnlint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

# ${Name} and ${Name.Attribute} in Fn::Sub, but not the literal ${!Name}.
PLACEHOLDER = re.compile(r"\$\{\s*([^!{}\s][^{}]*?)\s*\}")


@dataclass(frozen=True)
class Resource:
    """A resource of a template, with the path of its properties."""

    name: str
    type: str
    properties: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return ("Resources", self.name, "Properties")


@dataclass(frozen=True)
class Placed:
    """A value and the path at which it stands; the value is None where nothing is set."""

    path: Path
    value: Any


def plain(node: Any) -> Any:
    """The same values in plain dicts, lists and strings: cfn-lint's own nodes answer `get` with {} for a missing key."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return str(node) if isinstance(node, str) else node


def resources(template: Mapping[str, Any], *types: str) -> Iterator[Resource]:
    """The resources of the given types, or all; those without properties have an empty mapping."""
    found = template.get("Resources")
    for name, resource in found.items() if isinstance(found, dict) else ():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if isinstance(kind, str) and (not types or kind in types):
            properties = resource.get("Properties")
            yield Resource(name, kind, properties if isinstance(properties, dict) else {})


def parameters(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The parameters that are declared as mappings."""
    found = template.get("Parameters")
    return (
        {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}
    )


def call(value: Any) -> tuple[str, Any] | None:
    """The intrinsic function and its argument, when a value is a call of one."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return name, argument
    return None


def branches(placed: Placed) -> Iterator[Placed]:
    """The values that a value may have, through Fn::If; AWS::NoValue is None."""
    called = call(placed.value)
    if called == ("Ref", "AWS::NoValue"):
        yield Placed(placed.path, None)
    elif called and called[0] == "Fn::If" and isinstance(called[1], list) and len(called[1]) == 3:
        for index in (1, 2):
            yield from branches(Placed((*placed.path, "Fn::If", index), called[1][index]))
    else:
        yield placed


def at(placed: Placed, *names: str) -> Iterator[Placed]:
    """The values below a mapping by property names, in every branch; None at the deepest path that exists."""
    for branch in branches(placed):
        if not names or branch.value is None:
            yield branch
        elif isinstance(branch.value, dict) and names[0] in branch.value:
            yield from at(Placed((*branch.path, names[0]), branch.value[names[0]]), *names[1:])
        elif isinstance(branch.value, dict) and call(branch.value) is None:
            yield Placed(branch.path, None)
        else:
            # The result of another function, FindInMap for one: its inside is not known here.
            yield Placed(branch.path, branch.value)


def items(placed: Placed) -> Iterator[Placed]:
    """The elements of a list, or of one value that stands for a list, in every branch."""
    for branch in branches(placed):
        if isinstance(branch.value, list):
            for index, value in enumerate(branch.value):
                yield from branches(Placed((*branch.path, index), value))
        elif branch.value is not None:
            yield branch


def walk(placed: Placed) -> Iterator[Placed]:
    """A value and everything in it."""
    yield placed
    if isinstance(placed.value, dict):
        for name, value in placed.value.items():
            yield from walk(Placed((*placed.path, name), value))
    elif isinstance(placed.value, list):
        for index, value in enumerate(placed.value):
            yield from walk(Placed((*placed.path, index), value))


def references(value: Any) -> set[str]:
    """The logical ids, parameters and pseudo parameters that a value refers to."""
    found: set[str] = set()
    for placed in walk(Placed((), value)):
        called = call(placed.value)
        if not called:
            continue
        name, argument = called
        if name == "Ref" and isinstance(argument, str):
            found.add(argument)
        elif name == "Fn::GetAtt":
            found.add(
                str(argument[0]) if isinstance(argument, list) and argument else str(argument).split(".")[0]
            )
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) and argument else argument
            own = argument[1] if isinstance(argument, list) and len(argument) > 1 else {}
            names = (
                {each.split(".")[0] for each in PLACEHOLDER.findall(text)} if isinstance(text, str) else set()
            )
            found |= names - set(own if isinstance(own, dict) else ())
    return found
