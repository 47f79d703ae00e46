"""Which actions CloudFormation takes for a resource with the properties it has, and in which handler.

From the schema's handlers and tagging permissions, corrected against IAM's action table, supplemented where the schema is
known to be short, and narrowed to what the properties in use explain. On what an action may act is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from generator.errors import fail
from generator.launch_role import actions, tables
from generator.launch_role.actions import Action
from generator.launch_role.physical import fold, service_of
from generator.launch_role.values import walk
from generator.lint.schemas import date, schema

HANDLERS = ("create", "read", "update", "delete")  # nobody lists during a launch
# Granted nowhere: without it no role can shed its boundary.
_NEVER = {"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"}
# What makes a service's linked role, which no property names.
_LINKED = {"iam:CreateServiceLinkedRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"}
_VERB = re.compile(
    r"^(Put|Create|Delete|Update|Set|Modify|Add|Remove|Associate|Disassociate|Enable|Disable)(?=[A-Z])"
)
# Properties whose insides are documents of another language, not the resource's own settings.
_DOCUMENTS = {
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "KeyPolicy",
    "Policy",
    "Definition",
    "EventPattern",
    "PipelineDefinition",
    "DashboardBody",
    "Environment",
    "Tags",
}


@dataclass(frozen=True)
class Need:
    """An action that a handler takes, and what asks for it."""

    action: str
    handler: str
    because: str


_ORDER = attrgetter("action", "handler", "because")


def property_paths(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dotted path and value of every property in use; nothing from inside embedded documents."""
    for path, value in walk(properties, closed=_DOCUMENTS):
        yield ".".join(path), value


def needs(
    resource_type: str, properties: Mapping[str, Any], settings: Iterable[str] = ()
) -> tuple[Need, ...]:
    """The needs of one resource. `settings` are `Property=value` and `@Attribute=value`, where a value decides.

    Raises FactoryError as `needs_of` does.
    """
    return needs_of(resource_type, {*(path for path, _ in property_paths(properties)), *settings})


def needs_of(resource_type: str, used: Iterable[str]) -> tuple[Need, ...]:
    """The needs of one resource from the dotted paths of its properties in use, and its settings.

    Raises FactoryError for a type whose permissions nobody knows, and for an action that IAM does not know.
    """
    declared = all_declared(resource_type)
    if not declared:
        raise fail(
            resource_type,
            "nothing says which permissions this resource type needs",
            "Add it, with its source, to generator/launch_role/supplement.json, or keep the launch role elsewhere "
            "(launch.role: {arn: …}).",
        )
    paths = sorted(set(used))
    asked = {
        name: "" if asking is None else next(filter(asking.search, paths), None)
        for name, asking in _all_asking(resource_type)
    }
    found = [
        Need(name, handler, f"{asked[name]} ({source})" if asked[name] else source)
        for name, handler, source in declared
        if asked[name] is not None
    ]
    return tuple(sorted(found, key=_ORDER))


@cache
def _all_asking(resource_type: str) -> tuple[tuple[str, re.Pattern[str] | None], ...]:
    """Each action of a type with what has to ask for it."""
    names = {name for name, _, _ in all_declared(resource_type)}
    return tuple((name, _asking(resource_type, name)) for name in sorted(names))


def _asking(resource_type: str, name: str) -> re.Pattern[str] | None:
    """The property paths of which one has to be in use for the action to be needed; None: it is needed always."""
    wanted = tables.needed_for(resource_type, name)
    if wanted is not None:
        return re.compile("|".join(f"^{_glob(path)}($|[.])" for path in wanted))
    if name in _LINKED:
        return None
    service = name.partition(":")[0]
    if service != service_of(resource_type):
        explained = tables.foreign_properties(service)
        return explained if explained is not None and _explains(resource_type, explained) else None
    held = _own_property(resource_type, name)
    return None if held is None else re.compile(rf"^{re.escape(held)}($|[.])")


def _glob(path: str) -> str:
    return re.escape(path).replace(r"\*", ".*")


@cache
def _explains(resource_type: str, explained: re.Pattern[str]) -> bool:
    """Whether the schema has any settable property that could ask for that service's actions."""
    return any(explained.search(name) for name in _property_names(resource_type))


@cache
def _property_names(resource_type: str) -> frozenset[str]:
    declared = schema(resource_type)
    read_only = {path.removeprefix("/properties/") for path in declared.get("readOnlyProperties", ())}
    names = {name for name in declared.get("properties", {}) if name not in read_only}
    for definition in declared.get("definitions", {}).values():
        names.update(definition.get("properties", {}))
    return frozenset(names)


@cache
def _own_property(resource_type: str, name: str) -> str | None:
    """The top-level property that a writing action of the type's own service is named after, if there is one."""
    known = actions.action(name)
    if known is None or not known.writes or known.tags:
        return None  # tags come unasked, from Service Catalog
    last = fold(resource_type.split("::")[-1])
    noun = fold(_VERB.sub("", known.name))
    if noun == fold(known.name) or noun == last:
        return None
    properties = {fold(prop): prop for prop in schema(resource_type).get("properties", {})}
    return properties.get(noun) or properties.get(noun.removeprefix(last))


@cache
def all_declared(resource_type: str) -> tuple[tuple[str, str, str], ...]:
    """(action, handler, source) of all that the schema and the supplement say, before any narrowing."""
    declared = schema(resource_type)
    origin = f"schema of {date()[:10]}"
    extra = tables.supplements(resource_type)
    listed: list[tuple[str, str, str]] = []
    handlers = declared.get("handlers", {})
    for handler in HANDLERS:
        listed += [(name, handler, origin) for name in handlers.get(handler, {}).get("permissions") or ()]
    listed += [
        (name, "tagging", "schema") for name in (declared.get("tagging") or {}).get("permissions") or ()
    ]
    for entry in extra:
        listed += [
            (name, handler, entry.source) for handler, names in entry.handlers.items() for name in names
        ]
    never = {name for entry in extra for name in entry.never} | _NEVER
    instead = {name: names for entry in extra for name, names in entry.instead.items()}
    known = {
        (str(action), handler, source)
        for name, handler, source in listed
        for one in instead.get(name, (name,))
        for action in corrected(one, resource_type)
    }
    found = tuple(sorted(entry for entry in known if entry[0] not in never))
    if not found and any(not entry.handlers for entry in extra):
        return (("", "none", extra[0].source),)
    return found


def corrected(name: str, resource_type: str) -> Iterable[Action]:
    """The IAM actions that a name in a schema stands for: itself, its correction, or a wildcard's expansion."""
    replaced = tables.correction(name)
    for wanted in (name,) if replaced is None else replaced:
        expanded = actions.expand(wanted) if "*" in wanted or "?" in wanted else (wanted,)
        for one in expanded:
            known = actions.action(one)
            if known is None:
                raise fail(
                    resource_type,
                    f"its schema names '{one}', which is no IAM action",
                    "Add what stands for it, with its source, to generator/launch_role/corrections.json.",
                )
            yield known
