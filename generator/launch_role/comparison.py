"""A launch role against other policies, and how narrowly it is drawn: numbers and lists for people to read.

Compares what is allowed by action and resource pattern; it weighs no conditions, and evaluates no request.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from generator.launch_role import actions
from generator.launch_role.model import Condition, Grant, LaunchRole
from generator.launch_role.policy import grants_of
from generator.launch_role.scoping import unscoped

_Where = tuple[str, tuple[Condition, ...]]
_WILDCARD = re.compile(r"[*?]")
_PATTERNS = 4096  # ARN patterns that are remembered in another form: those of a few roles


@dataclass(frozen=True, order=True)
class Difference:
    """One action that one side allows and the other does not, or only more narrowly.

    `severity` is high for what can widen rights, medium for other writing, low for reading.
    """

    service: str
    severity: str
    action: str
    resource: str


def compare(
    role: LaunchRole, policy_documents: Iterable[Mapping[str, Any]]
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """What the given policies allow too much, and what they lack, against the synthesised role; by service.

    Wildcards in the documents' actions are expanded; an Allow with NotAction or NotResource counts as everything it
    leaves open. A Deny in the documents is not subtracted: what it denies still shows as allowed.
    """
    theirs = frozenset(grant for document in policy_documents for grant in _allowed(document))
    ours = role.grants
    too_much = _beyond(theirs, ours)
    lacking = _beyond(ours, theirs)
    return too_much, lacking


def _allowed(document: Mapping[str, Any]) -> Iterable[Grant]:
    statements = document.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != "Allow":
            continue
        written = dict(statement)
        if "NotAction" in written:
            written["Action"] = "*"
        if "NotResource" in written:
            written["Resource"] = "*"
        for grant in grants_of([written]):
            if "*" in grant.action or "?" in grant.action:
                expanded = actions.expand(grant.action) if ":" in grant.action else ()
                for name in expanded or (grant.action,):
                    yield Grant(name, grant.resource)
            else:
                known = actions.action(grant.action)
                yield Grant(str(known) if known else grant.action, grant.resource)


def _beyond(these: Iterable[Grant], those: Iterable[Grant]) -> tuple[Difference, ...]:
    by_action: dict[str, list[str]] = {}
    everywhere: list[str] = []
    for grant in those:
        if grant.action == "*":
            everywhere.append(grant.resource)
        by_action.setdefault(grant.action, []).append(grant.resource)
    found = set()
    for grant in these:
        covers = [*by_action.get(grant.action, ()), *everywhere]
        if not any(_covers(pattern, grant.resource) for pattern in covers):
            found.add(
                Difference(_service(grant.action), _severity(grant.action), grant.action, grant.resource)
            )
    return tuple(sorted(found))


def widened(older: LaunchRole, newer: LaunchRole) -> tuple[Grant, ...]:
    """The grants of the newer role that the older one did not give, to anybody who reads a plan.

    A grant was given before when an older one of the same action covers its resource under no more conditions.
    """
    before: dict[str, list[Grant]] = {}
    for grant in older.grants:
        before.setdefault(grant.action, []).append(grant)
    return tuple(
        grant
        for grant in sorted(newer.grants)
        if not any(
            _covers(old.resource, grant.resource) and set(old.conditions) <= set(grant.conditions)
            for old in before.get(grant.action, ())
        )
    )


def widest(grants: Iterable[Grant]) -> dict[Grant, Grant]:
    """For each grant that another one of the same action covers, under no more conditions, the widest such."""
    by_action: dict[str, set[_Where]] = {}
    for grant in grants:
        by_action.setdefault(grant.action, set()).add((grant.resource, grant.conditions))
    # All that is done to a product's roles, say, is done on the same resources: what covers what is asked once for them.
    by_places: dict[frozenset[_Where], list[str]] = {}
    for action, places in by_action.items():
        by_places.setdefault(frozenset(places), []).append(action)
    return {
        Grant(action, *narrow): Grant(action, *wide)
        for places, names in by_places.items()
        for narrow, wide in _widest(places).items()
        for action in names
    }


def _widest(places: Collection[_Where]) -> dict[_Where, _Where]:
    if len(places) < 2:
        return {}
    known = [(each, set(each[1]), _Pattern(each[0])) for each in places]
    found: dict[_Where, _Where] = {}
    for place, limits, narrower in known:
        covering = [
            other
            for other, fewer, wider in known
            if other is not place and fewer <= limits and wider.covers(narrower)
        ]
        if covering:
            found[place] = min(covering, key=lambda other: (len(other[1]), len(other[0]), other))
    return found


def _service(action: str) -> str:
    return action.partition(":")[0]


def _severity(action: str) -> str:
    known = actions.action(action)
    if known is None:
        return "high"  # `*`, or a name that nobody can judge
    if known.permissions or action == "iam:PassRole":
        return "high"
    return "medium" if known.writes else "low"


def _covers(pattern: str, resource: str) -> bool:
    return _Pattern(pattern).covers(_Pattern(resource))


class _Pattern:
    """An ARN pattern in its generic form, to be held against many others."""

    def __init__(self, resource: str) -> None:
        self.generic = _generic(resource)
        self._glob = self.generic.replace("[", "[[]")
        self._start = _WILDCARD.split(self.generic, maxsplit=1)[0]
        self._fixed = len(self.generic) - self.generic.count("*")

    def covers(self, other: _Pattern) -> bool:
        # Most pairs differ before the first wildcard, or one fixes more than the other has: they need no matching.
        return (
            self._fixed <= other._fixed
            and other.generic.startswith(self._start)
            and fnmatchcase(other.generic, self._glob)
        )


@lru_cache(maxsize=_PATTERNS)
def _generic(arn: str) -> str:
    """An ARN whose partition and account say nothing, since the two sides may write them differently."""
    fields = arn.replace("${AWS::", "${AWS.").split(":", 5)
    if len(fields) != 6 or fields[0] != "arn":
        return arn
    account = "" if not fields[4] else "any" if fields[4] != "aws" else "aws"
    return ":".join(["arn", "any", fields[2], fields[3], account, fields[5]])


@dataclass(frozen=True)
class Scoped:
    """How many of a role's writing actions are limited to less than a service, and which are not."""

    total: int
    scoped: int
    rest: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.scoped / self.total if self.total else 1.0


def scoped_writes(role: LaunchRole) -> Scoped:
    """Counts writing actions; one counts as scoped when each of its patterns is narrower than a whole service."""
    writing: dict[str, bool] = {}
    for grant in role.grants:
        known = actions.action(grant.action)
        if known is not None and known.writes:
            writing[grant.action] = writing.get(grant.action, True) and not unscoped(grant.resource)
    rest = tuple(sorted(name for name, narrow in writing.items() if not narrow))
    return Scoped(total=len(writing), scoped=len(writing) - len(rest), rest=rest)
