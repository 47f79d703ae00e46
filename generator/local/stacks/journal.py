"""A stack while it is worked on: its statuses, resources and events, written as they come about.

Owns the order in which a stack's history is told. What happens and why is the engine's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import names
from .stack import Event, Resource, Stack, masked
from .store import Store

STACK_TYPE = "AWS::CloudFormation::Stack"


class Journal:
    """The record of one stack."""

    def __init__(
        self,
        store: Store,
        stack: Stack,
        clock: Callable[[], float],
        announce: Callable[[Event], None],
        client_token: str = "",
    ) -> None:
        self.store = store
        self.stack = stack
        self.resources = store.resources(stack.id)
        self.clock = clock
        self.client_token = client_token
        self._announce = announce
        self._count = store.count_events(stack.id)

    def status(self, status: str, reason: str = "", **fields: Any) -> None:
        """The stack enters a status."""
        self.stack = replace(self.stack, status=status, reason=reason, **fields)
        self.store.put_stack(self.stack)
        self._event(self.stack.name, self.stack.id, STACK_TYPE, status, reason)

    def keep(self, **fields: Any) -> None:
        """Facts of the stack change without an event."""
        self.stack = replace(self.stack, **fields)
        self.store.put_stack(self.stack)

    def resource(self, resource: Resource, status: str, reason: str = "") -> Resource:
        """A resource enters a status; the record is kept."""
        entered = replace(resource, status=status, reason=reason, updated=self.clock())
        self.put(entered)
        self.tell(entered, status, reason)
        return entered

    def tell(self, resource: Resource, status: str, reason: str = "") -> None:
        """An event about a resource whose record stays as it is."""
        self._event(
            resource.logical_id,
            resource.physical_id,
            resource.type,
            status,
            reason,
            json.dumps(masked(resource.properties, self.stack), separators=(",", ":"))
            if status.endswith(("PROGRESS", "FAILED"))
            else "",
        )

    def put(self, resource: Resource) -> None:
        self.resources[resource.logical_id] = resource
        self.store.put_resource(self.stack.id, resource)

    def forget(self, logical_id: str) -> None:
        self.resources.pop(logical_id, None)
        self.store.forget_resource(self.stack.id, logical_id)

    def _event(
        self, logical_id: str, physical_id: str, kind: str, status: str, reason: str, properties: str = ""
    ) -> None:
        self._count += 1
        unique = names.unique(self.stack.id, "event", str(self._count))
        event = Event(
            id=unique
            if kind == STACK_TYPE and physical_id == self.stack.id
            else f"{logical_id}-{status}-{unique}",
            logical_id=logical_id,
            physical_id=physical_id,
            type=kind,
            status=status,
            time=self.clock(),
            reason=reason,
            properties=properties,
            client_token=self.client_token,
        )
        self.store.put_event(self.stack.id, event)
        self._announce(event)
