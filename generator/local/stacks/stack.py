"""What is kept of a stack: its resources, events, change sets and itself. Plain values; `store.py` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Resource:
    """A resource of a stack as it was last made.

    `definition` is its part of the template with the conditions decided, `properties` the same evaluated and with
    the stack's tags; `needs` are the logical ids it was made after. `simulated`: no service holds it.
    """

    logical_id: str
    type: str
    status: str
    updated: float
    physical_id: str = ""
    reason: str = ""
    definition: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    simulated: bool = False
    generation: int = 0


@dataclass(frozen=True)
class Output:
    """An output as its stack gives it."""

    key: str
    value: str
    description: str = ""
    export: str = ""


@dataclass(frozen=True)
class Value:
    """A parameter's value in a stack; `shown` is what an answer may say of it."""

    given: str
    shown: str
    resolved: str | None = None


@dataclass(frozen=True)
class Stack:
    """A stack; times are seconds since the epoch."""

    id: str
    name: str
    account: str
    region: str
    status: str
    created: float
    reason: str = ""
    updated: float | None = None
    deleted: float | None = None
    description: str = ""
    template: str = ""
    processed: str = ""
    parameters: dict[str, Value] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    capabilities: tuple[str, ...] = ()
    notifications: tuple[str, ...] = ()
    role: str = ""
    disable_rollback: bool = False
    protected: bool = False
    timeout_minutes: int | None = None
    parent: str = ""
    root: str = ""
    change_set: str = ""
    client_token: str = ""


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    time: float
    reason: str = ""
    properties: str = ""
    client_token: str = ""


@dataclass(frozen=True)
class ChangeSet:
    """A change set: the request that made it, and what executing it would change."""

    id: str
    name: str
    stack_id: str
    kind: str
    status: str
    execution: str
    created: float
    reason: str = ""
    description: str = ""
    template: str = ""
    processed: str = ""
    parameters: dict[str, Value] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    notifications: tuple[str, ...] = ()
    role: str = ""
    changes: tuple[dict[str, Any], ...] = ()
    on_failure: str = ""
    client_token: str = ""
    import_existing: bool = False


def masked(value: Any, stack: Stack | ChangeSet) -> Any:
    """A value as an answer may show it: what came from NoEcho parameters is starred out."""
    secrets = {
        entry.given for entry in stack.parameters.values() if entry.shown != entry.given and entry.given
    }
    return _masked(value, secrets) if secrets else value


def _masked(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, str):
        if value in secrets:
            return "****"
        # Shorter ones would star out half of every text, and are no secrets.
        for secret in (secret for secret in secrets if len(secret) >= 6):
            value = value.replace(secret, "****")
        return value
    if isinstance(value, Mapping):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item, secrets) for item in value]
    return value
