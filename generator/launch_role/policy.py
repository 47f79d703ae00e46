"""Grants as IAM policy documents within IAM's sizes, and back.

Statements are grouped so that actions times resources is exactly the grants: what is written can be read back whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from json import dumps
from typing import Any

from generator.errors import fail
from generator.launch_role.model import Condition, Grant, LaunchRole, conditions

MANAGED_POLICY_LIMIT = 6_144
ATTACHED_POLICIES = 10
_FRAME = len('{"Version":"2012-10-17","Statement":[]}')

# The longest that each pseudo parameter becomes: aws-us-gov; a twelve-digit account; ap-northeast-1.
_LONGEST = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::AccountId}": "1" * 12,
    "${AWS::Region}": "ap-northeast-1",
}

Statement = dict[str, Any]


def statements(grants: Iterable[Grant]) -> tuple[Statement, ...]:
    """Grants as statements, pseudo parameters still in their strings; the same grants give the same statements."""
    resources: dict[tuple[str, tuple[Condition, ...]], set[str]] = defaultdict(set)
    for grant in grants:
        resources[grant.action, grant.conditions].add(grant.resource)
    grouped: dict[tuple[tuple[Condition, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    for (action, where), arns in resources.items():
        grouped[where, tuple(sorted(arns))].add(action)
    # One action on many sets of resources repeats itself; many actions on one resource repeat the resource: take
    # whichever way of grouping is shorter as a whole.
    by_resource: dict[tuple[tuple[Condition, ...], str], set[str]] = defaultdict(set)
    for (action, where), arns in resources.items():
        for arn in arns:
            by_resource[where, arn].add(action)
    turned: dict[tuple[tuple[Condition, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    for (where, arn), names in by_resource.items():
        turned[where, tuple(sorted(names))].add(arn)
    first = [_statement(where, sorted(names), arns) for (where, arns), names in sorted(grouped.items())]
    second = [_statement(where, names, sorted(arns)) for (where, names), arns in sorted(turned.items())]
    return tuple(min(first, second, key=lambda found: sum(map(size, found))))


def _statement(where: tuple[Condition, ...], names: Iterable[str], arns: Iterable[str]) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": list(names), "Resource": list(arns)}
    if where:
        block: dict[str, dict[str, Any]] = {}
        for operator, key, values in where:
            block.setdefault(operator, {})[key] = values[0] if len(values) == 1 else list(values)
        statement["Condition"] = block
    return statement


def size(document: Any) -> int:
    """How IAM counts a document: its characters without white space, once the longest pseudo parameters are in."""
    text = dumps(document, separators=(",", ":"), ensure_ascii=False)
    for pseudo, longest in _LONGEST.items():
        text = text.replace(pseudo, longest)
    return len(re.sub(r"\s", "", text))


def documents(role: LaunchRole, most: int = ATTACHED_POLICIES) -> tuple[dict[str, Any], ...]:
    """The role's managed policies, as few as go and none over 6,144 characters.

    Raises FactoryError when `most` policies cannot hold them, saying by how much.
    """
    room = MANAGED_POLICY_LIMIT - _FRAME
    pieces = [piece for statement in statements(role.grants) for piece in _split(statement, room)]
    bins: list[list[Statement]] = []
    sizes: list[int] = []
    for piece in sorted(pieces, key=lambda found: (-size(found), dumps(found))):
        needed = size(piece) + 1
        place = next((i for i, taken in enumerate(sizes) if taken + needed <= room + 1), None)
        if place is None:
            bins.append([])
            sizes.append(0)
            place = len(bins) - 1
        bins[place].append(piece)
        sizes[place] += needed
    if len(bins) > most:
        over = sum(sizes[most:])
        raise fail(
            role.name,
            f"the launch role needs {len(bins)} managed policies of {MANAGED_POLICY_LIMIT:,} characters and may have {most}: "
            f"{over:,} characters too many",
            "Split the product, publish fewer assets by name, or have the quota of attached policies raised.",
        )
    return tuple({"Version": "2012-10-17", "Statement": sorted(found, key=dumps)} for found in bins)


def _split(statement: Statement, room: int) -> Iterable[Statement]:
    """A statement in parts that each fit; only its lists can be parted."""
    if size(statement) <= room:
        yield statement
        return
    longer = max(
        ("Resource", "Action"), key=lambda name: size(statement[name]) if len(statement[name]) > 1 else 0
    )
    members = statement[longer]
    if len(members) == 1:
        raise fail(
            members[0],
            f"a single statement is {size(statement) - room:,} characters too long for a managed policy",
            "Shorten the names or the conditions' values.",
        )
    part: list[str] = []
    taken = frame = size({**statement, longer: []})
    for member in members:
        needed = size(member) + 1
        if part and taken + needed > room:
            yield from _split({**statement, longer: part}, room)
            part, taken = [], frame
        part.append(member)
        taken += needed
    yield from _split({**statement, longer: part}, room)


def grants_of(found: Iterable[Mapping[str, Any]]) -> frozenset[Grant]:
    """The grants that statements written by `statements` stand for; also those of other Allow statements."""
    return frozenset(
        Grant(action, resource, _conditions(statement.get("Condition") or {}))
        for statement in found
        if statement.get("Effect") == "Allow"
        for action in listed(statement.get("Action"))
        for resource in listed(statement.get("Resource"))
    )


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> tuple[Condition, ...]:
    return conditions(
        (operator, key, tuple(map(str, listed(values))))
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def listed(value: Any) -> list[Any]:
    """IAM's documents write one member without its list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
