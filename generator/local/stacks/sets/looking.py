"""The operations that tell of stack sets, their instances and what was done to them; they change nothing."""

from __future__ import annotations

from typing import Any

from generator.local.service import Call, ServiceError

from .. import answers
from ..api import SERVICE, Answer, page
from ..fault import invalid
from .asked import existing, operation_of, stack_sets
from .reach import not_found
from .store import Instance, StackSet


@SERVICE.operation("DescribeStackSet")
def describe_stack_set(call: Call) -> Answer:
    store = stack_sets(call)
    found = store.find(call.params["StackSetName"])
    if found is None:
        raise not_found(call.params["StackSetName"])
    instances = store.instances(found.id)
    shown = answers.present(
        StackSetName=found.name,
        StackSetId=found.id,
        Description=found.description,
        Status=_status(found),
        TemplateBody=found.template,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value.shown} for name, value in found.parameters.items()
        ],
        Capabilities=list(found.capabilities),
        Tags=answers.tags(found.tags),
        StackSetARN=f"arn:{call.partition}:cloudformation:{found.region}:{found.account}:stackset/{found.id}",
        PermissionModel=found.model,
        OrganizationalUnitIds=sorted({each.unit for each in instances if each.unit}),
        Regions=sorted({each.region for each in instances}),
    )
    if found.model == "SELF_MANAGED":
        shown |= answers.present(
            AdministrationRoleARN=found.administration_role, ExecutionRoleName=found.execution_role
        )
    else:
        shown["AutoDeployment"] = found.automatic
    return {"StackSet": shown | ({"ManagedExecution": found.managed} if found.managed else {})}


def _status(found: StackSet) -> str:
    return "ACTIVE" if found.live else "DELETED"


@SERVICE.operation("ListStackSets")
def list_stack_sets(call: Call) -> Answer:
    wanted = call.params.get("Status", "ACTIVE")
    found = [each for each in stack_sets(call).every() if _status(each) == wanted]
    items, rest = page(found, call.params.get("NextToken"))
    return {
        "Summaries": [
            answers.present(
                StackSetName=each.name,
                StackSetId=each.id,
                Description=each.description,
                Status=_status(each),
                PermissionModel=each.model,
                DriftStatus="NOT_CHECKED",
            )
            for each in items
        ],
        **rest,
    }


def _shown(stack_set: StackSet, each: Instance) -> dict[str, Any]:
    return answers.present(
        StackSetId=stack_set.id,
        Region=each.region,
        Account=each.account,
        StackId=each.stack,
        Status=each.status,
        StatusReason=each.reason,
        StackInstanceStatus={"DetailedStatus": each.detailed},
        OrganizationalUnitId=each.unit,
        DriftStatus="NOT_CHECKED",
        LastOperationId=each.operation,
    )


@SERVICE.operation("DescribeStackInstance")
def describe_stack_instance(call: Call) -> Answer:
    found, params = existing(call), call.params
    wanted = (params["StackInstanceAccount"], params["StackInstanceRegion"])
    each = next(
        (each for each in stack_sets(call).instances(found.id) if (each.account, each.region) == wanted), None
    )
    if each is None:
        message = (
            f"Stack instance for stack set {found.id}, account {wanted[0]} and region {wanted[1]} not found"
        )
        raise ServiceError("StackInstanceNotFoundException", message, 404)
    overrides = [{"ParameterKey": name, "ParameterValue": value} for name, value in each.overrides.items()]
    return {"StackInstance": {**_shown(found, each), "ParameterOverrides": overrides}}


@SERVICE.operation("ListStackInstances")
def list_stack_instances(call: Call) -> Answer:
    found, params = existing(call), call.params
    matching = [
        each
        for each in stack_sets(call).instances(found.id)
        if params.get("StackInstanceAccount") in (None, each.account)
        and params.get("StackInstanceRegion") in (None, each.region)
    ]
    for condition in params.get("Filters", []):
        field = {"DETAILED_STATUS": "detailed", "LAST_OPERATION_ID": "operation"}.get(
            condition.get("Name", "")
        )
        if field is None:
            raise invalid("The local AWS filters stack instances by DETAILED_STATUS and LAST_OPERATION_ID.")
        matching = [each for each in matching if getattr(each, field) == condition.get("Values")]
    items, rest = page(matching, params.get("NextToken"))
    return {"Summaries": [_shown(found, each) for each in items], **rest}


@SERVICE.operation("DescribeStackSetOperation")
def describe_stack_set_operation(call: Call) -> Answer:
    _found, operation = operation_of(call)
    shown = answers.present(
        OperationId=operation.id,
        StackSetId=operation.stack_set,
        Action=operation.action,
        Status=operation.status,
        OperationPreferences=operation.preferences,
        RetainStacks=operation.retain,
        CreationTimestamp=answers.when(operation.created),
        EndTimestamp=answers.when(operation.ended),
        StatusReason=operation.reason,
        StatusDetails={
            "FailedStackInstancesCount": sum(each.status == "FAILED" for each in operation.results)
        },
    )
    if operation.targets:
        shown["DeploymentTargets"] = operation.targets
    return {"StackSetOperation": shown}


@SERVICE.operation("ListStackSetOperations")
def list_stack_set_operations(call: Call) -> Answer:
    store = stack_sets(call)
    found = store.find(call.params["StackSetName"])
    if found is None:
        raise not_found(call.params["StackSetName"])
    items, rest = page(store.operations(found.id), call.params.get("NextToken"))
    return {
        "Summaries": [
            answers.present(
                OperationId=each.id,
                Action=each.action,
                Status=each.status,
                CreationTimestamp=answers.when(each.created),
                EndTimestamp=answers.when(each.ended),
                StatusReason=each.reason,
            )
            for each in items
        ],
        **rest,
    }


@SERVICE.operation("ListStackSetOperationResults")
def list_stack_set_operation_results(call: Call) -> Answer:
    _found, operation = operation_of(call)
    items, rest = page(operation.results, call.params.get("NextToken"))
    return {
        "Summaries": [
            answers.present(
                Account=each.account,
                Region=each.region,
                Status=each.status,
                StatusReason=each.reason,
                OrganizationalUnitId=each.unit,
            )
            for each in items
        ],
        **rest,
    }
