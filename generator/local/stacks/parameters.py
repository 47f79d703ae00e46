"""A template's parameters: their declarations, and what the given values come to.

Pure: whether a named thing exists and what the parameter store holds is asked of a Lookup. Error texts follow
CloudFormation's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

from .fault import format_error, invalid
from .intrinsics import is_scalar, text

LIMIT: Final = 200
VALUE_LIMIT: Final = 4096
_PROPERTIES: Final = frozenset(
    (
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    )
)
_AWS: Final = frozenset(
    (
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::VPC::Id",
        "AWS::EC2::Volume::Id",
        "AWS::Route53::HostedZone::Id",
    )
)
_SSM: Final = "AWS::SSM::Parameter::Value<"
_PLAIN: Final = frozenset(("String", "Number", "List<Number>", "List<String>", "CommaDelimitedList"))


class Lookup(Protocol):
    """What parameters of AWS-specific and SSM types need to know of the account."""

    def exists(self, parameter_type: str, value: str) -> bool:
        """Whether a value of an AWS-specific type names something; True where that cannot be known."""

    def stored(self, name: str) -> str | None:
        """The value of a parameter in the parameter store."""


@dataclass(frozen=True)
class Parameter:
    """A declaration, with the numbers read."""

    name: str
    type: str
    default: str | None = None
    description: str = ""
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str = ""
    constraint: str = ""
    min_length: int | None = None
    max_length: int | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    no_echo: bool = False

    @property
    def stored_type(self) -> str:
        """The type of what the parameter store holds, or an empty string for parameters that are not stored there."""
        return self.type[len(_SSM) : -1] if self.type.startswith(_SSM) else ""

    @property
    def is_list(self) -> bool:
        kind = self.stored_type or self.type
        return kind == "CommaDelimitedList" or kind.startswith("List<")


@dataclass(frozen=True)
class Argument:
    """A parameter with the value it has in a stack.

    `given` is what the caller wrote, `resolved` what the parameter store said (only for SSM types), `value` what Ref
    gives: a string or a list of strings.
    """

    parameter: Parameter
    given: str
    resolved: str | None
    value: str | list[str]


def declared(template: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of a template, in its order; raises ValidationError for a declaration that is none."""
    section = template.get("Parameters") or {}
    if not isinstance(section, Mapping):
        raise format_error("Parameters must be an object.")
    if len(section) > LIMIT:
        raise format_error(f"Number of parameters, {len(section)}, is greater than maximum allowed, {LIMIT}")
    return {name: _declaration(name, body) for name, body in section.items()}


def _declaration(name: str, body: Any) -> Parameter:
    if not isinstance(name, str) or not name.isalnum() or not name.isascii():
        raise format_error(f"Parameter name {name} is non alphanumeric.")
    if not isinstance(body, Mapping):
        raise format_error("Every Parameters member must be an object.")
    for key in body:
        if key not in _PROPERTIES:
            raise invalid(f"Invalid template parameter property '{key}'")
    kind = body.get("Type")
    if kind is None:
        raise format_error("Every Parameters object must contain a Type member.")
    if not isinstance(kind, str) or not _known(kind):
        raise format_error(f"Unrecognized parameter type: {kind}")
    allowed = body.get("AllowedValues", [])
    if not isinstance(allowed, (list, tuple)) or not all(map(is_scalar, allowed)):
        raise format_error(f"[/Parameters/{name}/AllowedValues] Every AllowedValues member must be a string.")
    default = body.get("Default")
    if default is not None and not is_scalar(default):
        raise format_error("Every Default member must be a string.")
    parameter = Parameter(
        name=name,
        type=kind,
        default=None if default is None else text(default),
        description=text(body.get("Description", "")),
        allowed_values=tuple(map(text, allowed)),
        allowed_pattern=text(body.get("AllowedPattern", "")),
        constraint=text(body.get("ConstraintDescription", "")),
        min_length=_length(body, "MinLength"),
        max_length=_length(body, "MaxLength"),
        min_value=_number(body, "MinValue"),
        max_value=_number(body, "MaxValue"),
        no_echo=text(body.get("NoEcho", "false")).lower() == "true",
    )
    if parameter.default is not None and not parameter.stored_type:
        _check(parameter, parameter.default, default=True)
    return parameter


def _known(kind: str) -> bool:
    if kind in _PLAIN or kind in _AWS or kind == "AWS::SSM::Parameter::Name":
        return True
    if kind.startswith("List<") and kind.endswith(">"):
        return kind[5:-1] in _AWS
    if kind.startswith(_SSM) and kind.endswith(">"):
        inner = kind[len(_SSM) : -1]
        return (
            inner in {"String", "List<String>", "CommaDelimitedList"} or inner in _AWS or inner[5:-1] in _AWS
        )
    return False


def _length(body: Mapping[str, Any], key: str) -> int | None:
    number = _number(body, key)
    if number is None:
        return None
    if number < 0 or number != number.to_integral_value():
        raise format_error(f"{key} must be a non-negative integer")
    return int(number)


def _number(body: Mapping[str, Any], key: str) -> Decimal | None:
    if key not in body:
        return None
    try:
        return Decimal(text(body[key]))
    except InvalidOperation:
        raise format_error(f"{key} must be a number") from None


def resolve(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, str],
    lookup: Lookup,
    *,
    previous: Mapping[str, str] = {},
) -> dict[str, Argument]:
    """What every parameter comes to; `previous` are the values of a stack that is being updated.

    Raises ValidationError for names that the template does not declare, values missing, and values refused.
    """
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {
        name: given.get(name, previous.get(name, parameter.default)) for name, parameter in parameters.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _argument(parameters[name], value, lookup)
        for name, value in values.items()
        if value is not None
    }


def _argument(parameter: Parameter, given: str, lookup: Lookup) -> Argument:
    if len(given.encode()) > VALUE_LIMIT:
        raise invalid(f"Parameter '{parameter.name}' must contain at most {VALUE_LIMIT} bytes")
    _check(parameter, given)
    resolved: str | None = None
    if parameter.stored_type or parameter.type == "AWS::SSM::Parameter::Name":
        stored = lookup.stored(given)
        if stored is None:
            raise invalid(f"Unable to fetch parameters [{given}] from parameter store for this account.")
        resolved = stored if parameter.stored_type else None
    actual = given if resolved is None else resolved
    kind = parameter.stored_type or parameter.type
    member = kind[5:-1] if kind.startswith("List<") else kind
    if member in _AWS:
        for item in _items(actual) if parameter.is_list else [actual]:
            if not lookup.exists(member, item):
                raise invalid(
                    f"Parameter validation failed: parameter value {item} for parameter name {parameter.name} does not exist"
                )
    return Argument(parameter, given, resolved, _items(actual) if parameter.is_list else actual)


def _items(value: str) -> list[str]:
    # An empty list parameter is a list of one empty string, which Fn::Join and Fn::Select see.
    return [item.strip() for item in value.split(",")]


def _check(parameter: Parameter, value: str, *, default: bool = False) -> None:
    """The constraints that a declaration sets; for a stored parameter they hold for its key."""
    items = _items(value) if parameter.is_list and not parameter.stored_type else [value]
    numeric = parameter.type in {"Number", "List<Number>"}
    for item in items:
        complaint = _complaint(parameter, item, numeric=numeric)
        if not complaint:
            continue
        if default:
            raise format_error(f"Parameter '{parameter.name}' default value '{value}' {complaint[1]}")
        if parameter.constraint and complaint[0]:
            raise invalid(
                f"Parameter '{parameter.name}' failed to satisfy constraint: {parameter.constraint}"
            )
        raise invalid(f"Parameter '{parameter.name}' {complaint[1]}")


def _complaint(parameter: Parameter, item: str, *, numeric: bool) -> tuple[bool, str] | None:
    """What is wrong with one value, and whether a ConstraintDescription stands for it."""
    if numeric:
        try:
            number = Decimal(item)
        except InvalidOperation:
            return False, "must be a number"
        if parameter.min_value is not None and number < parameter.min_value:
            return True, f"must be a number not less than {parameter.min_value}"
        if parameter.max_value is not None and number > parameter.max_value:
            return True, f"must be a number not greater than {parameter.max_value}"
    if parameter.allowed_values and item not in parameter.allowed_values:
        return True, "must be one of AllowedValues"
    if parameter.min_length is not None and len(item) < parameter.min_length:
        return True, f"must contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(item) > parameter.max_length:
        return True, f"must contain at most {parameter.max_length} characters"
    if parameter.allowed_pattern:
        try:
            matches = re.fullmatch(java_pattern(parameter.allowed_pattern), item)
        except re.error as error:
            return False, f"has an AllowedPattern that is no regular expression: {error}"
        if not matches:
            return True, f"must match pattern {parameter.allowed_pattern}"
    return None


_POSIX: Final = {
    "Alnum": "A-Za-z0-9",
    "Alpha": "A-Za-z",
    "ASCII": "\\x00-\\x7f",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "Space": "\\s",
    "XDigit": "0-9a-fA-F",
}


def java_pattern(pattern: str) -> str:
    """A Java regular expression, which is what AllowedPattern is, as Python's: POSIX classes spelled out."""

    def spelled(match: re.Match[str]) -> str:
        members = _POSIX.get(match.group(1))
        if members is None:
            return match.group(0)
        before = pattern[: match.start()]
        inside = before.count("[") - before.count("\\[") > before.count("]") - before.count("\\]")
        return members if inside else f"[{members}]"

    return re.sub(r"\\p\{(\w+)\}", spelled, pattern)
