"""Stacks in the local AWS's state: rows in and out, inside the transaction of the call.

It decides nothing; a stack's name is unique among stacks that were not deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from generator.local.transaction import Tx

from .stack import ChangeSet, Event, Output, Resource, Stack, Value


def _dump(value: Stack | Resource | Event | ChangeSet) -> str:
    return json.dumps(asdict(value), separators=(",", ":"), ensure_ascii=False)


def _stack(content: str) -> Stack:
    fields: dict[str, Any] = json.loads(content)
    fields["parameters"] = {name: Value(**value) for name, value in fields["parameters"].items()}
    fields["outputs"] = tuple(Output(**output) for output in fields["outputs"])
    for name in ("capabilities", "notifications"):
        fields[name] = tuple(fields[name])
    return Stack(**fields)


def _resource(content: str) -> Resource:
    fields: dict[str, Any] = json.loads(content)
    fields["needs"] = tuple(fields["needs"])
    return Resource(**fields)


def _change_set(content: str) -> ChangeSet:
    fields: dict[str, Any] = json.loads(content)
    fields["parameters"] = {name: Value(**value) for name, value in fields["parameters"].items()}
    for name in ("capabilities", "notifications", "changes"):
        fields[name] = tuple(fields[name])
    return ChangeSet(**fields)


class Store:
    """The rows of one account and region."""

    def __init__(self, tx: Tx, account: str, region: str) -> None:
        self.tx = tx
        self.account = account
        self.region = region

    def stack(self, name_or_id: str) -> Stack | None:
        """A stack by id, deleted ones included, or a living one by name."""
        if name_or_id.startswith("arn:"):
            found = self.tx.value(
                "SELECT content FROM cfn_stack WHERE id = ? AND account = ? AND region = ?",
                name_or_id,
                self.account,
                self.region,
            )
        else:
            found = self.tx.value(
                "SELECT content FROM cfn_stack WHERE account = ? AND region = ? AND name = ? AND live = 1",
                self.account,
                self.region,
                name_or_id,
            )
        return None if found is None else _stack(found)

    def stacks(self, *, live: bool) -> list[Stack]:
        """All stacks, newest first; with `live` without deleted ones."""
        rows = self.tx.all(
            "SELECT content FROM cfn_stack WHERE account = ? AND region = ? AND live >= ? ORDER BY created DESC, id",
            self.account,
            self.region,
            int(live),
        )
        return [_stack(row[0]) for row in rows]

    def ever(self, name: str) -> int:
        """How many stacks of a name there have been."""
        count: int = self.tx.value(
            "SELECT count(*) FROM cfn_stack WHERE account = ? AND region = ? AND name = ?",
            self.account,
            self.region,
            name,
        )
        return count

    def put_stack(self, stack: Stack) -> None:
        self.tx.execute(
            "INSERT OR REPLACE INTO cfn_stack VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            stack.id,
            stack.account,
            stack.region,
            stack.name,
            stack.status,
            int(stack.deleted is None),
            stack.created,
            _dump(stack),
        )

    def resources(self, stack_id: str) -> dict[str, Resource]:
        """The resources of a stack, in the order in which they were made."""
        rows = self.tx.all("SELECT content FROM cfn_resource WHERE stack = ? ORDER BY position", stack_id)
        found = [_resource(row[0]) for row in rows]
        return {resource.logical_id: resource for resource in found}

    def put_resource(self, stack_id: str, resource: Resource) -> None:
        position = self.tx.value(
            "SELECT position FROM cfn_resource WHERE stack = ? AND logical_id = ?",
            stack_id,
            resource.logical_id,
        )
        if position is None:
            position = self.tx.value(
                "SELECT coalesce(max(position), 0) + 1 FROM cfn_resource WHERE stack = ?", stack_id
            )
        self.tx.execute(
            "INSERT OR REPLACE INTO cfn_resource VALUES (?, ?, ?, ?, ?)",
            stack_id,
            resource.logical_id,
            position,
            resource.physical_id,
            _dump(resource),
        )

    def forget_resource(self, stack_id: str, logical_id: str) -> None:
        self.tx.execute("DELETE FROM cfn_resource WHERE stack = ? AND logical_id = ?", stack_id, logical_id)

    def stack_of(self, physical_id: str) -> str | None:
        """The id of the living stack that made a physical resource."""
        found: str | None = self.tx.value(
            "SELECT s.id FROM cfn_resource r JOIN cfn_stack s ON s.id = r.stack "
            "WHERE r.physical_id = ? AND s.account = ? AND s.region = ? ORDER BY s.live DESC LIMIT 1",
            physical_id,
            self.account,
            self.region,
        )
        return found

    def events(self, stack_id: str) -> list[Event]:
        """The history of a stack, newest first."""
        rows = self.tx.all("SELECT content FROM cfn_event WHERE stack = ? ORDER BY seq DESC", stack_id)
        return [Event(**json.loads(row[0])) for row in rows]

    def put_event(self, stack_id: str, event: Event) -> None:
        self.tx.insert("cfn_event", {"stack": stack_id, "content": _dump(event)})

    def count_events(self, stack_id: str) -> int:
        count: int = self.tx.value("SELECT count(*) FROM cfn_event WHERE stack = ?", stack_id)
        return count

    def change_sets(self, stack_id: str) -> list[ChangeSet]:
        rows = self.tx.all(
            "SELECT content FROM cfn_change_set WHERE stack = ? ORDER BY created, id", stack_id
        )
        return [_change_set(row[0]) for row in rows]

    def change_set(self, change_set_id: str) -> ChangeSet | None:
        found = self.tx.value("SELECT content FROM cfn_change_set WHERE id = ?", change_set_id)
        return None if found is None else _change_set(found)

    def put_change_set(self, change_set: ChangeSet) -> None:
        self.tx.execute(
            "INSERT OR REPLACE INTO cfn_change_set VALUES (?, ?, ?, ?, ?)",
            change_set.id,
            change_set.stack_id,
            change_set.name,
            change_set.created,
            _dump(change_set),
        )

    def forget_change_set(self, change_set_id: str) -> None:
        self.tx.execute("DELETE FROM cfn_change_set WHERE id = ?", change_set_id)

    def exports(self) -> list[tuple[str, str, str]]:
        """Name, value and stack id of every export, by name."""
        rows = self.tx.all(
            "SELECT name, value, stack FROM cfn_export WHERE account = ? AND region = ? ORDER BY name",
            self.account,
            self.region,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def export(self, name: str) -> tuple[str, str] | None:
        """Value and stack id of an export."""
        row = self.tx.one(
            "SELECT value, stack FROM cfn_export WHERE account = ? AND region = ? AND name = ?",
            self.account,
            self.region,
            name,
        )
        return None if row is None else (row[0], row[1])

    def set_exports(self, stack_id: str, exports: Iterable[tuple[str, str]]) -> None:
        """The exports of a stack, in place of those it had."""
        self.tx.execute("DELETE FROM cfn_export WHERE stack = ?", stack_id)
        for name, value in exports:
            self.tx.execute(
                "INSERT INTO cfn_export VALUES (?, ?, ?, ?, ?)",
                self.account,
                self.region,
                name,
                value,
                stack_id,
            )

    def importers(self, name: str) -> list[str]:
        """The names of the stacks that import an export."""
        rows = self.tx.all(
            "SELECT s.name FROM cfn_import i JOIN cfn_stack s ON s.id = i.stack "
            "WHERE i.account = ? AND i.region = ? AND i.name = ? ORDER BY s.name",
            self.account,
            self.region,
            name,
        )
        return [row[0] for row in rows]

    def set_imports(self, stack_id: str, names: Iterable[str]) -> None:
        """The exports that a stack uses, in place of those it used."""
        self.tx.execute("DELETE FROM cfn_import WHERE stack = ?", stack_id)
        for name in sorted(set(names)):
            self.tx.execute(
                "INSERT INTO cfn_import VALUES (?, ?, ?, ?)", self.account, self.region, name, stack_id
            )
