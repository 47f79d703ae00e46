"""What the local AWS has no engine for, and service actions run on what was launched.

A Terraform or external engine tells by these operations how a workflow of its own ended. No product of such a type is
provisioned here, so that there never is a workflow to tell of: each answers with the error that AWS has for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call, Identity, ServiceError
from generator.local.servicecatalog import access, automation, launch_role, provisioned, records
from generator.local.servicecatalog.catalog import SERVICE, invalid, not_found, update

EXECUTED = "EXECUTE_PROVISIONED_PRODUCT_SERVICE_ACTION"


@SERVICE.operation("NotifyProvisionProductEngineWorkflowResult")
def notify_provision(call: Call) -> Mapping[str, Any]:
    raise _no_workflow(call)


@SERVICE.operation("NotifyUpdateProvisionedProductEngineWorkflowResult")
def notify_update(call: Call) -> Mapping[str, Any]:
    raise _no_workflow(call)


@SERVICE.operation("NotifyTerminateProvisionedProductEngineWorkflowResult")
def notify_terminate(call: Call) -> Mapping[str, Any]:
    raise _no_workflow(call)


def _no_workflow(call: Call) -> ServiceError:
    record = records.one(call, call.params["RecordId"])
    return invalid(
        f"Record {record['id']} has no workflow of an engine: "
        "the local AWS provisions CloudFormation products only, by itself."
    )


def _action(call: Call, row: access.Row) -> Mapping[str, str]:
    """The definition of a service action that is offered for the version of a provisioned product."""
    ident = call.params["ServiceActionId"]
    text = call.tx.value(
        "SELECT definition_json FROM sc_service_action s JOIN sc_service_action_link l ON l.action = s.id"
        " WHERE s.id=? AND l.artifact=?",
        ident,
        row["artifact"],
    )
    if text is None:
        raise not_found("Service action", f"{ident} for {row['id']}")
    found: Mapping[str, str] = json.loads(text)
    return found


@SERVICE.operation("DescribeServiceActionExecutionParameters")
def describe_parameters(call: Call) -> Mapping[str, Any]:
    row = provisioned.one(call, call.params["ProvisionedProductId"], None)
    found = automation.read(call, _action(call, row))
    return {
        "ServiceActionParameters": [
            {"Name": each.name, "Type": each.type, "DefaultValues": list(each.default or ())}
            for each in found.parameters
        ]
    }


@SERVICE.operation("ExecuteProvisionedProductServiceAction")
def execute(call: Call) -> Mapping[str, Any]:
    row = provisioned.one(call, call.params["ProvisionedProductId"], None)
    definition = _action(call, row)
    if row["status"] not in ("AVAILABLE", "TAINTED"):
        raise ServiceError("InvalidStateException", f"Provisioned product {row['id']} is {row['status']}.")
    found = automation.read(call, definition)
    values = automation.filled(found, call.params.get("Parameters", {}))
    record = records.begin(call, dict(row), EXECUTED, {})
    failure = ""
    try:
        automation.run(call, _runner(call, row, definition.get("AssumeRole", "")), found, values)
    except (automation.RunFailed, launch_role.RoleError) as error:
        failure = str(error)
    records.end(call, record, error=failure)
    update(call.tx, "sc_provisioned", row["id"], {"last_record": record})
    return records.created(call, record)


def _runner(call: Call, row: access.Row, role: str) -> Identity:
    """Whom the automation acts as: a role, that of the launch, or the caller."""
    source = provisioned.arn(call, row["name"], row["id"])
    if role == "LAUNCH_ROLE":
        return launch_role.launcher(call, row["launch_role"], source)
    return launch_role.launcher(call, role, source, automation.SERVICE_NAME)
