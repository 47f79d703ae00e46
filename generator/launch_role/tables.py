"""The reviewed tables beside this module: what the schemas and the action table leave out or get wrong.

Each entry of the JSON files names its source. This module reads and matches them and decides nothing else.
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


@cache
def _load(name: str) -> Mapping[str, Any]:
    text = (resources.files(__package__) / f"{name}.json").read_text(encoding="utf-8")
    table: Mapping[str, Any] = loads(text)
    return table


@cache
def _matching(table: str, section: str, resource_type: str) -> tuple[Any, ...]:
    entries: Mapping[str, Any] = _load(table)[section]
    return tuple(entry for pattern, entry in entries.items() if fnmatchcase(resource_type, pattern))


@cache
def correction(name: str) -> tuple[str, ...] | None:
    """What stands for an action that is no IAM action: none, one or several; None where the table is silent."""
    entry = _load("corrections")["actions"].get(name)
    return None if entry is None else tuple(entry["to"])


@cache
def newer_action(name: str) -> Mapping[str, Any] | None:
    """An operation that the copy of IAM's action table does not have yet, in the table's form; the name in lower case."""
    for known, entry in _load("newer_actions")["actions"].items():
        if known.lower() == name:
            return {
                "name": known.partition(":")[2],
                "accessLevel": entry["accessLevel"],
                "resourceTypes": [],
                "conditionKeys": [],
            }
    return None


@dataclass(frozen=True)
class Supplement:
    """Actions by handler that a type needs besides its schema's, those that it must not get, and what stands for some."""

    handlers: Mapping[str, tuple[str, ...]]
    never: tuple[str, ...]
    instead: Mapping[str, tuple[str, ...]]
    source: str


@cache
def supplements(resource_type: str) -> tuple[Supplement, ...]:
    """All entries for a type, those of a pattern such as `AWS::S3::*` included."""
    return tuple(
        Supplement(
            handlers={handler: tuple(names) for handler, names in entry.get("handlers", {}).items()},
            never=tuple(entry.get("never", ())),
            instead={name: tuple(names) for name, names in entry.get("instead", {}).items()},
            source=entry["source"],
        )
        for entry in _matching("supplement", "types", resource_type)
    )


@cache
def needed_for(resource_type: str, action: str) -> tuple[str, ...] | None:
    """The properties (dotted, `*` for any name) of which one must be set for `action` to be needed; None: always."""
    found: list[str] = []
    for entry in _matching("narrowing", "types", resource_type):
        for pattern, paths in entry["actions"].items():
            if fnmatchcase(action.lower(), pattern.lower()):
                found += paths
    return tuple(found) if found else None


@cache
def foreign_properties(service: str) -> re.Pattern[str] | None:
    """The names of properties that explain an action of another service than the resource's own."""
    text = _load("narrowing")["foreign"].get(service)
    return re.compile(text["properties"], re.IGNORECASE) if text else None


@dataclass(frozen=True)
class Naming:
    """How a type's resources are named: IAM's service and ARN types, the name property, and generated names.

    `only_with` and `only_without` bind an ARN type to a property; `conditions` are IAM keys that a property fixes.
    """

    service: str | None
    arn_types: tuple[str, ...] | None
    name: str | None
    variables: Mapping[str, str]
    generated: str | None
    longest: int
    both_cases: bool
    ref_is_name: bool
    suffixes: Mapping[str, tuple[str, ...]]
    only_with: Mapping[str, str]
    only_without: Mapping[str, str]
    conditions: Mapping[str, str]


@cache
def naming(resource_type: str) -> Naming:
    """What the table says of a type; later entries win over earlier ones."""
    merged: dict[str, Any] = {}
    for entry in _matching("names", "types", resource_type):
        merged |= entry
    arns = merged.get("arn_types")
    return Naming(
        service=merged.get("service"),
        arn_types=None if arns is None else tuple(arns),
        name=merged.get("name"),
        variables=merged.get("variables", {}),
        generated=merged.get("generated"),
        longest=merged.get("longest", 64),
        both_cases=merged.get("both_cases", False),
        ref_is_name=merged.get("ref_is_name", False),
        suffixes={arn_type: tuple(ends) for arn_type, ends in merged.get("suffixes", {}).items()},
        only_with=merged.get("only_with", {}),
        only_without=merged.get("only_without", {}),
        conditions=merged.get("conditions", {}),
    )


@cache
def fixed_arn(resource_type: str, action: str) -> tuple[str, ...] | None:
    """The ARNs that an action has for a type whatever its properties, with IAM's own ${variables}."""
    for entry in _matching("names", "fixed", resource_type):
        for pattern, arn in entry["actions"].items():
            if fnmatchcase(action.lower(), pattern.lower()):
                return tuple(arn)
    return None


@cache
def on_own(resource_type: str, action: str) -> bool:
    """Whether an action is on the resource's own ARNs though IAM's table has it on others."""
    return any(
        fnmatchcase(action, pattern)
        for entry in _matching("names", "own", resource_type)
        for pattern in entry["actions"]
    )


@cache
def also_required(action: str) -> tuple[str, ...]:
    """ARN types that an action is checked on though IAM's table calls them optional."""
    entry = _load("names")["required"].get(action)
    return () if entry is None else tuple(entry["arn_types"])


@cache
def passed_to(resource_type: str, path: str) -> tuple[str, ...]:
    """The service principals that a role in this property is passed to; none when the table is silent."""
    for entry in _matching("passing", "types", resource_type):
        for pattern, services in entry["properties"].items():
            if fnmatchcase(path, pattern):
                return tuple(services)
    return ()


@dataclass(frozen=True)
class LinkedRole:
    """A service-linked role that first use makes; `when` are properties of which one must be set, if any are named."""

    service: str
    when: tuple[str, ...]
    source: str


@cache
def linked_roles(resource_type: str) -> tuple[LinkedRole, ...]:
    """The service-linked roles that a type may be the first to need."""
    return tuple(
        LinkedRole(service=entry["service"], when=tuple(entry.get("when", ())), source=entry["source"])
        for entries in _matching("linked_roles", "types", resource_type)
        for entry in entries
    )


@cache
def global_services() -> frozenset[str]:
    """Services whose requests carry us-east-1 as their region wherever they come from."""
    return frozenset(_load("names")["global_services"]["services"])
