"""The operations on change sets: what a change set would do is found at its creation and shown as CloudFormation does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from generator.local.service import Call, ServiceError

from . import answers, names
from .api import SERVICE, Answer, check_name, page
from .changes import Change, Detail
from .fault import invalid
from .operation import UPDATABLE, Operations
from .stack import ChangeSet, Stack, masked
from .wanted import Wanted, asked

_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
NOTHING: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


def named(operations: Operations, name: str, stack_name: str) -> ChangeSet:
    """A change set by its id, or by its name and its stack's."""
    if name.startswith("arn:"):
        found = operations.store.change_set(name)
    else:
        if not stack_name:
            raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack = operations.store.stack(stack_name)
        if stack is None:
            raise ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
        found = next((each for each in operations.store.change_sets(stack.id) if each.name == name), None)
    if found is None:
        raise ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
    return found


@SERVICE.operation("CreateChangeSet")
def create_change_set(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    name, stack_name = params["ChangeSetName"], params["StackName"]
    kind = params.get("ChangeSetType", "UPDATE")
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    if kind == "IMPORT":
        raise invalid("The local AWS does not import existing resources into a stack.")
    stack = _of_change_set(operations, stack_name, kind)
    if any(each.name == name for each in operations.store.change_sets(stack.id)):
        raise ServiceError(
            "AlreadyExistsException", f"ChangeSet {name} cannot be created as it already exists"
        )
    wanted = replace(
        asked(call, operations.store, params, stack if kind == "UPDATE" else None),
        token=params.get("ClientToken", ""),
    )
    plan = operations.prepare(stack, wanted, previous=stack if kind == "UPDATE" else None, macros=False)
    found = operations.changes(plan, stack)
    empty = kind == "UPDATE" and operations.unchanged(plan, stack, found)
    if stack.status == "REVIEW_IN_PROGRESS":
        operations.store.put_stack(stack)
    unique = names.unique(
        stack.id, "change set", name, str(len(operations.store.change_sets(stack.id))), call.request_id
    )
    change_set = ChangeSet(
        id=call.arn(f"changeSet/{name}/{unique}"),
        name=name,
        stack_id=stack.id,
        kind=kind,
        status="FAILED" if empty else "CREATE_COMPLETE",
        execution="UNAVAILABLE" if empty else "AVAILABLE",
        reason=NOTHING if empty else "",
        created=time.time(),
        description=params.get("Description", ""),
        template=plan.stack.template,
        processed=plan.stack.processed,
        parameters=plan.stack.parameters,
        tags=plan.stack.tags,
        capabilities=plan.stack.capabilities,
        notifications=plan.stack.notifications,
        role=plan.stack.role,
        changes=tuple(_shown(_hidden(_hidden(change, stack), plan.stack)) for change in found),
        on_failure=params.get("OnStackFailure", ""),
        client_token=wanted.token,
    )
    operations.store.put_change_set(change_set)
    return {"Id": change_set.id, "StackId": stack.id}


def _of_change_set(operations: Operations, name: str, kind: str) -> Stack:
    """The stack that a change set is for; one that does not exist yet for CREATE."""
    found = operations.store.stack(name)
    if kind == "CREATE":
        if found is not None and found.status != "REVIEW_IN_PROGRESS":
            raise invalid(
                f"Stack [{found.name}] already exists and cannot be created again with the changeSet [CREATE]."
            )
        if found is not None:
            return found
        check_name(name)
        return Stack(
            id=operations.new_id(name),
            name=name,
            account=operations.call.account,
            region=operations.call.region,
            status="REVIEW_IN_PROGRESS",
            reason="User Initiated",
            created=time.time(),
        )
    stack = operations.existing(name)
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    return stack


@SERVICE.operation("DescribeChangeSet")
def describe_change_set(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    found = named(operations, params["ChangeSetName"], params.get("StackName", ""))
    stack = operations.existing(found.stack_id)
    answer = answers.change_set(found, stack, values=params.get("IncludePropertyValues", False))
    items, rest = page(answer["Changes"], params.get("NextToken"))
    return {**answer, "Changes": items, **rest}


@SERVICE.operation("ListChangeSets")
def list_change_sets(call: Call) -> Answer:
    operations = Operations(call)
    stack = operations.existing(call.params["StackName"])
    items, rest = page(operations.store.change_sets(stack.id), call.params.get("NextToken"))
    return {"Summaries": [answers.change_set_summary(each, stack) for each in items], **rest}


@SERVICE.operation("DeleteChangeSet")
def delete_change_set(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    try:
        found = named(operations, params["ChangeSetName"], params.get("StackName", ""))
    except ServiceError as error:
        if error.code == "ChangeSetNotFound":
            return {}  # as CloudFormation: what is not there is deleted
        raise
    operations.store.forget_change_set(found.id)
    return {}


@SERVICE.operation("ExecuteChangeSet")
def execute_change_set(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    found = named(operations, params["ChangeSetName"], params.get("StackName", ""))
    if found.execution != "AVAILABLE":
        raise ServiceError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{found.id}] cannot be executed in its current status of [{found.status}]",
        )
    stack = operations.existing(found.stack_id)
    token = params.get("ClientRequestToken", "")
    wanted = Wanted(
        template=found.template,
        parameters={name: value.given for name, value in found.parameters.items()},
        tags=found.tags,
        capabilities=found.capabilities,
        notifications=found.notifications,
        role=found.role,
        token=token,
    )
    plan = operations.prepare(stack, wanted, previous=None, macros=False)
    # What is executed or left over belongs to a stack that has moved on: all its change sets go.
    for each in operations.store.change_sets(stack.id):
        if each.id != found.id:
            operations.store.forget_change_set(each.id)
    # Told at once, since the operation may be seen before it is done.
    operations.store.put_change_set(replace(found, execution="EXECUTE_IN_PROGRESS"))
    call.acknowledge({})
    if found.kind == "CREATE":
        on_failure = found.on_failure or ("DO_NOTHING" if params.get("DisableRollback") else "ROLLBACK")
        operations.create(
            replace(plan, stack=replace(plan.stack, change_set=found.id)), on_failure=on_failure, token=token
        )
    else:
        operations.update(
            plan,
            replace(stack, change_set=found.id),
            token=token,
            rollback=not params.get("DisableRollback", False),
        )
    operations.store.put_change_set(replace(found, execution="EXECUTE_COMPLETE"))
    return {}


# What a change looks like in an answer


def _hidden(change: Change, stack: Stack) -> Change:
    """The change without what NoEcho parameters hold."""
    details = tuple(
        replace(
            detail,
            difference=replace(
                detail.difference,
                before=masked(detail.difference.before, stack),
                after=masked(detail.difference.after, stack),
            ),
        )
        for detail in change.details
    )
    return replace(
        change, details=details, before=masked(change.before, stack), after=masked(change.after, stack)
    )


def _shown(change: Change) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "Scope": list(change.scope),
        "Details": [_detail(detail) for detail in change.details],
    }
    if change.physical_id:
        entry["PhysicalResourceId"] = change.physical_id
    if change.replacement:
        entry["Replacement"] = change.replacement
    if change.policy:
        entry["PolicyAction"] = change.policy
    if change.before is not None:
        entry["BeforeContext"] = _context(change.before)
    if change.after is not None:
        entry["AfterContext"] = _context(change.after)
    return {"Type": "Resource", "ResourceChange": entry}


def _context(properties: Mapping[str, Any]) -> str:
    return json.dumps({"Properties": properties}, separators=(",", ":"))


def _detail(detail: Detail) -> dict[str, Any]:
    difference = detail.difference
    target: dict[str, Any] = {
        "Attribute": "Tags" if difference.property == "Tags" and detail.source == "Tags" else "Properties",
        "Name": difference.property,
        "RequiresRecreation": difference.recreation,
        "Path": "/Properties/" + difference.path.replace(".", "/"),
        "AttributeChangeType": (
            "Add" if difference.before is None else "Remove" if difference.after is None else "Modify"
        ),
    }
    if difference.before is not None:
        target["BeforeValue"] = _plain(difference.before)
    if difference.after is not None:
        target["AfterValue"] = _plain(difference.after)
    shown = {"Target": target, "Evaluation": detail.evaluation, "ChangeSource": detail.source}
    return {**shown, "CausingEntity": detail.cause} if detail.cause else shown


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
