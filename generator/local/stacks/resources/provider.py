"""What a resource type needs to be made: the request for one operation, and the contract of a provider.

Owns the shapes. Which provider serves which type is in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .. import names
from ..kind import Kind


@dataclass(frozen=True)
class Place:
    """Where a stack lives."""

    account: str
    region: str
    partition: str

    @property
    def url_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


@dataclass(frozen=True)
class Request:
    """One operation on one resource.

    `properties` are evaluated and complete: generated name and stack tags are in them. `previous` are those that the
    resource has now; `physical_id` and `attributes` are empty before it exists. `client` gives a boto3 client of the
    local AWS by service name, under the identity that the stack is made with.
    """

    kind: Kind
    place: Place
    stack_id: str
    logical_id: str
    properties: Mapping[str, Any]
    client: Callable[[str], Any]
    now: float
    previous: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    generation: int = 0

    @property
    def stack_name(self) -> str:
        return self.stack_id.split("/")[1]

    def name(self, *, limit: int = 255, lower: bool = False) -> str:
        """A generated physical name."""
        return names.physical_name(self.stack_id, self.logical_id, self.generation, limit=limit, lower=lower)

    def token(self, purpose: str, *, length: int = 12) -> str:
        return names.token(self.stack_id, self.logical_id, str(self.generation), purpose, length=length)

    def changed(self, *names_: str) -> bool:
        """Whether any of these properties differs from what the resource has."""
        return any(self.properties.get(name) != self.previous.get(name) for name in names_)

    def arn(
        self, service: str, resource: str, *, region: str | None = None, account: str | None = None
    ) -> str:
        where = self.place.region if region is None else region
        owner = self.place.account if account is None else account
        return f"arn:{self.place.partition}:{service}:{where}:{owner}:{resource}"

    def tags(self) -> list[dict[str, str]]:
        """The tags among the properties, as Key and Value."""
        return tag_list(self.properties.get(self.kind.tag_property or "Tags"))


@dataclass(frozen=True)
class Made:
    """What exists after an operation: what Ref gives, and what Fn::GetAtt gives."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """How resources of a type are made. What goes wrong is raised as ClientError or ResourceError."""

    simulated: bool

    def create(self, request: Request) -> Made: ...

    def update(self, request: Request) -> Made: ...

    def delete(self, request: Request) -> None: ...


class ResourceError(Exception):
    """A resource that cannot be made as asked; `code` is a HandlerErrorCode of CloudFormation.

    `physical_id`: of what may have come into being all the same, and is to be deleted.
    """

    def __init__(self, message: str, code: str = "InvalidRequest", *, physical_id: str = "") -> None:
        self.message = message
        self.code = code
        self.physical_id = physical_id
        super().__init__(message)


def tag_list(tags: Any) -> list[dict[str, str]]:
    """Tags as a list of Key and Value, from a list or a map."""
    if isinstance(tags, Mapping):
        return [{"Key": str(key), "Value": str(value)} for key, value in tags.items()]
    if isinstance(tags, list):
        return [
            {"Key": str(tag.get("Key", tag.get("key"))), "Value": str(tag.get("Value", tag.get("value", "")))}
            for tag in tags
            if isinstance(tag, Mapping)
        ]
    return []
