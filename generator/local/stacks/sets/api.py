"""The operations that change stack sets, as the API has them. Each is over when it is answered, unless code runs within it."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from generator.local.service import Call, ServiceError

from ..account import parsed
from ..api import SERVICE, Answer
from ..document import require_capabilities
from ..fault import invalid
from ..stack import Value
from ..store import Store
from ..wanted import template_text
from .asked import existing, operation_of, stack_sets
from .deploy import Task, carry_out
from .reach import administers, chosen
from .store import Instance, Operation, StackSet

_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_FIELDS: Final = {
    "Description": "description",
    "AdministrationRoleARN": "administration_role",
    "ExecutionRoleName": "execution_role",
    "AutoDeployment": "automatic",
    "ManagedExecution": "managed",
}


@SERVICE.operation("CreateStackSet")
def create_stack_set(call: Call) -> Answer:
    params, store = call.params, stack_sets(call)
    name = params["StackSetName"]
    if not _NAME.fullmatch(name):
        raise invalid(
            f"StackSet name {name} is invalid: it begins with a letter, and holds letters, digits and hyphens"
        )
    if params.get("StackId"):
        raise invalid("The local AWS does not import stacks into stack sets.")
    model = params.get("PermissionModel", "SELF_MANAGED")
    if model == "SERVICE_MANAGED":
        administers(call)
        if params.get("AdministrationRoleARN") or params.get("ExecutionRoleName"):
            raise invalid("Roles cannot be given for stack sets with SERVICE_MANAGED permission model")
        if "AutoDeployment" not in params:
            raise invalid("AutoDeployment must be given for stack sets with SERVICE_MANAGED permission model")
    existing = store.find(name)
    if existing is not None:
        if params.get("ClientRequestToken") and existing.token == params["ClientRequestToken"]:
            return {"StackSetId": existing.id}
        raise ServiceError("NameAlreadyExistsException", f"StackSet {name} already exists", 409)
    made = _filled(
        call,
        StackSet(
            id=f"{name}:{uuid.uuid4()}",
            name=name,
            account=store.account,
            region=call.region,
            template="",
            model=model,
            token=params.get("ClientRequestToken", ""),
        ),
    )
    store.put(made)
    return {"StackSetId": made.id}


def _filled(call: Call, before: StackSet) -> StackSet:
    """A stack set as a request asks it to be."""
    params = call.params
    if params.get("UsePreviousTemplate") or not (
        {"TemplateBody", "TemplateURL"} & params.keys() or not before.template
    ):
        template = before.template
    else:
        template = template_text(call, Store(call.tx, call.account, call.region), params)
    capabilities = tuple(params.get("Capabilities", ()))
    source = parsed(template)
    require_capabilities(source, capabilities, macros=True)
    fields = {field: params[member] for member, field in _FIELDS.items() if member in params}
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]} if "Tags" in params else before.tags
    return replace(
        before,
        template=template,
        capabilities=capabilities,
        tags=tags,
        parameters=_parameters(params.get("Parameters", []), source, before),
        **fields,
    )


def _parameters(
    given: Iterable[Mapping[str, Any]], source: Mapping[str, Any], before: StackSet
) -> dict[str, Value]:
    declared = source.get("Parameters", {})
    found: dict[str, Value] = {}
    for entry in given:
        name = entry["ParameterKey"]
        if name not in declared:
            raise invalid(f"Parameters: [{name}] do not exist in the template")
        if entry.get("UsePreviousValue"):
            if name not in before.parameters:
                raise invalid(f"Parameter {name} has no previous value")
            found[name] = before.parameters[name]
            continue
        value = entry.get("ParameterValue", "")
        hidden = str(declared[name].get("NoEcho", "")).lower() == "true"
        found[name] = Value(value, "****" if hidden else value)
    missing = [name for name, each in declared.items() if name not in found and "Default" not in each]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return found


@SERVICE.operation("UpdateStackSet")
def update_stack_set(call: Call) -> Answer:
    store, before = stack_sets(call), existing(call)
    after = _filled(call, before)
    instances = store.instances(before.id)
    targets = call.params.get("DeploymentTargets", {})
    if targets or call.params.get("Accounts"):
        accounts = chosen(call, before, targets)
        touched = [
            each
            for each in instances
            if each.account in accounts and each.region in call.params.get("Regions", [each.region])
        ]
        if not touched:
            raise ServiceError("StackInstanceNotFoundException", "There are no stack instances there", 404)
    else:
        touched = instances
    store.put(after)
    for each in instances:
        if each not in touched:
            store.put_instance(after.id, replace(each, status="OUTDATED", detailed="PENDING"))
    return _begun(call, after, "UPDATE", [Task(each) for each in touched])


@SERVICE.operation("DeleteStackSet")
def delete_stack_set(call: Call) -> Answer:
    store, found = stack_sets(call), existing(call)
    if store.instances(found.id):
        raise ServiceError("StackSetNotEmptyException", "StackSet is not empty", 409)
    store.put(replace(found, live=False))
    return {}


@SERVICE.operation("CreateStackInstances")
def create_stack_instances(call: Call) -> Answer:
    store, found = stack_sets(call), existing(call)
    overrides = _overrides(call, found)
    known = {(each.account, each.region): each for each in store.instances(found.id)}
    tasks = []
    for account, unit in chosen(call, found, call.params.get("DeploymentTargets", {})).items():
        for region in _regions(call):
            present = known.get((account, region))
            if present is None:
                tasks.append(Task(Instance(account, region, overrides=overrides, unit=unit)))
            elif overrides:
                tasks.append(Task(replace(present, overrides=overrides)))
            else:
                tasks.append(Task(present))
    return _begun(call, found, "CREATE", tasks)


@SERVICE.operation("UpdateStackInstances")
def update_stack_instances(call: Call) -> Answer:
    found = existing(call)
    overrides = _overrides(call, found)
    touched = [replace(each, overrides=overrides) for each in _named(call, found)]
    return _begun(call, found, "UPDATE", [Task(each) for each in touched])


@SERVICE.operation("DeleteStackInstances")
def delete_stack_instances(call: Call) -> Answer:
    found, retain = existing(call), call.params["RetainStacks"]
    tasks = [Task(each, leave=True, retain=retain) for each in _named(call, found)]
    return _begun(call, found, "DELETE", tasks, retain=retain)


def _regions(call: Call) -> list[str]:
    return list(dict.fromkeys(call.params["Regions"]))


def _overrides(call: Call, stack_set: StackSet) -> dict[str, str]:
    found = {
        each["ParameterKey"]: each.get("ParameterValue", "")
        for each in call.params.get("ParameterOverrides", [])
    }
    unknown = sorted(set(found) - set(parsed(stack_set.template).get("Parameters", {})))
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    return found


def _named(call: Call, stack_set: StackSet) -> list[Instance]:
    """The instances that a request is about; raises where there are none."""
    accounts = chosen(call, stack_set, call.params.get("DeploymentTargets", {}))
    found = [
        each
        for each in stack_sets(call).instances(stack_set.id)
        if each.account in accounts and each.region in _regions(call)
    ]
    if not found and call.operation == "UpdateStackInstances":
        raise ServiceError("StackInstanceNotFoundException", "There are no stack instances there", 404)
    return found


def _begun(
    call: Call, stack_set: StackSet, action: str, tasks: Sequence[Task], *, retain: bool | None = None
) -> Answer:
    known = stack_sets(call).operations(stack_set.id)
    ident = call.params.get("OperationId") or str(uuid.uuid4())
    if any(each.id == ident for each in known):
        raise ServiceError("OperationIdAlreadyExistsException", f"Operation {ident} already exists", 409)
    running = next((each for each in known if each.status == "RUNNING"), None)
    if running is not None:
        raise ServiceError(
            "OperationInProgressException",
            f"Another Operation on StackSet {stack_set.id} is in progress",
            409,
        )
    operation = Operation(
        ident,
        stack_set.id,
        action,
        "RUNNING",
        time.time(),
        preferences=dict(call.params.get("OperationPreferences", {})),
        targets=dict(call.params.get("DeploymentTargets", {})),
        retain=retain,
    )
    carry_out(call, stack_set, operation, tasks)
    return {"OperationId": ident}


@SERVICE.operation("StopStackSetOperation")
def stop_stack_set_operation(call: Call) -> Answer:
    _found, operation = operation_of(call)
    if operation.status != "RUNNING":
        raise ServiceError("InvalidOperationException", f"Operation {operation.id} is not running", 400)
    raise invalid("The local AWS does not stop operations on stack sets: wait for the end.")
