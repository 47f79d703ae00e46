"""The Condition element: its operators, their missing keys, negations, IfExists and set operators.

Owns the meaning of one test against the context of a request. It knows no policies and no principals.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import TypeVar

from generator.local.iam.patterns import Lookup, arn_like, like, pieces
from generator.local.iam.policy import Test

Scalar = str | bool | int | Decimal | bytes | datetime
# A sequence is a multivalued key (`aws:TagKeys`), even when it holds one value or none.
Value = Scalar | Sequence[str]

Compare = Callable[[str, str, Lookup | None], bool]
T = TypeVar("T")


@dataclass(frozen=True)
class Operator:
    """A positive comparison, and whether this operator is its negation."""

    compare: Compare
    negated: bool = False


def _plain(text: str, lookup: Lookup | None) -> str | None:
    parts = pieces(text, lookup, wildcards=False)
    return None if parts is None else "".join(part for _, part in parts)


def _equals(value: str, wanted: str, lookup: Lookup | None) -> bool:
    return _plain(wanted, lookup) == value


def _equals_ignore_case(value: str, wanted: str, lookup: Lookup | None) -> bool:
    plain = _plain(wanted, lookup)
    return plain is not None and plain.lower() == value.lower()


def _like(value: str, wanted: str, lookup: Lookup | None) -> bool:
    return like(value, wanted, lookup)


def _arn(value: str, wanted: str, lookup: Lookup | None) -> bool:
    return arn_like(value, wanted, lookup)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> datetime | None:
    """W3C's profile of ISO 8601, from a bare year to fractions of seconds, or seconds since 1970."""
    text = text.strip()
    if text.isdigit() and len(text) != 4:
        return datetime.fromtimestamp(int(text), UTC) if len(text) < 12 else None
    if len(text) == 4 and text.isdigit():
        text += "-01-01"
    elif len(text) == 7 and text[4] == "-":
        text += "-01"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _typed(parse: Callable[[str], T | None], holds: Callable[[T, T], bool]) -> Compare:
    """A comparison of parsed values. What does not parse equals nothing; these operators take no variables."""

    def compare(value: str, wanted: str, _: Lookup | None) -> bool:
        left, right = parse(value), parse(wanted)
        return left is not None and right is not None and holds(left, right)

    return compare


def _bool(value: str, wanted: str, lookup: Lookup | None) -> bool:
    plain = _plain(wanted, lookup)
    return plain is not None and value.lower() == plain.lower() and value.lower() in ("true", "false")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _ip(value: str, wanted: str, _: Lookup | None) -> bool:
    try:
        # A bare address is the range of itself.
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        return False


_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}
_DATES: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}

OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(_equals),
    "StringNotEquals": Operator(_equals, negated=True),
    "StringEqualsIgnoreCase": Operator(_equals_ignore_case),
    "StringNotEqualsIgnoreCase": Operator(_equals_ignore_case, negated=True),
    "StringLike": Operator(_like),
    "StringNotLike": Operator(_like, negated=True),
    **{f"Numeric{name}": Operator(_typed(_number, holds)) for name, holds in _NUMBERS.items()},
    "NumericNotEquals": Operator(_typed(_number, _NUMBERS["Equals"]), negated=True),
    **{f"Date{name}": Operator(_typed(_moment, holds)) for name, holds in _DATES.items()},
    "DateNotEquals": Operator(_typed(_moment, _DATES["Equals"]), negated=True),
    "Bool": Operator(_bool),
    "BinaryEquals": Operator(_typed(_bytes, lambda value, wanted: value == wanted)),
    "IpAddress": Operator(_ip),
    "NotIpAddress": Operator(_ip, negated=True),
    "ArnEquals": Operator(_arn),
    "ArnLike": Operator(_arn),
    "ArnNotEquals": Operator(_arn, negated=True),
    "ArnNotLike": Operator(_arn, negated=True),
}
NULL = "Null"


@dataclass(frozen=True)
class Context:
    """What is known of a request: condition keys, whose names ignore case, each with its values."""

    values: Mapping[str, tuple[str, ...]]
    multivalued: frozenset[str]

    @classmethod
    def of(cls, keys: Mapping[str, Value]) -> Context:
        values: dict[str, tuple[str, ...]] = {}
        multivalued: set[str] = set()
        for key, value in keys.items():
            name = key.lower()
            if isinstance(value, (str, bytes, bool, int, Decimal, datetime)):
                values[name] = (_text(value),)
            else:
                values[name] = tuple(value)
                multivalued.add(name)
        return cls(values, frozenset(multivalued))

    def __getitem__(self, key: str) -> tuple[str, ...]:
        """Its values; none when the request does not carry the key."""
        return self.values.get(key.lower(), ())

    def variable(self, name: str) -> str | None:
        """The value of a policy variable. Multivalued keys have no single value to put in its place."""
        name = name.lower()
        if name in self.multivalued or not (values := self.values.get(name, ())):
            return None
        return values[0]


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def holds(test: Test, context: Context, *, variables: bool) -> bool:
    """Whether the request meets the test."""
    values = context[test.key]
    # An empty string is a value to StringEquals, but no data to Null and the set operators.
    null = not any(values)
    if test.operator == NULL:
        return any((wanted.lower() == "true") is null for wanted in test.values)

    operator = OPERATORS[test.operator]
    lookup = context.variable if variables else None

    def hit(value: str) -> bool:
        return any(operator.compare(value, wanted, lookup) for wanted in test.values)

    if not values and test.if_exists:
        return True
    match test.set_operator:
        case "ForAllValues":
            return null or all(hit(value) is not operator.negated for value in values)
        case "ForAnyValue":
            return not null and any(hit(value) is not operator.negated for value in values)
        case _:
            # Several values under a negated operator are a NOR; a missing key equals nothing.
            return any(hit(value) for value in values) is not operator.negated
