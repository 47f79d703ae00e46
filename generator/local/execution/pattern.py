"""Event patterns: whether an event matches one, by EventBridge's own rules.

Pure. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html; arrays of objects are
matched element by element, as the service's published matcher (aws/event-ruler) does. moto's matcher takes true for 1,
does not look into such arrays, and lets operators match that it does not know.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MISSING: Final = object()


class PatternError(Exception):
    """A pattern that EventBridge would not take."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every field of the pattern is found in the event."""
    return _object(pattern, event)


def _object(pattern: Mapping[str, Any], node: Any) -> bool:
    return all(_field(name, wanted, node) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, node: Any) -> bool:
    if name == "$or" and isinstance(wanted, list) and all(isinstance(each, Mapping) for each in wanted):
        return any(_object(each, node) for each in wanted)
    value = node.get(name, MISSING) if isinstance(node, Mapping) else MISSING
    if isinstance(wanted, Mapping):
        found = value if isinstance(value, list) else [value]
        return any(_object(wanted, each) for each in found or [MISSING])
    if not isinstance(wanted, list):
        raise PatternError(f"{name} must be an object or an array")
    values = _leaves(value)
    return any(_rule(rule, values) for rule in wanted)


def _leaves(value: Any) -> list[Any]:
    """The values of a field: those of an array one by one; an object is no value."""
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [] if value is MISSING or isinstance(value, Mapping) else [value]


def _rule(rule: Any, values: list[Any]) -> bool:
    if not isinstance(rule, Mapping):
        return any(_same(rule, value) for value in values)
    if len(rule) != 1:
        raise PatternError(f"{dict(rule)} must have one operator")
    ((name, operand),) = rule.items()
    if name == "exists":
        return bool(values) is bool(operand)
    test = _test(name, operand)
    return any(test(value) for value in values)


def _test(name: str, operand: Any) -> Callable[[Any], bool]:
    """What an operator asks of one value."""
    if name not in _OPERATORS:
        raise PatternError(f"unrecognized match type {name}")
    return lambda value: _OPERATORS[name](operand, value)


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _each(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _prefix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return isinstance(value, str) and value.lower().startswith(str(operand["equals-ignore-case"]).lower())
    return isinstance(value, str) and any(value.startswith(each) for each in _each(operand))


def _suffix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return isinstance(value, str) and value.lower().endswith(str(operand["equals-ignore-case"]).lower())
    return isinstance(value, str) and any(value.endswith(each) for each in _each(operand))


def _ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and any(value.lower() == str(each).lower() for each in _each(operand))


def _wildcard(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and any(_like(each, value) for each in _each(operand))


def _like(pattern: str, value: str) -> bool:
    """`*` stands for anything, `\\*` for itself."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part[1] if part in ("\\*", "\\\\") else part) for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _numeric(operand: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    compare: dict[str, Callable[[float, float], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        "=": lambda a, b: a == b,
        ">=": lambda a, b: a >= b,
        ">": lambda a, b: a > b,
    }
    if not isinstance(operand, list) or len(operand) % 2:
        raise PatternError("numeric takes operators and numbers in turn")
    return all(compare[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))


def _cidr(operand: Any, value: Any) -> bool:
    try:
        return ipaddress.ip_address(str(value)) in ipaddress.ip_network(str(operand), strict=False)
    except ValueError:
        return False


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, inner),) = operand.items()
        return not _test(name, inner)(value)
    return not any(_same(each, value) for each in _each(operand))


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
