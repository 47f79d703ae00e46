"""From one operation on one resource to the permissions it needs, by the reviewed data.

Owns the reading of the tables: paths, placeholders, what changed, tags and condition keys. It knows no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from generator.local.iam.conditions import Value
from generator.local.iam.permissions.review import Call, Known, Need, Operation, Place, Reviewed

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_GLOBAL = frozenset({"iam", "route53", "organizations", "cloudfront"})
_CLOUDFORMATION = "cloudformation.amazonaws.com"


@dataclass(frozen=True)
class Subject:
    """One operation on one resource. `previous` are the properties before an update."""

    operation: Operation
    reviewed: Reviewed
    properties: Mapping[str, Any]
    place: Place
    physical_id: str = ""
    previous: Mapping[str, Any] = field(default_factory=dict)
    stack: str = ""
    # Roles, users and groups by name, where more is known of them than that.
    known: Mapping[str, Known] = field(default_factory=dict)

    @property
    def letter(self) -> str:
        return self.operation[0]

    @cached_property
    def existing(self) -> Mapping[str, Any]:
        """The properties that the resource has as the operation begins."""
        if self.operation == "create":
            return {}
        return self.previous or self.properties

    @cached_property
    def name(self) -> str:
        given = values(self.properties, self.reviewed.name) if self.reviewed.name else []
        name = str(given[0]) if given else re.split(r"[/:]", self.physical_id)[-1]
        return name or "*"

    @cached_property
    def arn(self) -> str:
        if self.physical_id.startswith("arn:"):
            return self.physical_id
        arn = self.filled(self.reviewed.arn, {"name": self.name})
        return arn.lower() if self.reviewed.lower else arn

    @cached_property
    def tags(self) -> dict[str, str]:
        return tags_of(self.properties, self.reviewed.tags)

    @cached_property
    def existing_tags(self) -> dict[str, str]:
        return tags_of(self.existing, self.reviewed.tags)

    def filled(self, template: str, more: Mapping[str, str], *, missing: str = "*") -> str:
        """The template with its placeholders replaced; `missing` stands for properties without value."""
        place = self.place
        known = {
            "partition": place.partition,
            "region": place.region,
            "account": place.account,
            "stack": self.stack or "*",
            **more,
        }

        def fill(found: re.Match[str]) -> str:
            path, _, default = found[1].partition("|")
            if path in known:
                return known[path]
            if path in self.reviewed.parts:
                return self.reviewed.parts[path](self.properties)
            if path == "arn":
                return self.arn
            if path == "name":
                return self.name
            given = values(self.properties, path)
            return str(given[0]) if given else default or missing

        return _PLACEHOLDER.sub(fill, template)

    def has(self, test: str) -> bool:
        if test.startswith("!"):
            return not self.has(test[1:])
        path, equals, wanted = test.partition("=")
        given = values(self.properties, path)
        return any(_text(value) == wanted for value in given) if equals else bool(given)

    def changed(self, names: Sequence[str]) -> bool:
        return any(self.properties.get(name) != self.previous.get(name) for name in names)


def values(properties: Mapping[str, Any], path: str) -> list[Any]:
    """What stands at a path such as `Targets[].RoleArn`; empty values count as none."""
    found: list[Any] = [properties]
    for part in path.split("."):
        key, many = part.removesuffix("[]"), part.endswith("[]")
        found = [item[key] for item in found if isinstance(item, Mapping) and key in item]
        if many:
            found = [one for item in found for one in (item if isinstance(item, list) else [item])]
    return [item for item in found if item not in (None, "", [], {})]


def tags_of(properties: Mapping[str, Any], path: str) -> dict[str, str]:
    """Tags, whether the type writes them as a list of pairs or as a map."""
    found: dict[str, str] = {}
    for given in values(properties, path):
        pairs = given.items() if isinstance(given, Mapping) else [(one["Key"], one["Value"]) for one in given]
        found |= {str(key): str(value) for key, value in pairs}
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def needs(subject: Subject) -> tuple[Need, ...]:
    """Everything the operation needs, in the order of the table, each once."""
    found: list[Need] = []
    for call in subject.reviewed.calls:
        for need in _of(call, subject):
            if need not in found:
                found.append(need)
    return tuple(found)


def _of(call: Call, subject: Subject) -> Iterator[Need]:
    if subject.letter not in call.at or not all(subject.has(test) for test in call.when):
        return
    updating = subject.operation == "update"
    # An update whose former properties are not known may have changed anything.
    if updating and subject.previous and call.changed and not subject.changed(call.changed):
        return
    tags = _tags(call, subject)
    if tags is None:
        return
    for each in _each(call, subject):
        target = _target(call, subject, each)
        resource = subject.filled(call.on, {"each": target})
        context = _context(call, subject, each, target, tags, resource)
        yield Need(call.action, resource, context, call.source or subject.reviewed.source)


def _each(call: Call, subject: Subject) -> list[str]:
    if not call.each:
        return [""]
    now = [str(value) for value in values(subject.properties, call.each)]
    if subject.operation == "update" and subject.previous:
        before = [str(value) for value in values(subject.previous, call.each)]
        if call.delta == "came":
            now = [value for value in now if value not in before]
        elif call.delta == "went":
            now = [value for value in before if value not in now]
    return [value for value in now if call.only in value]


def _target(call: Call, subject: Subject, each: str) -> str:
    """What a value stands for as a resource."""
    if call.identity:
        known = subject.known.get(each)
        return (
            known.arn
            if known
            else subject.filled(f"arn:{{partition}}:iam::{{account}}:{call.identity}/{each}", {})
        )
    return call.to(each, subject.place) if call.to else each


def _tags(call: Call, subject: Subject) -> Mapping[str, str] | None:
    """The tags that the call carries; None when it is only about tags and there are none to add or remove."""
    if not call.tagging:
        return {}
    if subject.operation == "create":
        return subject.tags if subject.tags or call.tagging == "sends" else None
    before, now = subject.existing_tags, subject.tags
    if not subject.previous:
        return now
    if call.tagging == "removes":
        return {key: before[key] for key in before if key not in now} or None
    came = {key: value for key, value in now.items() if before.get(key) != value}
    return came if came or call.tagging == "sends" else None


def _context(
    call: Call, subject: Subject, each: str, target: str, tags: Mapping[str, str], resource: str
) -> dict[str, Value]:
    service = call.action.partition(":")[0]
    context: dict[str, Value] = {
        "aws:CalledVia": (_CLOUDFORMATION,),
        "aws:CalledViaFirst": _CLOUDFORMATION,
        "aws:CalledViaLast": _CLOUDFORMATION,
        "aws:ViaAWSService": True,
        "aws:RequestedRegion": "us-east-1" if service in _GLOBAL else subject.place.region,
    }
    if tags:
        context["aws:TagKeys"] = tuple(tags)
        if call.tagging != "removes":
            context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if resource == subject.arn:
        on_it = _tags_on_it(call, subject)
        context |= {f"aws:ResourceTag/{key}": value for key, value in on_it.items()}
    for key, template in call.keys.items():
        if value := _key(subject, template, each, target):
            context[key] = value
    return context


def _tags_on_it(call: Call, subject: Subject) -> Mapping[str, str]:
    """The tags that the resource has when the call comes: while it is made, those that the first call put on it."""
    if subject.operation != "create":
        return subject.existing_tags
    made = next((one for one in subject.reviewed.calls if one.tagging == "sends" and "c" in one.at), None)
    return subject.tags if made is not None and call.tagging == "" else {}


def _key(subject: Subject, template: str, each: str, target: str) -> str:
    if template == "{boundary}":
        # A role is judged by the boundary that it has, on creation by the one that it gets.
        before = values(subject.existing or subject.properties, "PermissionsBoundary")
        return str(before[0]) if before else ""
    if template == "{boundary of each}":
        known = subject.known.get(each)
        return known.boundary if known else ""
    return subject.filled(template, {"each": each, "target": target}, missing="")
