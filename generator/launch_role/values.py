"""What a value in a template may turn out to be: patterns with `*` where only the launch knows.

Resolves intrinsics as far as the template fixes them. It never guesses from a parameter's default, because a user may
enter anything the parameter allows. What a resource is called is asked of the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import product
from typing import Any

ANY = "*"
_MOST = 8  # more alternatives than this become one wildcard, so that a policy stays small
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_WILDCARDS = re.compile(r"\*{2,}")
_REGEX_PLAIN = re.compile(r"[A-Za-z0-9_/:@-]")

# The parameter types whose values have a known beginning.
_TYPED = {
    "AWS::EC2::VPC::Id": "vpc-*",
    "AWS::EC2::Subnet::Id": "subnet-*",
    "AWS::EC2::SecurityGroup::Id": "sg-*",
    "AWS::EC2::Image::Id": "ami-*",
    "AWS::EC2::Instance::Id": "i-*",
    "AWS::EC2::Volume::Id": "vol-*",
}

AskResource = Callable[[str, str | None], tuple[str, ...]]


class Values:
    """The values of one template, for one stack name and one region (`*` for several)."""

    def __init__(
        self, template: Mapping[str, Any], *, stack_name: str, region: str, resource: AskResource
    ) -> None:
        self._parameters: Mapping[str, Any] = template.get("Parameters") or {}
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._resources: Mapping[str, Any] = template.get("Resources") or {}
        self._resource = resource
        self._pseudo = {
            "AWS::AccountId": ("${AWS::AccountId}",),
            "AWS::Partition": ("${AWS::Partition}",),
            "AWS::Region": (region,),
            "AWS::StackName": (stack_name,),
            "AWS::StackId": (
                f"arn:${{AWS::Partition}}:cloudformation:{region}:${{AWS::AccountId}}:stack/{stack_name}/*",
            ),
            "AWS::NoValue": (),
        }

    def patterns(self, value: Any) -> tuple[str, ...]:
        """All the strings that `value` may be, sorted; a list gives those of its members; NoValue gives none."""
        return tuple(sorted(set(self._patterns(value))))

    def _patterns(self, value: Any) -> Iterable[str]:
        if isinstance(value, str):
            return (squeeze(_DYNAMIC.sub(ANY, value) if "{{" in value else value),)
        if isinstance(value, bool):
            return ("true" if value else "false",)
        if isinstance(value, (int, float)):
            return (str(value),)
        if isinstance(value, list):
            return [pattern for member in value for pattern in self._patterns(member)]
        if isinstance(value, Mapping) and len(value) == 1:
            (name, argument), *_ = value.items()
            return self._intrinsic(str(name), argument)
        return (ANY,)

    def _intrinsic(self, name: str, argument: Any) -> Iterable[str]:
        match name:
            case "Ref":
                return self._named(str(argument))
            case "Fn::GetAtt":
                logical_id, _, attribute = (
                    argument.partition(".") if isinstance(argument, str) else _attribute(argument)
                )
                return self._resource(logical_id, attribute)
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join" if (
                isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)
            ):
                return self._join(str(argument[0]), argument[1])
            case "Fn::If" if isinstance(argument, list) and len(argument) == 3:
                return [*self._patterns(argument[1]), *self._patterns(argument[2])]
            case "Fn::Select" if (
                isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)
            ):
                index = str(argument[0])
                if index.isdecimal() and int(index) < len(argument[1]):
                    return self._patterns(argument[1][int(index)])
                return self._patterns(argument[1])
            case "Fn::FindInMap" if isinstance(argument, list) and len(argument) >= 3:
                return self._find(argument)
        return (ANY,)

    def _named(self, name: str) -> Iterable[str]:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return _parameter(name, self._parameters[name])
        if name in self._resources:
            return self._resource(name, None)
        return (ANY,)

    def _sub(self, argument: Any) -> Iterable[str]:
        text, own = (
            (argument[0], argument[1])
            if isinstance(argument, list) and len(argument) == 2
            else (argument, {})
        )
        if not isinstance(text, str) or not isinstance(own, Mapping):
            return (ANY,)
        parts: list[Iterable[str]] = []
        at = 0
        for found in _SUB.finditer(text):
            parts.append((text[at : found.start()],))
            at = found.end()
            name = found[2].strip()
            if found[1]:
                parts.append((f"${{{found[2]}}}",))
            elif name in own:
                parts.append(self._patterns(own[name]))
            elif "." in name:
                logical_id, _, attribute = name.partition(".")
                parts.append(self._resource(logical_id, attribute))
            else:
                parts.append(self._named(name))
        parts.append((text[at:],))
        return _combine(parts)

    def _join(self, separator: str, members: list[Any]) -> Iterable[str]:
        parts: list[Iterable[str]] = []
        for index, member in enumerate(members):
            if index:
                parts.append((separator,))
            parts.append(self._patterns(member))
        return _combine(parts)

    def _find(self, argument: list[Any]) -> Iterable[str]:
        found: list[Any] = [self._mappings]
        for key in argument[:3]:
            wanted = set(self._patterns(key))
            found = [
                child
                for level in found
                if isinstance(level, Mapping)
                for name, child in level.items()
                if wanted & {name, ANY} or any(ANY in w for w in wanted)
            ]
        leaves = [pattern for leaf in found for pattern in self._patterns(leaf)]
        return leaves or (ANY,)


def _attribute(argument: Any) -> tuple[str, str, str]:
    if isinstance(argument, list) and len(argument) == 2 and all(isinstance(part, str) for part in argument):
        return argument[0], ".", argument[1]
    return "", ".", ""


def _parameter(name: str, declared: Any) -> Iterable[str]:
    if not isinstance(declared, Mapping):
        return (ANY,)
    kind = str(declared.get("Type", "String"))
    if kind.startswith("AWS::SSM::"):
        return (ANY,)  # the rules of the declaration hold for the SSM parameter's name, not for its value
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list) and allowed:
        values = [str(value) for value in allowed]
        return values if len(values) <= _MOST else (_common(values),)
    if pattern := declared.get("AllowedPattern"):
        return (squeeze(literal_start(str(pattern)) + ANY),)
    if name == "SageMakerProjectId":
        return ("p-*",)  # SageMaker fills this parameter, always in this form
    return (_TYPED.get(kind.removeprefix("List<").removesuffix(">"), ANY),)


def literal_start(regex: str) -> str:
    """The characters that every match of an anchored regular expression begins with."""
    if not regex.startswith("^") or "|" in regex:
        return ""
    found = ""
    for index, char in enumerate(regex[1:], start=1):
        following = regex[index + 1 : index + 2]
        if not _REGEX_PLAIN.match(char) or following in ("*", "?", "{"):
            break
        found += char
        if following == "+":
            break
    return found


def _common(values: list[str]) -> str:
    first, last = min(values), max(values)
    size = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:size] + ANY


def _combine(parts: Iterable[Iterable[str]]) -> Iterable[str]:
    options = [tuple(dict.fromkeys(part)) for part in parts]
    if any(not part for part in options):
        options = [part or ("",) for part in options]
    total = 1
    for part in options:
        total *= len(part)
    if total > _MOST:
        options = [part if len(part) == 1 else (ANY,) for part in options]
    return [squeeze("".join(choice)) for choice in product(*options)]


def squeeze(pattern: str) -> str:
    """A pattern with one wildcard where several stand side by side."""
    return _WILDCARDS.sub(ANY, pattern) if "**" in pattern else pattern


def is_arn(pattern: str) -> bool:
    """Whether a pattern is an ARN of a known service; `arn:aws*`, from a parameter's pattern, may be anything."""
    fields = pattern.replace("${AWS::", "${AWS.").split(":", 5)
    return len(fields) == 6 and fields[0] == "arn" and ANY not in fields[2]


def is_set(value: Any) -> bool:
    """Whether a property given so has any value at the launch, in at least one branch."""
    if isinstance(value, str):
        return True
    if isinstance(value, Mapping) and len(value) == 1:
        if "Ref" in value:
            return bool(value["Ref"] != "AWS::NoValue")
        if "Fn::If" in value and isinstance(value["Fn::If"], list):
            return any(is_set(branch) for branch in value["Fn::If"][1:])
    return value is not None


def walk(
    value: Any, path: tuple[str, ...] = (), *, closed: Set[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every property below `value` with its path of names; lists and Fn::If add no step; other intrinsics are leaves.

    Nothing from inside the properties whose names are `closed`.
    """
    if isinstance(value, list):
        for member in value:
            if not isinstance(member, str):
                yield from walk(member, path, closed=closed)
    elif isinstance(value, Mapping) and not _is_intrinsic(value):
        for name, child in value.items():
            if is_set(child):
                below = (*path, str(name))
                yield below, child
                if name not in closed and not isinstance(child, str):
                    yield from walk(child, below, closed=closed)
    elif isinstance(value, Mapping) and isinstance(value.get("Fn::If"), list):
        for branch in value["Fn::If"][1:]:
            yield from walk(branch, path, closed=closed)


def references(value: Any) -> Iterator[str]:
    """The names that Ref, GetAtt and Sub in `value` point to, pseudo parameters included."""
    if isinstance(value, list):
        for member in value:
            yield from references(member)
    elif isinstance(value, Mapping):
        for name, child in value.items():
            if name == "Ref" and isinstance(child, str):
                yield child
            elif name == "Fn::GetAtt":
                yield child.partition(".")[0] if isinstance(child, str) else _attribute(child)[0]
            elif name == "Fn::Sub":
                text = child[0] if isinstance(child, list) and child else child
                if isinstance(text, str):
                    yield from (m[2].strip().partition(".")[0] for m in _SUB.finditer(text) if not m[1])
                if isinstance(child, list):
                    yield from references(child[1:])
            else:
                yield from references(child)


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    if len(value) != 1:
        return False
    (name,) = value
    return name in ("Ref", "Condition") or str(name).startswith("Fn::")
