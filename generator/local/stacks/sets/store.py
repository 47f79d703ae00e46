"""Stack sets, their instances and operations as values and as rows. It decides nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from generator.local.transaction import Tx

from ..stack import Value


@dataclass(frozen=True)
class StackSet:
    """A stack set; `model` is SELF_MANAGED or SERVICE_MANAGED."""

    id: str
    name: str
    account: str
    region: str
    template: str
    model: str
    live: bool = True
    description: str = ""
    parameters: dict[str, Value] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    administration_role: str = ""
    execution_role: str = ""
    automatic: dict[str, bool] = field(default_factory=dict)
    managed: dict[str, bool] = field(default_factory=dict)
    token: str = ""


@dataclass(frozen=True)
class Instance:
    """A stack instance: where it is, its stack, and how the last operation on it went."""

    account: str
    region: str
    stack: str = ""
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    operation: str = ""


@dataclass(frozen=True)
class Result:
    """What an operation did to one instance."""

    account: str
    region: str
    status: str
    reason: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Operation:
    id: str
    stack_set: str
    action: str
    status: str
    created: float
    ended: float | None = None
    reason: str = ""
    preferences: dict[str, Any] = field(default_factory=dict)
    targets: dict[str, Any] = field(default_factory=dict)
    retain: bool | None = None
    results: tuple[Result, ...] = ()


class SetStore:
    """The rows of the stack sets that one account administers in one region."""

    def __init__(self, tx: Tx, account: str, region: str) -> None:
        self.tx = tx
        self.account = account
        self.region = region

    def find(self, name_or_id: str) -> StackSet | None:
        """A living stack set by name, or by id."""
        text = self.tx.value(
            "SELECT content FROM cfn_set WHERE account = ? AND region = ? AND (name = ? OR id = ?)"
            " ORDER BY live DESC LIMIT 1",
            self.account,
            self.region,
            name_or_id,
            name_or_id,
        )
        found = None if text is None else _stack_set(text)
        return found if found is not None and (found.live or found.id == name_or_id) else None

    def every(self) -> list[StackSet]:
        rows = self.tx.all(
            "SELECT content FROM cfn_set WHERE account = ? AND region = ? ORDER BY name, id",
            self.account,
            self.region,
        )
        return [_stack_set(row[0]) for row in rows]

    def put(self, found: StackSet) -> None:
        self.tx.execute(
            "INSERT OR REPLACE INTO cfn_set VALUES (?, ?, ?, ?, ?, ?)",
            found.id,
            found.account,
            found.region,
            found.name,
            int(found.live),
            json.dumps(asdict(found)),
        )

    def instances(self, stack_set: str) -> list[Instance]:
        rows = self.tx.all(
            "SELECT content FROM cfn_set_instance WHERE stack_set = ? ORDER BY account, region", stack_set
        )
        return [Instance(**json.loads(row[0])) for row in rows]

    def put_instance(self, stack_set: str, found: Instance) -> None:
        self.tx.execute(
            "INSERT OR REPLACE INTO cfn_set_instance VALUES (?, ?, ?, ?)",
            stack_set,
            found.account,
            found.region,
            json.dumps(asdict(found)),
        )

    def forget_instance(self, stack_set: str, found: Instance) -> None:
        self.tx.execute(
            "DELETE FROM cfn_set_instance WHERE stack_set = ? AND account = ? AND region = ?",
            stack_set,
            found.account,
            found.region,
        )

    def operations(self, stack_set: str) -> list[Operation]:
        """The operations on a stack set, the newest first."""
        rows = self.tx.all(
            "SELECT content FROM cfn_set_operation WHERE stack_set = ? ORDER BY seq DESC", stack_set
        )
        return [_operation(row[0]) for row in rows]

    def put_operation(self, found: Operation) -> None:
        known = self.tx.execute(
            "UPDATE cfn_set_operation SET content = ? WHERE stack_set = ? AND id = ?",
            json.dumps(asdict(found)),
            found.stack_set,
            found.id,
        )
        if not known.rowcount:
            row = {"id": found.id, "stack_set": found.stack_set, "content": json.dumps(asdict(found))}
            self.tx.insert("cfn_set_operation", row)


def _stack_set(text: str) -> StackSet:
    fields: dict[str, Any] = json.loads(text)
    fields["parameters"] = {name: Value(**value) for name, value in fields["parameters"].items()}
    fields["capabilities"] = tuple(fields["capabilities"])
    return StackSet(**fields)


def _operation(text: str) -> Operation:
    fields: dict[str, Any] = json.loads(text)
    fields["results"] = tuple(Result(**result) for result in fields["results"])
    return Operation(**fields)


def fail(tx: Tx, subject: str, reason: str) -> None:
    """End an operation that was never finished; `subject` is `stackset <operation id> <stack set id>`."""
    _, ident, stack_set = subject.split(" ", 2)
    store = SetStore(tx, "", "")
    for operation in store.operations(stack_set):
        if operation.id == ident and operation.status == "RUNNING":
            store.put_operation(Operation(**{**vars(operation), "status": "FAILED", "reason": reason}))
