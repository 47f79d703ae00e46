"""The operations on stacks, as the API has them: members of requests and answers."""

from __future__ import annotations

import time
from dataclasses import replace

from generator.local.service import Call, ServiceError

from . import answers
from .api import PAGE, SERVICE, Answer, check_name, page
from .fault import invalid
from .operation import UPDATABLE, Operations
from .stack import Stack
from .unfinished import in_progress
from .wanted import asked


@SERVICE.operation("CreateStack")
def create_stack(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    name = params["StackName"]
    check_name(name)
    wanted = asked(call, operations.store, params)
    existing = operations.store.stack(name)
    if existing is not None:
        if wanted.token and existing.client_token == wanted.token:
            return {"StackId": existing.id}  # the same request once more
        raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
    if "OnFailure" in params and "DisableRollback" in params:
        raise invalid("You cannot specify both OnFailure and DisableRollback")
    on_failure = params.get("OnFailure", "DO_NOTHING" if params.get("DisableRollback") else "ROLLBACK")
    stack = Stack(
        id=operations.new_id(name),
        name=name,
        account=call.account,
        region=call.region,
        status="CREATE_IN_PROGRESS",
        created=time.time(),
        disable_rollback=on_failure == "DO_NOTHING",
        protected=params.get("EnableTerminationProtection", False),
        timeout_minutes=params.get("TimeoutInMinutes"),
        client_token=wanted.token,
    )
    plan = operations.prepare(stack, wanted, previous=None)
    call.acknowledge({"StackId": stack.id})
    operations.create(plan, on_failure=on_failure, token=wanted.token)
    return {"StackId": stack.id}


@SERVICE.operation("UpdateStack")
def update_stack(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    stack = operations.existing(params["StackName"])
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    wanted = asked(call, operations.store, params, stack)
    plan = operations.prepare(stack, wanted, previous=stack)
    if operations.unchanged(plan, stack, operations.changes(plan, stack)):
        raise invalid("No updates are to be performed.")
    call.acknowledge({"StackId": stack.id})
    operations.update(plan, stack, token=wanted.token, rollback=not params.get("DisableRollback", False))
    return {"StackId": stack.id}


@SERVICE.operation("ContinueUpdateRollback")
def continue_update_rollback(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    stack = operations.existing(params["StackName"])
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not continue update rollback.")
    call.acknowledge({})
    operations.resume(
        stack,
        skipped=list(params.get("ResourcesToSkip", [])),
        role=params.get("RoleARN", ""),
        token=params.get("ClientRequestToken", ""),
    )
    return {}


@SERVICE.operation("DeleteStack")
def delete_stack(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    stack = operations.store.stack(params["StackName"])
    if stack is None or stack.deleted is not None:
        return {}  # deleting what is not there succeeds
    if stack.protected:
        raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if in_progress(stack):
        # CloudFormation would cancel a creation; here the operation has to end first.
        raise invalid(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
    retained = list(params.get("RetainResources", []))
    if retained and stack.status != "DELETE_FAILED":
        raise invalid(
            f"Invalid operation on stack [{stack.id}]. RetainResources can only be specified for a stack in DELETE_FAILED state"
        )
    call.acknowledge({})
    operations.delete(
        stack, retained=retained, role=params.get("RoleARN", ""), token=params.get("ClientRequestToken", "")
    )
    return {}


@SERVICE.operation("UpdateTerminationProtection")
def update_termination_protection(call: Call) -> Answer:
    operations = Operations(call)
    stack = operations.existing(call.params["StackName"])
    operations.store.put_stack(replace(stack, protected=call.params["EnableTerminationProtection"]))
    return {"StackId": stack.id}


@SERVICE.operation("DescribeStacks")
def describe_stacks(call: Call) -> Answer:
    operations, name = Operations(call), call.params.get("StackName")
    found = [operations.existing(name)] if name else operations.store.stacks(live=True)
    items, rest = page(found, call.params.get("NextToken"))
    return {"Stacks": [answers.stack(stack) for stack in items], **rest}


@SERVICE.operation("ListStacks")
def list_stacks(call: Call) -> Answer:
    wanted = call.params.get("StackStatusFilter", [])
    found = [
        stack for stack in Operations(call).store.stacks(live=False) if not wanted or stack.status in wanted
    ]
    items, rest = page(found, call.params.get("NextToken"))
    return {"StackSummaries": [answers.summary(stack) for stack in items], **rest}


@SERVICE.operation("DescribeStackEvents")
def describe_stack_events(call: Call) -> Answer:
    operations = Operations(call)
    stack = operations.store.stack(call.params["StackName"])
    if stack is None:
        raise invalid(f"Stack [{call.params['StackName']}] does not exist")
    items, rest = page(operations.store.events(stack.id), call.params.get("NextToken"))
    return {"StackEvents": [answers.event(event, stack) for event in items], **rest}


@SERVICE.operation("DescribeStackResource")
def describe_stack_resource(call: Call) -> Answer:
    operations = Operations(call)
    stack = operations.existing(call.params["StackName"])
    logical_id = call.params["LogicalResourceId"]
    found = operations.store.resources(stack.id).get(logical_id)
    if found is None:
        raise invalid(f"Resource {logical_id} does not exist for stack {stack.name}")
    return {"StackResourceDetail": answers.resource(found, stack, detail=True)}


@SERVICE.operation("DescribeStackResources")
def describe_stack_resources(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    physical, name = params.get("PhysicalResourceId"), params.get("StackName")
    if bool(physical) == bool(name):
        raise invalid("You must specify either StackName or PhysicalResourceId, but not both")
    if physical:
        name = operations.store.stack_of(physical)
        if name is None:
            raise invalid(f"Stack for {physical} does not exist")
    stack = operations.existing(str(name))
    wanted = params.get("LogicalResourceId")
    found = operations.store.resources(stack.id)
    if wanted and wanted not in found:
        raise invalid(f"Resource {wanted} does not exist for stack {stack.name}")
    chosen = [found[wanted]] if wanted else list(found.values())[:PAGE]
    return {"StackResources": [answers.resource(resource, stack) for resource in chosen]}


@SERVICE.operation("ListStackResources")
def list_stack_resources(call: Call) -> Answer:
    operations = Operations(call)
    stack = operations.existing(call.params["StackName"])
    items, rest = page(list(operations.store.resources(stack.id).values()), call.params.get("NextToken"))
    return {"StackResourceSummaries": [answers.resource_summary(item) for item in items], **rest}


@SERVICE.operation("ListExports")
def list_exports(call: Call) -> Answer:
    items, rest = page(Operations(call).store.exports(), call.params.get("NextToken"))
    return {
        "Exports": [
            {"Name": name, "Value": value, "ExportingStackId": stack} for name, value, stack in items
        ],
        **rest,
    }


@SERVICE.operation("ListImports")
def list_imports(call: Call) -> Answer:
    name = call.params["ExportName"]
    importers = Operations(call).store.importers(name)
    if not importers:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    items, rest = page(importers, call.params.get("NextToken"))
    return {"Imports": items, **rest}
