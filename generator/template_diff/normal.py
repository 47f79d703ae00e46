"""Values of a template in a form in which equal means the same to CloudFormation.

Follows conditions and mappings, joins what Sub and Join join, gives parameters that the published template does not
have their defaults, and drops what AWS::NoValue drops. What only a launch decides stays as an expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.blueprint import CATALOG

NOTHING = object()
"""The normal form of AWS::NoValue."""

_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")
_LITERAL = re.compile(r"\$\{!")
_DEEPEST = 50  # conditions that refer to conditions, before they count as a circle


class Normal:
    """The values of one template; `defaults` are parameters that stand for a literal."""

    def __init__(self, template: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> None:
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = template.get("Conditions") or {}
        self._defaults = defaults or {}

    def condition(self, name: Any) -> Any:
        """A condition by its name: True, False or an expression; None stands for no condition."""
        return True if name is None else self._condition({"Condition": name}, 0)

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                    return self._intrinsic(str(name), argument)
            found = {str(key): self.value(child) for key, child in value.items()}
            return {key: child for key, child in found.items() if child is not NOTHING}
        if isinstance(value, list | tuple):
            members = [self.value(each) for each in value]
            return [each for each in members if each is not NOTHING]
        return literal(value)

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return NOTHING
            case "Ref", str():
                return (
                    self.value(self._defaults[argument]) if argument in self._defaults else {"Ref": argument}
                )
            case "Fn::GetAtt", _:
                parts = argument if isinstance(argument, list) else [argument]
                return {"Fn::GetAtt": ".".join(str(self.value(part)) for part in parts)}
            case "Fn::Sub", str():
                return self._sub(argument, {})
            case "Fn::Sub", [str() as text, dict() as own]:
                return self._sub(text, {key: self.value(each) for key, each in own.items()})
            case "Fn::Join", [str() as separator, list() as members]:
                parts = [each for each in map(self.value, members) if each is not NOTHING]
                texts = [text_of(each) for each in parts]
                if all(text is not None for text in texts):
                    return sub(separator.join(text or "" for text in texts))
                return {"Fn::Join": [separator, parts]}
            case "Fn::If", [condition, yes, no]:
                return self._if(self._condition({"Condition": condition}, 0), self.value(yes), self.value(no))
            case "Fn::FindInMap", [str() as mapping, first, second, *_]:
                return self._find(mapping, self.value(first), self.value(second), argument)
            case "Fn::Select", [index, list() as members] if str(index).isdecimal():
                found = self.value(members)
                return found[int(index)] if int(index) < len(found) else {"Fn::Select": [str(index), found]}
            case (("Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition"), _):
                return self._condition({name: argument}, 0)
        return {name: self.value(argument)}

    def _sub(self, text: str, own: Mapping[str, Any]) -> Any:
        kept: dict[str, Any] = {}

        def put(found: re.Match[str]) -> str:
            name = found[1].strip()
            value = own[name] if name in own else self._intrinsic("Ref", name)
            inner = "" if value is NOTHING else text_of(value)
            if inner is None:
                kept[name] = value
            return f"${{{name}}}" if inner is None else inner

        filled = _VARIABLE.sub(put, text)
        return {"Fn::Sub": [filled, kept]} if kept else sub(filled)

    @staticmethod
    def _if(condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        if yes is no or yes == no:
            return yes
        plain = {"Ref": "AWS::NoValue"}
        return {"Fn::If": [condition, *(plain if each is NOTHING else each for each in (yes, no))]}

    def _find(self, mapping: str, first: Any, second: Any, argument: list[Any]) -> Any:
        rows = self._mappings.get(mapping)
        if mapping == CATALOG or not isinstance(rows, Mapping):  # what the target says is no version's matter
            return {"Fn::FindInMap": [mapping, first, second, *self.value(argument[3:])]}
        if isinstance(first, str) and isinstance(second, str) and isinstance(rows.get(first), Mapping):
            found = rows[first].get(second, NOTHING)
            if found is not NOTHING:
                return self.value(found)
        return {"Fn::FindInMap": [self.value(rows), first, second, *self.value(argument[3:])]}

    def _condition(self, value: Any, depth: int) -> Any:
        match value:
            case {"Condition": str() as name} if name in self._conditions and depth < _DEEPEST:
                return self._condition(self._conditions[name], depth + 1)
            case {"Fn::Equals": [left, right]}:
                left, right = self.value(left), self.value(right)
                if isinstance(left, str) and isinstance(right, str):
                    return left == right
                return left == right or {"Fn::Equals": [left, right]}
            case {"Fn::Not": [inner]}:
                found = self._condition(inner, depth + 1)
                return (not found) if isinstance(found, bool) else {"Fn::Not": [found]}
            case {"Fn::And": list() as members} | {"Fn::Or": list() as members}:
                (kind,) = value
                decides = kind == "Fn::Or"  # True decides an Or, False an And
                parts = [self._condition(each, depth + 1) for each in members]
                if any(part is decides for part in parts):
                    return decides
                open_ = [part for part in parts if not isinstance(part, bool)]
                if not open_:
                    return not decides
                return open_[0] if len(open_) == 1 else {kind: open_}
        if isinstance(value, Mapping) and "Condition" not in value:
            return {key: self.value(child) for key, child in value.items()}
        return value


def literal(value: Any) -> Any:
    """CloudFormation takes 5 and '5', true and 'true' for the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def sub(text: str) -> Any:
    """A text with ${variables} as its shortest expression."""
    whole = _VARIABLE.fullmatch(text)
    if whole:
        return {"Fn::GetAtt": whole[1]} if "." in whole[1] else {"Ref": whole[1]}
    return {"Fn::Sub": text} if _VARIABLE.search(text) else _LITERAL.sub("${", text)


def text_of(value: Any) -> str | None:
    """A normal value as a text with ${variables}; None where it is no such thing."""
    match value:
        case str():
            return value
        case {"Ref": str() as name} | {"Fn::GetAtt": str() as name}:
            return f"${{{name}}}"
        case {"Fn::Sub": str() as text}:
            return text
    return None


def shown(value: Any) -> str:
    """A normal value as a text for comparing and for people; what is no text becomes JSON."""
    text = text_of(value)
    return text if text is not None else json.dumps(value, sort_keys=True, default=str)


def names(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a normal value refers to."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            if key in ("Ref", "Fn::GetAtt") and isinstance(child, str):
                yield child.partition(".")[0]
                continue
            if key == "Fn::Sub":
                text = child[0] if isinstance(child, list) else child
                yield from (found[1].partition(".")[0] for found in _VARIABLE.finditer(str(text)))
            yield from names(child)
    elif isinstance(value, list):
        for child in value:
            yield from names(child)


def differs(before: Any, after: Any, moved: Iterable[str] = ()) -> bool:
    """Whether a value becomes another for somebody who updates; `moved` are resources that get a new identity."""
    match before, after:
        case {"Fn::FindInMap": [dict() as old, *old_keys]}, {"Fn::FindInMap": [dict() as new, *new_keys]}:
            # A row that came along changes nothing for those who use another.
            return differs(old_keys, new_keys, moved) or any(
                name not in new or differs(row, new[name], moved) for name, row in old.items()
            )
        case {"Fn::If": [one, *old_branches]}, {"Fn::If": [other, *new_branches]} if one == other:
            return differs(old_branches, new_branches, moved)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if before.keys() != after.keys():
            return True
        if before == after and not moved:
            return False
        known = {"Ref", "Fn::GetAtt", "Fn::Sub"}
        if len(before) == 1 and before.keys() & known:
            return before != after or bool(set(names(before)) & set(moved))
        return any(differs(before[key], after[key], moved) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) != len(after) or any(
            differs(old, new, moved) for old, new in zip(before, after, strict=True)
        )
    return bool(before != after)
