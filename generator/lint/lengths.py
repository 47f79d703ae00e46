"""How long a value can get: the longest text that an expression may become for the longest allowed parameters.

Owns what bounds a parameter and a pseudo parameter. It computes a witness, not only a number, because `Fn::Select` of
`Fn::Split` needs the text; parameters stand in it as x's. What no template can tell (attributes, imports) is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# The parser under `re`, which knows the width of a pattern; its public name, sre_parse, is deprecated.
from re import _parser, error  # type: ignore[attr-defined]
from typing import Any

from generator.lint import schemas
from generator.lint.intrinsics import PLACEHOLDER, call, parameters

# A stack of a product is SC-<account>-pp-<13 characters>. The docs of stack names allow 128 characters, but a product's
# stack is only ever named by Service Catalog. https://docs.aws.amazon.com/servicecatalog/latest/adminguide/
STACK = "SC-123456789012-pp-" + "x" * 13
ACCOUNT = "123456789012"
UUID = "12345678-1234-1234-1234-123456789012"

# SageMaker sets these two itself, so their bounds hold whatever the template declares.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProject.html
SAGEMAKER = {"SageMakerProjectName": 32, "SageMakerProjectId": 20}

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html: 17 characters after the prefix.
AWS_TYPES = {
    "AWS::EC2::VPC::Id": len("vpc-") + 17,
    "AWS::EC2::Subnet::Id": len("subnet-") + 17,
    "AWS::EC2::SecurityGroup::Id": len("sg-") + 17,
    "AWS::EC2::Instance::Id": len("i-") + 17,
    "AWS::EC2::Volume::Id": len("vol-") + 17,
    "AWS::EC2::Image::Id": len("ami-") + 17,
    "AWS::EC2::AvailabilityZone::Name": len("ap-northeast-1-wl1-nrt-wlz-1"),
    "AWS::EC2::KeyPair::KeyName": 255,
}


@dataclass(frozen=True)
class Longest:
    """A longest value; the parameters in it that have no bound (they count as empty); whether a part is unknown."""

    text: str
    unbounded: frozenset[str] = frozenset()
    unknown: bool = False

    def __add__(self, other: Longest) -> Longest:
        return Longest(
            self.text + other.text, self.unbounded | other.unbounded, self.unknown or other.unknown
        )


EMPTY = Longest("")
UNKNOWN = Longest("", unknown=True)


def _either(candidates: Sequence[Longest]) -> Longest:
    """The longest of several, with the doubts of all."""
    if not candidates:
        return UNKNOWN
    longest = max(candidates, key=lambda one: len(one.text))
    unbounded = frozenset[str]().union(*(one.unbounded for one in candidates))
    return Longest(longest.text, unbounded, any(one.unknown for one in candidates))


@dataclass(frozen=True)
class Measure:
    """Longest values in one template, for the regions of its target; `names` are the longest names of its resources."""

    template: Mapping[str, Any]
    regions: Sequence[str]
    names: Mapping[str, Longest] = field(default_factory=dict)

    def longest(self, value: Any) -> Longest:
        """The longest text of an expression."""
        if isinstance(value, str):
            # A dynamic reference is replaced at deployment.
            return UNKNOWN if "{{resolve:" in value else Longest(value)
        if isinstance(value, bool | int | float):
            return Longest(json.dumps(value))
        called = call(value)
        if called is None:
            return UNKNOWN
        name, argument = called
        arguments = argument if isinstance(argument, list) else [argument]
        if name == "Ref" and isinstance(argument, str):
            return self._reference(argument)
        if name == "Fn::Sub":
            return self._substituted(arguments)
        if name == "Fn::Join" and len(arguments) == 2:
            return self._joined(arguments[0], arguments[1])
        if name == "Fn::Select" and len(arguments) == 2:
            return self._selected(arguments[0], arguments[1])
        if name == "Fn::If" and len(arguments) == 3:
            return _either(
                [self.longest(one) for one in arguments[1:] if call(one) != ("Ref", "AWS::NoValue")]
            )
        if name == "Fn::FindInMap" and len(arguments) >= 3:
            return self._mapped(arguments)
        if name == "Fn::Base64":
            inner = self.longest(argument)
            return Longest("x" * (-(-len(inner.text) // 3) * 4), inner.unbounded, inner.unknown)
        return UNKNOWN

    def _substituted(self, arguments: Sequence[Any]) -> Longest:
        text = arguments[0] if arguments else None
        local = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], dict) else {}
        if not isinstance(text, str):
            return UNKNOWN
        total, end = EMPTY, 0
        for found in PLACEHOLDER.finditer(text):
            total += self.longest(text[end : found.start()].replace("${!", "${"))
            name = found.group(1)
            if name in local:
                total += self.longest(local[name])
            else:
                total += UNKNOWN if "." in name else self._reference(name)
            end = found.end()
        return total + self.longest(text[end:].replace("${!", "${"))

    def _joined(self, separator: Any, parts: Any) -> Longest:
        total = EMPTY
        for index, part in enumerate(self._list(parts)):
            total += part if index == 0 else self.longest(separator) + part
        return total

    def _selected(self, index: Any, parts: Any) -> Longest:
        found = self._list(parts)
        position = int(index) if str(index).isdigit() else None
        if position is None:
            return _either(found)
        if position < len(found):
            return found[position]
        # More pieces than the witness shows come out of a parameter's value: any piece is at most the whole.
        return _either(found)

    def _list(self, value: Any) -> list[Longest]:
        if isinstance(value, list):
            return [self.longest(one) for one in value]
        called = call(value)
        if called and called[0] == "Fn::Split" and isinstance(called[1], list) and len(called[1]) == 2:
            separator, whole = called[1][0], self.longest(called[1][1])
            if not isinstance(separator, str) or not separator:
                return [whole]
            return [Longest(part, whole.unbounded, whole.unknown) for part in whole.text.split(separator)]
        if called and called[0] == "Ref":
            return [self.longest(value)]
        return [UNKNOWN]

    def _mapped(self, arguments: Sequence[Any]) -> Longest:
        """Every value that the look-up can give: a key that is not literal may be any."""
        found: list[Any] = [self.template.get("Mappings")]
        for key in arguments[:3]:
            level = [one for one in found if isinstance(one, dict)]
            literal = [one[key] for one in level if isinstance(key, str) and key in one]
            found = literal if isinstance(key, str) else [value for one in level for value in one.values()]
        candidates = [self.longest(one) for one in found if isinstance(one, str | int | float)]
        if len(arguments) > 3 and isinstance(arguments[3], dict) and "DefaultValue" in arguments[3]:
            candidates.append(self.longest(arguments[3]["DefaultValue"]))
        return _either(candidates)

    def _reference(self, name: str) -> Longest:
        region = max(_neighbours(self.regions), key=len)
        partition = _partition(region)
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": region,
            "AWS::Partition": partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
            "AWS::StackName": STACK,
            "AWS::StackId": f"arn:{partition}:cloudformation:{region}:{ACCOUNT}:stack/{STACK}/{UUID}",
        }
        if name in pseudo:
            return Longest(pseudo[name])
        declared = parameters(self.template)
        if name in declared:
            return _parameter(name, declared[name])
        return self.names.get(name, UNKNOWN)


def _parameter(name: str, declared: Mapping[str, Any]) -> Longest:
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list) and allowed:
        return Longest(max((str(one) for one in allowed), key=len))
    kind = str(declared.get("Type", "String"))
    bounds = [
        bound
        for bound in (
            _number(declared.get("MaxLength")),
            SAGEMAKER.get(name),
            AWS_TYPES.get(kind),
            _pattern(declared.get("AllowedPattern")),
            _digits(declared) if kind == "Number" else None,
        )
        if bound is not None
    ]
    return Longest("x" * min(bounds)) if bounds else Longest("", frozenset({name}))


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None


def _digits(declared: Mapping[str, Any]) -> int | None:
    ends = [str(declared[key]) for key in ("MinValue", "MaxValue") if key in declared]
    return max(map(len, ends)) if len(ends) == 2 else None


def _pattern(pattern: Any) -> int | None:
    """The widest text that a pattern matches; a parameter's pattern must match its whole value."""
    if not isinstance(pattern, str):
        return None
    try:
        width: int = _parser.parse(pattern).getwidth()[1]
    except (error, OverflowError, RecursionError):
        # CloudFormation reads Java's dialect, which has more than Python's: no bound is claimed.
        return None
    # Wider than any parameter value may be means that the pattern repeats without end.
    return width if width <= 4096 else None


def _partition(region: str) -> str:
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
        if region.startswith(prefix):
            return partition
    # us-iso, us-isob, eu-isoe, us-isof: the partition carries the letters of the prefix.
    second = region.split("-")[1]
    return {"iso": "aws-iso", "isob": "aws-iso-b", "isoe": "aws-iso-e", "isof": "aws-iso-f"}.get(
        second, "aws"
    )


def _neighbours(regions: Sequence[str]) -> list[str]:
    """All regions of the partitions at hand: a template that fits one region of a partition is to fit every one."""
    partitions = {_partition(region) for region in regions} or {"aws"}
    return sorted(region for region in schemas.regions() if _partition(region) in partitions)
