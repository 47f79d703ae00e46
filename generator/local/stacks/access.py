"""The one place where a stack asks whether its identity may do what it is about to do.

Owns the question and the answer's shapes. Who decides is given to the engine; `authoriser` chooses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from generator.local.service import Call, Identity

Verb = Literal["create", "read", "update", "delete"]


@dataclass(frozen=True)
class Access:
    """One operation on one resource, before it happens.

    `properties` are complete (generated name and stack tags are in them); `previous` are those it has now;
    `physical_id` is empty for a creation. `identity` is whom the stack acts as.
    """

    verb: Verb
    type: str
    properties: Mapping[str, Any]
    identity: Identity
    region: str
    stack_id: str
    logical_id: str
    previous: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""


class Denied(Exception):
    """The identity may not; CloudFormation fails the resource with this sentence."""

    def __init__(self, principal: str, action: str, resource: str, because: str) -> None:
        self.action = action
        self.resource = resource
        self.message = f"User: {principal} is not authorized to perform: {action} on resource: {resource} {because}".rstrip()
        super().__init__(self.message)


Authorise = Callable[[Access], None]


def authoriser(call: Call, identity: Identity) -> Authorise:
    """Who decides for a stack operation of this call under this identity."""
    from generator.local.enforcement import Guard

    return Guard(call, identity)
