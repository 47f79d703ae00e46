"""The shape of the reviewed data: which calls CloudFormation makes for a resource, on what, and when.

Owns the vocabulary that the tables in `services/` are written in, the ways from names to ARNs included. It
derives nothing: see `derive`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from generator.local.iam.conditions import Value

Operation = Literal["create", "read", "update", "delete"]
# Whether a call carries the tags of a new resource, or exists only to add or to remove tags.
Tagging = Literal["", "sends", "adds", "removes"]
# Of the values of `each`: all of them, or on an update only those that came or went.
Delta = Literal["all", "came", "went"]
IdentityKind = Literal["", "role", "user", "group"]


@dataclass(frozen=True)
class Known:
    """A role, user or group that exists already: its ARN, whose path its name does not tell, and its boundary."""

    arn: str
    boundary: str = ""


@dataclass(frozen=True)
class Place:
    """Where things are when a property holds only a name."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True)
class Need:
    """One permission that an operation asks for: what IAM is asked, and where it is written that it is."""

    action: str
    resource: str
    context: Mapping[str, Value] = field(default_factory=dict, hash=False)
    source: str = ""


@dataclass(frozen=True)
class Call:
    """One API call of an operation.

    `on` is the resource as an ARN with {placeholders}: {arn} and {name} of the resource itself, {partition},
    {region}, {account}, {stack}, {each}, or the path of a property, `{path|default}`. A property without value or
    default stands as `*`, since what does not exist yet has no name. `at` are the operations by first letter
    (c, r, u, d). `when` are paths of properties that must have a value; `!path` must have none and `path=value`
    that one. `each` repeats the call for the values of a path (with `only`, for those that hold this text), which
    `to` turns into ARNs; with `identity` they are names of such identities. On an update, `changed` are the
    properties of which one must have changed. `keys` are condition keys with placeholders, left out where a
    property has no value; in them {each} is the value as it stands and {target} what `to` made of it.
    """

    action: str
    at: str
    on: str = "{arn}"
    when: tuple[str, ...] = ()
    each: str = ""
    to: Callable[[str, Place], str] | None = None
    only: str = ""
    identity: IdentityKind = ""
    delta: Delta = "all"
    changed: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    tagging: Tagging = ""
    source: str = ""


@dataclass(frozen=True)
class Reviewed:
    """A resource type: its ARN, the property that holds its name, its tags, and its calls.

    `name` is the path of the property in whose place the ARN has {name}; without it, or without its value, the
    physical id is the name. `parts` are further placeholders, computed from the properties. `lower` is for
    services that write their ARNs in lower case.
    """

    type: str
    arn: str
    source: str
    calls: tuple[Call, ...]
    name: str = ""
    tags: str = "Tags"
    lower: bool = False
    parts: Mapping[str, Callable[[Mapping[str, Any]], str]] = field(default_factory=dict)


AUTHORIZATION = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_{}.html"
TEMPLATE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/{}.html"


def authorization(page: str) -> str:
    """The page of the service authorization reference."""
    return AUTHORIZATION.format(page)


def passes(
    role: str, service: str, at: str = "c", *, changed: tuple[str, ...] = (), source: str = ""
) -> Call:
    """iam:PassRole for the roles at a path."""
    return Call(
        "iam:PassRole",
        at,
        "{each}",
        each=role,
        to=role_arn,
        changed=changed,
        keys={"iam:PassedToService": service},
        source=source or "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    )


def tags_by(
    adds: str, removes: str, *, on: str = "{arn}", at: str = "cu", lists: str = "", source: str = ""
) -> tuple[Call, ...]:
    """The calls that add, remove and, for reading, list tags."""
    calls = (
        Call(adds, at, on, tagging="adds", source=source),
        Call(removes, "u", on, tagging="removes", source=source),
    )
    return (*calls, Call(lists, "r", on, source=source)) if lists else calls


def role_arn(value: str, place: Place) -> str:
    """A role by ARN or by name."""
    return value if value.startswith("arn:") else f"arn:{place.partition}:iam::{place.account}:role/{value}"


def key_arn(value: str, place: Place) -> str:
    """A key by id, ARN or alias. KMS asks about the key, and what an alias points at is not known here."""
    if value.startswith("arn:"):
        return value.partition(":alias/")[0] + ":key/*" if ":alias/" in value else value
    name = "*" if value.startswith("alias/") else value
    return f"arn:{place.partition}:kms:{place.region}:{place.account}:key/{name}"


def object_arn(value: str, place: Place) -> str:
    """An object by its S3 address."""
    address = value.removeprefix("s3://")
    return f"arn:{place.partition}:s3:::{address}"


def function_arn(value: str, place: Place) -> str:
    """A Lambda function by name, partial or whole ARN."""
    if value.startswith("arn:"):
        return value
    name = value.rpartition(":function:")[2]
    return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{name}"


def queue_arn(value: str, place: Place) -> str:
    """A queue by URL: https://sqs.<region>.amazonaws.com/<account>/<name>."""
    account, _, name = value.rpartition("/")[0].rpartition("/")[2], "", value.rpartition("/")[2]
    return f"arn:{place.partition}:sqs:{place.region}:{account or place.account}:{name}"


def named(kind: str, service: str) -> Callable[[str, Place], str]:
    """ARNs of the form service:region:account:kind/name, by name or ARN."""

    def arn(value: str, place: Place) -> str:
        if value.startswith("arn:"):
            return value
        return f"arn:{place.partition}:{service}:{place.region}:{place.account}:{kind}/{value}"

    return arn
