"""A policy as a value: what IAM's JSON means once its spelling is settled.

Owns the frozen shapes that validation builds and evaluation reads. It neither parses nor decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Effect = Literal["Allow", "Deny"]
SetOperator = Literal["", "ForAllValues", "ForAnyValue"]

# Where a policy is attached settles what it may contain and how large it may be.
Kind = Literal[
    "managed", "inline", "session", "trust", "resource", "service_control", "resource_control", "endpoint"
]

# Policies without a Version are of the old language, in which `${…}` is plain text.
OLD_VERSION = "2008-10-17"
CURRENT_VERSION = "2012-10-17"


@dataclass(frozen=True)
class Test:
    """One line of a Condition: operator, key and the values any of which will do."""

    operator: str
    key: str
    values: tuple[str, ...]
    set_operator: SetOperator = ""
    if_exists: bool = False

    __test__ = False  # not a pytest class, whatever its name suggests


@dataclass(frozen=True)
class Principals:
    """A Principal or NotPrincipal element; `anyone` is the bare `*` and `{"AWS": "*"}`."""

    anyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement. Of each pair (Action, NotAction) one is set; in trust policies no resource is."""

    effect: Effect
    number: int
    sid: str = ""
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: Principals | None = None
    not_principals: Principals | None = None
    conditions: tuple[Test, ...] = ()

    @property
    def label(self) -> str:
        """How a person finds it: by its Sid, else by its place."""
        return self.sid or f"statement {self.number}"


@dataclass(frozen=True)
class Policy:
    """A whole policy. `name` is only for people: an ARN, or the name of an inline policy."""

    statements: tuple[Statement, ...]
    version: str = OLD_VERSION
    id: str = ""
    name: str = ""

    @property
    def variables(self) -> bool:
        """Whether `${…}` means anything in it."""
        return self.version == CURRENT_VERSION
