"""What a template makes, as people would draw it: the resources that matter, what hangs on each, and who uses whom.

A role, a log group or a policy is drawn inside the resource that it serves. What nearly everything uses (the key, the
bucket) stands apart, since an arrow from everywhere says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.blueprint import Later
from generator.lint.intrinsics import references

# Drawn inside what they serve, never on their own, where there is such a thing.
SERVING = frozenset(
    {
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::Route",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::KMS::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SecretsManager::ResourcePolicy",
    }
)
SHARED = 4  # used by so many others, it stands apart


@dataclass(frozen=True)
class Part:
    """A resource that is drawn, with the types of what serves it."""

    title: str
    type: str
    serving: tuple[str, ...] = ()
    conditional: bool = False
    count: int = 1  # of alike ones, drawn as one

    @property
    def service(self) -> str:
        return service_of(self.type)

    @property
    def kind(self) -> str:
        return kind_of(self.type)


@dataclass(frozen=True)
class Picture:
    """Parts in the template's order, the uses between them (user, used), and those that nearly all use."""

    parts: tuple[Part, ...]
    uses: tuple[tuple[str, str], ...]
    shared: tuple[Part, ...]


def service_of(resource_type: str) -> str:
    """`AWS::Lambda::Function` -> `Lambda`."""
    return resource_type.removeprefix("AWS::").partition("::")[0]


def kind_of(resource_type: str) -> str:
    """`AWS::S3::BucketPolicy` -> `Bucket policy`; what is written in capitals stays."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z]|\b|\d)|[A-Z]?[a-z]+|\d+", resource_type.rpartition("::")[2])
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def with_later(template: Mapping[str, Any], later: Sequence[Later]) -> Mapping[str, Any]:
    """The template with what comes later, as if it were of it; only for being drawn."""
    resources = dict(template.get("Resources", {}))
    for one in later:
        resources[one.title] = {
            "Type": one.type,
            "Properties": {"Uses": [{"Ref": used} for used in one.uses]},
        }
        if one.by in resources:
            resources[one.by] = {**resources[one.by], one.title: {"Ref": one.title}}
    return {**template, "Resources": resources}


def picture_of(template: Mapping[str, Any]) -> Picture:
    """The parts of a template."""
    resources: Mapping[str, Mapping[str, Any]] = template.get("Resources", {})
    refers = {
        title: {found for found in references(body) if found in resources and found != title}
        for title, body in resources.items()
    }
    served = _served({title for title, body in resources.items() if body["Type"] in SERVING}, refers)
    drawn = [title for title in resources if title not in served]
    uses = {
        (user, used)
        for user in drawn
        for used in _through(user, refers, served)
        if used != user and used in drawn
    }
    popularity = Counter(used for _, used in uses)
    shared = {title for title in drawn if popularity[title] >= SHARED and len(drawn) > SHARED + 1}
    parts = {title: _part(title, resources, served) for title in drawn}
    return _alike_as_one(
        Picture(
            tuple(part for title, part in parts.items() if title not in shared),
            tuple(sorted(_direct({use for use in uses if not set(use) & shared}))),
            tuple(part for title, part in parts.items() if title in shared),
        )
    )


def _direct(uses: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Without what follows from the others: who uses a pipeline that reads a repository is not joined with both."""
    found = set(uses)
    for user, used in sorted(uses):
        if _reaches(user, used, found - {(user, used)}):
            found.discard((user, used))
    return found


def _reaches(start: str, end: str, uses: set[tuple[str, str]]) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        one = ahead.pop()
        following = {used for user, used in uses if user == one} - seen
        if end in following:
            return True
        seen |= following
        ahead += sorted(following)
    return False


def _alike_as_one(picture: Picture) -> Picture:
    """Resources of one type, with the same users and the same uses, as one: four subnets, ten alarms."""
    groups: dict[object, list[Part]] = {}
    for part in picture.parts:
        around = frozenset(
            (user == part.title, used if user == part.title else user)
            for user, used in picture.uses
            if part.title in (user, used)
        )
        groups.setdefault((part.type, part.serving, around), []).append(part)
    kept = {
        group[0].title: replace(
            group[0], count=len(group), conditional=all(part.conditional for part in group)
        )
        for group in groups.values()
    }
    return Picture(
        tuple(kept.values()),
        tuple((user, used) for user, used in picture.uses if user in kept and used in kept),
        picture.shared,
    )


def _served(serving: set[str], refers: Mapping[str, set[str]]) -> dict[str, str]:
    """Whom each serves: the only drawn resource that uses it, or else the only one that it names."""
    users = {title: sorted(other for other, named in refers.items() if title in named) for title in serving}
    served: dict[str, str] = {}
    while True:  # a role serves a function; then so does the log group that both name
        found = {}
        for title in sorted(serving - served.keys()):
            masters = {_master(other, served) for other in users[title] or sorted(refers[title])}
            if len(masters) == 1 and masters != {title}:
                found[title] = masters.pop()
        new = {title: master for title, master in found.items() if found.get(master) != title}
        if not new:
            return served
        served |= new


def _through(user: str, refers: Mapping[str, set[str]], served: Mapping[str, str]) -> Iterator[str]:
    """What a resource uses, by itself and by what serves it."""
    own = {user} | {title for title in served if _master(title, served) == user}
    for title in sorted(own):
        for used in refers[title]:
            yield _master(used, served)


def _master(title: str, served: Mapping[str, str]) -> str:
    """Whom a serving resource serves in the end; a role may serve a policy that serves a function."""
    while title in served:
        title = served[title]
    return title


def _part(title: str, resources: Mapping[str, Mapping[str, Any]], served: Mapping[str, str]) -> Part:
    hangers = [other for other in served if _master(other, served) == title]
    return Part(
        title,
        str(resources[title]["Type"]),
        tuple(sorted(_lower(kind_of(str(resources[other]["Type"]))) for other in hangers)),
        "Condition" in resources[title],
    )


def _lower(kind: str) -> str:
    return kind if kind[:2].isupper() else kind[:1].lower() + kind[1:]
