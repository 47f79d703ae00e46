"""Conditions and Rules: the functions that give true or false, and what follows from them.

Pure. A rule is an assertion over parameters, written in the template or added by a TEMPLATE constraint of Service
Catalog; conditions decide which resources, outputs and properties exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .fault import ServiceError, format_error, invalid, template_error
from .intrinsics import evaluate, is_scalar, text
from .scope import NO_VALUE, Scope


class Facts(Protocol):
    """What rules may ask about existing things behind parameters of AWS-specific types."""

    def every(self, parameter_type: str) -> Sequence[str]:
        """All parameter values of a type in the stack (RefAll)."""

    def attributes(self, parameter: str, attribute: str) -> Sequence[Any]:
        """An attribute of what a parameter's values name (ValueOf)."""

    def all_attributes(self, parameter_type: str, attribute: str) -> Sequence[Any]:
        """An attribute of what all parameters of a type name (ValueOfAll)."""


class NoFacts:
    """Rules outside of any account: functions that need one end with an error."""

    def every(self, parameter_type: str) -> Sequence[str]:
        raise template_error(f"Fn::RefAll: nothing is known about {parameter_type} here")

    def attributes(self, parameter: str, attribute: str) -> Sequence[Any]:
        raise template_error(f"Fn::ValueOf: {attribute} of {parameter} is not known here")

    def all_attributes(self, parameter_type: str, attribute: str) -> Sequence[Any]:
        raise template_error(f"Fn::ValueOfAll: {attribute} of {parameter_type} is not known here")


def decide_all(conditions: Mapping[str, Any], scope: Scope) -> dict[str, bool]:
    """The value of every condition, in the order of the template; raises ServiceError for cycles and unknown names."""
    decided: dict[str, bool] = {}
    pending: list[str] = []

    def condition(name: str) -> bool:
        if name in decided:
            return decided[name]
        if name not in conditions:
            raise format_error(
                f"Unresolved condition dependency {name} in the Conditions block of the template"
            )
        if name in pending:
            ring = pending[pending.index(name) :]
            raise format_error(
                f"Found circular condition dependency between {' and '.join([*ring, name][:2])}"
            )
        pending.append(name)
        decided[name] = _boolean(conditions[name], scope, condition, NoFacts(), rule=False)
        pending.pop()
        return decided[name]

    for name in conditions:
        condition(name)
    return {name: decided[name] for name in conditions}


@dataclass(frozen=True)
class Assertion:
    """A rule's assertion that did not hold."""

    rule: str
    description: str

    def __str__(self) -> str:
        return (
            f"Template Error: Rule {self.rule} failed: {self.description}"
            if self.description
            else f"Template Error: Rule {self.rule} failed"
        )


def broken(rules: Mapping[str, Any], scope: Scope, facts: Facts) -> list[Assertion]:
    """The assertions that do not hold, of rules whose RuleCondition is met or absent."""
    found: list[Assertion] = []
    for name, rule in rules.items():
        if not isinstance(rule, Mapping) or not isinstance(rule.get("Assertions"), (list, tuple)):
            raise format_error(f"Rule {name} must be an object with Assertions")
        unknown = sorted(set(rule) - {"RuleCondition", "Assertions"})
        if unknown:
            raise format_error(f"Invalid property {unknown[0]} in rule {name}")
        if "RuleCondition" in rule and not _boolean(
            rule["RuleCondition"], scope, _no_condition, facts, rule=True
        ):
            continue
        for assertion in rule["Assertions"]:
            if not isinstance(assertion, Mapping) or "Assert" not in assertion:
                raise format_error(f"Every assertion of rule {name} must have an Assert")
            if not _boolean(assertion["Assert"], scope, _no_condition, facts, rule=True):
                found.append(Assertion(name, str(assertion.get("AssertDescription", ""))))
    return found


def check_rules(rules: Mapping[str, Any], scope: Scope, facts: Facts) -> None:
    """Raise ValidationError with all assertions that do not hold."""
    failed = broken(rules, scope, facts)
    if failed:
        raise invalid("\n".join(map(str, failed)))


class _Named(Protocol):
    def __call__(self, name: str) -> bool: ...


def _no_condition(name: str) -> bool:
    raise template_error(f"condition {name} cannot be used in Rules")


def _boolean(node: Any, scope: Scope, condition: _Named, facts: Facts, *, rule: bool) -> bool:
    def inner(child: Any) -> bool:
        return _boolean(child, scope, condition, facts, rule=rule)

    if isinstance(node, bool):
        return node
    if isinstance(node, str) and node.lower() in {"true", "false"}:
        return node.lower() == "true"
    if not isinstance(node, Mapping) or len(node) != 1:
        raise format_error("Conditions can only be boolean operations on parameters and other conditions")
    ((name, argument),) = node.items()
    match name:
        case "Condition":
            if not isinstance(argument, str):
                raise format_error("Every Condition member must be a string.")
            return condition(argument)
        case "Fn::Not":
            if not isinstance(argument, (list, tuple)) or len(argument) != 1:
                raise template_error("Every Fn::Not object requires one boolean parameter.")
            return not inner(argument[0])
        case "Fn::And" | "Fn::Or":
            if not isinstance(argument, (list, tuple)) or not 2 <= len(argument) <= 10:
                raise template_error(
                    f"every {name} object requires a list of at least 2 and at most 10 boolean parameters."
                )
            values = [
                inner(child) for child in argument
            ]  # all of them: a mistake must not hide behind the first
            return all(values) if name == "Fn::And" else any(values)
        case "Fn::Equals":
            if not isinstance(argument, (list, tuple)) or len(argument) != 2:
                raise template_error("every Fn::Equals object requires a list of 2 string parameters.")
            left, right = (_value(part, scope, facts, rule=rule) for part in argument)
            return _same(left, right)
        case "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" if rule:
            if not isinstance(argument, (list, tuple)) or len(argument) != 2:
                raise template_error(f"every {name} object requires a list of 2 parameters.")
            left, right = (_value(part, scope, facts, rule=rule) for part in argument)
            return _membership(name, left, right)
    raise format_error("Conditions can only be boolean operations on parameters and other conditions")


def _membership(name: str, left: Any, right: Any) -> bool:
    members = _strings(left, name)
    match name:
        case "Fn::Contains":
            return is_scalar(right) and text(right) in members
        case "Fn::EachMemberEquals":
            return is_scalar(right) and all(member == text(right) for member in members)
    allowed = set(_strings(right, name))
    return all(member in allowed for member in members)


def _strings(value: Any, name: str) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not all(map(is_scalar, items)):
        raise template_error(f"{name}: the parameters must be lists of strings")
    return [text(item) for item in items]


def _same(left: Any, right: Any) -> bool:
    if is_scalar(left) and is_scalar(right):
        return text(left) == text(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _value(node: Any, scope: Scope, facts: Facts, *, rule: bool) -> Any:
    if rule and isinstance(node, Mapping) and len(node) == 1:
        ((name, argument),) = node.items()
        match name:
            case "Fn::RefAll":
                return list(facts.every(str(argument)))
            case "Fn::ValueOf" | "Fn::ValueOfAll":
                if (
                    not isinstance(argument, (list, tuple))
                    or len(argument) != 2
                    or not all(isinstance(a, str) for a in argument)
                ):
                    raise template_error(f"every {name} object requires a list of 2 string parameters.")
                ask = facts.attributes if name == "Fn::ValueOf" else facts.all_attributes
                return _one_or_many(list(ask(*argument)), single=name == "Fn::ValueOf")
    try:
        value = evaluate(node, scope)
    except ServiceError as fault:
        if "Unresolved resource dependencies" in fault.message:
            name = fault.message.partition("[")[2].partition("]")[0]
            section = "Rules" if rule else "Conditions"
            raise format_error(
                f"Unresolved dependencies [{name}]. Cannot reference resources in the {section} block of the template"
            ) from None
        raise
    if value is NO_VALUE:
        return ""
    return value


def _one_or_many(values: list[Any], *, single: bool) -> Any:
    return values[0] if single and len(values) == 1 else values


def names_of_conditions(node: Any) -> Iterable[str]:
    """The conditions that Fn::If and Condition entries in a resource or output name."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Fn::If" and isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
                yield value[0]
            yield from names_of_conditions(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from names_of_conditions(item)
