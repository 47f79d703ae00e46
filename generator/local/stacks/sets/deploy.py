"""An operation on the instances of a stack set: one after the other, region by region, within the failures allowed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.local.service import Call, Identity, ServiceError
from generator.local.steps import works_on

from .. import names
from ..operation import Operations
from ..stack import Stack
from ..wanted import Wanted
from .reach import Unreachable, identity_in
from .store import Instance, Operation, Result, SetStore, StackSet


class NotDone(Exception):
    """An instance whose stack did not become what was asked, with the reason."""


@dataclass(frozen=True)
class Task:
    """What is to be done to one instance; `leave` removes it."""

    instance: Instance
    leave: bool = False
    retain: bool = False


def carry_out(call: Call, stack_set: StackSet, operation: Operation, tasks: Sequence[Task]) -> Operation:
    """Do all of an operation; how it went is in the instances and in the operation."""
    store = SetStore(call.tx, stack_set.account, stack_set.region)
    works_on(call.tx, f"stackset {operation.id} {stack_set.id}")
    store.put_operation(operation)
    call.acknowledge({"OperationId": operation.id})
    results: list[Result] = []
    failed = False
    for region in _regions(operation.preferences, tasks):
        here = [task for task in tasks if task.instance.region == region]
        allowed, failures = _tolerance(operation.preferences, len(here)), 0
        for task in here:
            if failed or failures > allowed:
                results.append(
                    _result(task.instance, "CANCELLED", "Cancelled since failure tolerance has exceeded")
                )
                if not task.leave:
                    cancelled = replace(task.instance, detailed="CANCELLED", operation=operation.id)
                    store.put_instance(stack_set.id, cancelled)
                continue
            result = _one(call, store, stack_set, operation, task)
            failures += result.status == "FAILED"
            results.append(result)
        failed = failed or failures > allowed
    ended = replace(
        operation, status="FAILED" if failed else "SUCCEEDED", ended=time.time(), results=tuple(results)
    )
    store.put_operation(ended)
    return ended


def _regions(preferences: Mapping[str, Any], tasks: Sequence[Task]) -> list[str]:
    used = sorted({task.instance.region for task in tasks})
    first = [region for region in preferences.get("RegionOrder", []) if region in used]
    return [*first, *(region for region in used if region not in first)]


def _tolerance(preferences: Mapping[str, Any], accounts: int) -> int:
    """How many of a region's accounts may fail."""
    if "FailureTolerancePercentage" in preferences:
        return accounts * int(preferences["FailureTolerancePercentage"]) // 100
    return int(preferences.get("FailureToleranceCount", 0))


def _result(instance: Instance, status: str, reason: str = "") -> Result:
    return Result(instance.account, instance.region, status, reason, instance.unit)


def _one(call: Call, store: SetStore, stack_set: StackSet, operation: Operation, task: Task) -> Result:
    instance = replace(task.instance, operation=operation.id, detailed="RUNNING", reason="")
    store.put_instance(stack_set.id, instance)
    try:
        # Who leaves and has no stack, or leaves it behind, is let go without a look at the account.
        nothing = task.retain or (task.leave and not instance.stack)
        identity = None if nothing else identity_in(call, stack_set, instance.account)
        if task.leave:
            if identity is not None:
                _delete(call, identity, instance)
            store.forget_instance(stack_set.id, instance)
            return _result(instance, "SUCCEEDED")
        assert identity is not None  # only what leaves is retained
        stack = _bring(call, identity, stack_set, instance)
    except (Unreachable, NotDone, ServiceError) as error:
        reason = error.message if isinstance(error, ServiceError) else str(error)
        left = _stack_of(call, instance, stack_set)
        status = "INOPERABLE" if task.leave else "OUTDATED"
        store.put_instance(
            stack_set.id, replace(instance, status=status, detailed="FAILED", reason=reason, stack=left)
        )
        return _result(instance, "FAILED", reason)
    store.put_instance(
        stack_set.id, replace(instance, status="CURRENT", detailed="SUCCEEDED", stack=stack.id)
    )
    return _result(instance, "SUCCEEDED")


def _stack_of(call: Call, instance: Instance, stack_set: StackSet) -> str:
    """The id of the stack that an instance has, failed or not."""
    if instance.stack:
        return instance.stack
    found = call.tx.value(
        "SELECT id FROM cfn_stack WHERE account = ? AND region = ? AND name = ? AND live = 1",
        instance.account,
        instance.region,
        _stack_name(stack_set, instance),
    )
    return str(found or "")


def _stack_name(stack_set: StackSet, instance: Instance) -> str:
    unique = names.unique(stack_set.id, instance.account, instance.region)
    return f"StackSet-{stack_set.name[:80]}-{unique}"


def _operations(call: Call, identity: Identity, region: str) -> Operations:
    return Operations(replace(call, service="cloudformation", identity=identity, region=region))


def _bring(call: Call, identity: Identity, stack_set: StackSet, instance: Instance) -> Stack:
    """The stack of an instance, made or changed; raises NotDone where it is not as asked."""
    operations = _operations(call, identity, instance.region)
    given = {name: value.given for name, value in stack_set.parameters.items()} | instance.overrides
    wanted = Wanted(
        template=stack_set.template,
        parameters=given,
        tags=stack_set.tags,
        capabilities=stack_set.capabilities,
    )
    current = operations.store.stack(instance.stack) if instance.stack else None
    if current is not None and current.status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
        operations.delete(current, retained=[], role="", token="")
        current = None
    if current is None or current.deleted is not None:
        name = _stack_name(stack_set, instance)
        blank = Stack(
            id=operations.new_id(name),
            name=name,
            account=instance.account,
            region=instance.region,
            status="CREATE_IN_PROGRESS",
            created=time.time(),
        )
        operations.create(operations.prepare(blank, wanted, previous=None), on_failure="ROLLBACK", token="")
        return _ended(operations, blank.id, "CREATE_COMPLETE")
    plan = operations.prepare(current, wanted, previous=current)
    if operations.unchanged(plan, current, operations.changes(plan, current)):
        return current
    operations.update(plan, current, token="")
    return _ended(operations, current.id, "UPDATE_COMPLETE")


def _delete(call: Call, identity: Identity, instance: Instance) -> None:
    operations = _operations(call, identity, instance.region)
    current = operations.store.stack(instance.stack) if instance.stack else None
    if current is not None and current.deleted is None:
        operations.delete(current, retained=[], role="", token="")
        _ended(operations, current.id, "DELETE_COMPLETE")


def _ended(operations: Operations, ident: str, wanted: str) -> Stack:
    found = operations.store.stack(ident)
    if found is not None and found.status == wanted:
        return found
    events = operations.store.events(ident)[::-1]
    first = next((each for each in reversed(events) if each.status.endswith("_FAILED") and each.reason), None)
    status = found.status if found else "gone"
    why = (
        f"ResourceLogicalId:{first.logical_id}, ResourceType:{first.type}, ResourceStatusReason:{first.reason}"
        if first
        else ""
    )
    raise NotDone(f"{why or 'The stack ended so'}. Stack status: {status}.")
