"""The stack behind a provisioned product: prepared, made, changed and deleted under the identity of its launch.

Owns what Service Catalog adds to CloudFormation: the copy of the template, the rules and topics of constraints, tags of
its own, and the permissions that the launch role needs for the stack itself.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.local import iam
from generator.local.enforcement import Guard
from generator.local.iam.permissions import StackOperation, stack_needed
from generator.local.service import Call, Identity, ServiceError
from generator.local.servicecatalog import access, templates
from generator.local.servicecatalog.launch_paths import Path
from generator.local.stacks import document
from generator.local.stacks.access import Denied
from generator.local.stacks.account import parsed
from generator.local.stacks.changes import Change
from generator.local.stacks.journal import STACK_TYPE
from generator.local.stacks.operation import Operations
from generator.local.stacks.stack import Event, Stack
from generator.local.stacks.wanted import Wanted

if TYPE_CHECKING:
    from generator.local.stacks.operation import _Plan as StackPlan

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_NESTED = re.compile(r"arn:[\w-]+:cloudformation:[\w-]+:\d{12}:stack/[\w/-]+")
_DENIED = re.compile(r"is not authorized to perform: (\S+) on resource: (\S+)")
GONE = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")


class LaunchFailed(Exception):
    """A stack operation that did not do what was asked; the text is what the record says."""


@dataclass(frozen=True)
class Filled:
    """A version with the values of a launch."""

    version: access.Row
    path: Path
    parameters: Mapping[str, str]
    kept: frozenset[str]
    tags: Mapping[str, str]
    notifications: Sequence[str] = ()


class LaunchStack:
    """The stack operations of one request, under one identity."""

    def __init__(self, call: Call, identity: Identity) -> None:
        self._origin = call
        self._guard = Guard(call, identity)
        self._call = replace(call, service="cloudformation", identity=identity)
        self._operations = Operations(self._call, decide=lambda *_: self._guard)

    def existing(self, stack: str) -> Stack | None:
        """A stack that still is one."""
        found = self._operations.store.stack(stack) if stack else None
        return None if found is None or found.status in GONE else found

    def blank(self, name: str) -> Stack:
        """A stack that is not there yet."""
        return Stack(
            id=self._operations.new_id(name),
            name=name,
            account=self._call.account,
            region=self._call.region,
            status="CREATE_IN_PROGRESS",
            created=time.time(),
        )

    def prepare(self, stack: Stack, filled: Filled, *, update: bool) -> StackPlan:
        """All that can be refused before anything happens; raises ServiceError with CloudFormation's words."""
        text = templates.stored(self._origin, filled.version["template_key"]).decode()
        rules, topics = _governed(self._origin, filled.path)
        wanted = Wanted(
            template=_with_rules(text, rules),
            parameters=filled.parameters,
            kept=filled.kept & stack.parameters.keys(),
            tags=filled.tags,
            capabilities=CAPABILITIES,
            notifications=tuple(dict.fromkeys([*topics, *filled.notifications])),
        )
        return self._operations.prepare(stack, wanted, previous=stack if update else None)

    def create(self, plan: StackPlan, filled: Filled) -> Stack:
        """Make the stack; raises LaunchFailed, with what is left of it rolled back."""
        stack = plan.stack
        self._allow("create", stack, plan, filled)
        self._operations.create(plan, on_failure="ROLLBACK", token="")
        return self._finished(stack, "CREATE_COMPLETE", 0)

    def update(self, plan: StackPlan, current: Stack, filled: Filled) -> Stack:
        """Change the stack; raises LaunchFailed when it went back to what it was."""
        self._allow("update", current, plan, filled)
        if self._operations.unchanged(plan, current, self.changes(plan, current)):
            return current  # another version of the product may have the same template
        told = self._operations.store.count_events(current.id)
        self._operations.update(plan, current, token="")
        return self._finished(current, "UPDATE_COMPLETE", told)

    def changes(self, plan: StackPlan, current: Stack) -> list[Change]:
        return self._operations.changes(plan, current)

    def allow_plan(self, plan: StackPlan, filled: Filled) -> None:
        """Raises LaunchFailed where a change set may not be made."""
        self._allow("plan", plan.stack, plan, filled)

    def delete(self, stack: Stack) -> None:
        """Delete the stack; raises LaunchFailed when something of it is still there."""
        self._allow("delete", stack, None, None)
        told = self._operations.store.count_events(stack.id)
        self._operations.delete(stack, retained=[], role="", token="")
        self._finished(stack, "DELETE_COMPLETE", told)

    def _allow(
        self, operation: StackOperation, stack: Stack, plan: StackPlan | None, filled: Filled | None
    ) -> None:
        more: dict[str, Any] = {}
        if plan is not None and filled is not None:
            source = parsed(plan.stack.template)
            key = filled.version["template_key"]
            more = {
                "tags": filled.tags,
                "template": f"arn:{self._call.partition}:s3:::{templates.bucket(self._call.region)}/{key}",
                "transforms": [n for n in document.transforms(source) if n.startswith("AWS::")],
                "parameters": [a.given for a in plan.prepared.arguments.values() if a.parameter.stored_type],
            }
        needs = stack_needed(
            operation,
            account=self._call.account,
            region=self._call.region,
            stack=stack.id,
            partition=self._call.partition,
            **more,
        )
        try:
            self._guard.require(needs)
        except Denied as denied:
            raise LaunchFailed(f"{denied.message}. {self._guard.advice}") from denied

    def _finished(self, stack: Stack, wanted: str, told: int) -> Stack:
        found = self._operations.store.stack(stack.id)
        if found is None:
            raise LaunchFailed(f"The stack {stack.name} is gone.")
        if found.status == wanted:
            return found
        events = self._operations.store.events(stack.id)[::-1][told:]
        raise LaunchFailed(self._reason(found, events))

    def _reason(self, stack: Stack, events: Sequence[Event]) -> str:
        """Why the stack did not come to be: its first failure, and what would have allowed it."""
        first = next((e for e in events if e.status.endswith("_FAILED") and e.reason), None)
        if first is None:
            return f"The stack ended as {stack.status}. {stack.reason}".rstrip()
        reason = f"{first.logical_id} ({first.type}): {first.reason}"
        nested = _NESTED.search(first.reason) if first.type == STACK_TYPE else None
        inner = self._operations.store.stack(nested[0]) if nested else None
        if inner is not None:
            events = self._operations.store.events(inner.id)[::-1]
            return f"{reason} {self._reason(inner, events)}"
        denied = _DENIED.search(first.reason)
        if denied is None:
            return reason
        # A nested stack asks for itself, and keeps its advice.
        own = f"Add to the identity-based policy: {json.dumps(iam.remedy(denied[1], denied[2]))}"
        return f"{reason} {self._guard.advice or own}"


def _governed(call: Call, path: Path) -> tuple[dict[str, Any], list[str]]:
    """The rules of TEMPLATE constraints and the topics of NOTIFICATION constraints on a path."""
    rows = call.tx.all(
        "SELECT id, type, parameters FROM sc_constraint WHERE portfolio=? AND product=? ORDER BY seq",
        path.portfolio,
        path.product,
    )
    rules: dict[str, Any] = {}
    topics: list[str] = []
    for row in rows:
        parameters = json.loads(row["parameters"])
        if row["type"] == "TEMPLATE":
            for name, rule in parameters["Rules"].items():
                # Two constraints may call different rules the same.
                rules[name if name not in rules else name + row["id"].removeprefix("cons-")] = rule
        elif row["type"] == "NOTIFICATION":
            topics += parameters["NotificationArns"]
    return rules, topics


def _with_rules(text: str, rules: Mapping[str, Any]) -> str:
    """The template under the rules of its constraints, beside those of its own; byte for byte where there are none."""
    if not rules:
        return text
    template = parsed(text)
    own = template.get("Rules", {})
    added = {f"{name}Constraint" if name in own else name: rule for name, rule in rules.items()}
    return json.dumps({**template, "Rules": {**own, **added}})


def refused(error: ServiceError) -> ServiceError:
    """What CloudFormation does not accept, as Service Catalog answers it."""
    return ServiceError("InvalidParametersException", error.message)
