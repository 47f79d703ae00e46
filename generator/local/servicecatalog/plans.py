"""Plans: what a launch or an update would change, looked at before it is done.

A plan keeps its request, and shows the changes that CloudFormation's change set would. Executing one does what its
request says, as if it were made then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import (
    access,
    browse,
    launch_form,
    launch_paths,
    launch_role,
    provisioned,
    provisioning,
    records,
)
from generator.local.servicecatalog.catalog import SERVICE, at, duplicate, invalid, new_id, not_found, update
from generator.local.servicecatalog.launch_stack import Filled, LaunchFailed, LaunchStack
from generator.local.servicecatalog.paging import page
from generator.local.stacks.changes import Change

ACTIONS = {"Add": "ADD", "Modify": "MODIFY", "Remove": "REMOVE"}


@SERVICE.operation("CreateProvisionedProductPlan")
def create_provisioned_product_plan(call: Call) -> Mapping[str, Any]:
    params = call.params
    name = params["ProvisionedProductName"]
    rows = _all(call)
    if any(row["name"] == params["PlanName"] for row in rows):
        raise invalid(f"A plan named {params['PlanName']} already exists.")
    existing = next((row for row in provisioned.every(call) if row["name"] == name), None)
    if any(row["provisioned_name"] == name and row["status"] == "CREATE_SUCCESS" for row in rows):
        raise ServiceError("InvalidStateException", f"{name} has a plan already: execute or delete it.")
    request = {key: params.get(key, []) for key in ("ProvisioningParameters", "NotificationArns", "Tags")}
    ident = existing["id"] if existing else new_id("pp")
    plan = new_id("plan")
    version, path = _aim(call, existing)
    status, message, changes = "CREATE_SUCCESS", None, []
    try:
        changes = _changes(call, existing, ident, version, path)
    except (LaunchFailed, launch_role.RoleError) as failure:
        status, message = "CREATE_FAILED", str(failure)
    call.tx.insert(
        "sc_plan",
        {
            "id": plan,
            "account": call.account,
            "region": call.region,
            "name": params["PlanName"],
            "provisioned": ident,
            "provisioned_name": name,
            "product": path.product,
            "artifact": version["id"],
            "path": path.id,
            "owner": call.identity.principal,
            "session": call.identity.arn,
            "status": status,
            "message": message,
            "request_json": json.dumps(request),
            "changes_json": json.dumps([_shown(change) for change in changes]),
            "created": call.now.timestamp(),
            "updated": call.now.timestamp(),
        },
    )
    return {
        "PlanName": params["PlanName"],
        "PlanId": plan,
        "ProvisionProductId": ident,
        "ProvisionedProductName": name,
        "ProvisioningArtifactId": version["id"],
    }


def _aim(call: Call, existing: access.Row | None) -> tuple[access.Row, launch_paths.Path]:
    if existing is not None:
        return provisioning.target(call, existing)
    product = browse.asked_product(call, "ProductId", "ProductName")
    version = browse.asked_version(call, product)
    path = launch_paths.chosen(call, product["id"])
    provisioning.check_kind(call, product, path)
    provisioning.check_launchable(version)
    return version, path


def _changes(
    call: Call, existing: access.Row | None, ident: str, version: access.Row, path: launch_paths.Path
) -> list[Change]:
    """What would change; raises LaunchFailed or RoleError where the launch role may not even say."""
    name, parameters = call.params["ProvisionedProductName"], call.params.get("ProvisioningParameters", [])
    source = provisioned.arn(call, name, ident)
    own = launch_form.given(call.params.get("Tags", []))
    if existing is None:
        auto = launch_form.automatic(call, path, version["id"], source)
        tags, role = launch_form.merged(call, path, own, auto), launch_role.constrained(call, path)
    else:
        tags = provisioning.updated_tags(
            call, path, provisioning.records_tags(call, existing), own, version["id"], source
        )
        role = existing["launch_role"] or launch_role.constrained(call, path)
    filled = Filled(
        version,
        path,
        provisioning.values_of(parameters),
        provisioning.kept_of(parameters),
        tags,
        tuple(call.params.get("NotificationArns", [])),
    )
    stacks = LaunchStack(call, launch_role.launcher(call, role, source))
    current = stacks.existing(existing["stack"]) if existing else None
    stack = current or stacks.blank(f"SC-{call.account}-{ident}")
    plan = provisioning.prepared(stacks, stack, filled, updating=current is not None)
    stacks.allow_plan(plan, filled)
    return stacks.changes(plan, stack)


def _shown(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Action": ACTIONS[change.action],
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "Scope": [part.upper() for part in change.scope],
        "Details": [
            {
                "Target": {
                    "Attribute": "TAGS" if detail.source == "Tags" else "PROPERTIES",
                    "Name": detail.difference.property,
                    "RequiresRecreation": detail.difference.recreation.upper(),
                },
                "Evaluation": detail.evaluation.upper(),
                **({"CausingEntity": detail.cause} if detail.cause else {}),
            }
            for detail in change.details
        ],
    }
    if change.physical_id:
        found["PhysicalResourceId"] = change.physical_id
    if change.replacement:
        found["Replacement"] = change.replacement.upper()
    return found


def _all(call: Call) -> list[access.Row]:
    return call.tx.all(
        "SELECT * FROM sc_plan WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )


def _one(call: Call) -> access.Row:
    for row in _all(call):
        if row["id"] == call.params["PlanId"]:
            return row
    raise not_found("Plan", call.params["PlanId"])


def _summary(row: access.Row) -> dict[str, Any]:
    return {
        "PlanName": row["name"],
        "PlanId": row["id"],
        "ProvisionProductId": row["provisioned"],
        "ProvisionProductName": row["provisioned_name"],
        "PlanType": "CLOUDFORMATION",
        "ProvisioningArtifactId": row["artifact"],
    }


@SERVICE.operation("DescribeProvisionedProductPlan")
def describe_provisioned_product_plan(call: Call) -> Mapping[str, Any]:
    row = _one(call)
    request = json.loads(row["request_json"])
    details = {
        **_summary(row),
        "CreatedTime": at(row["created"]),
        "UpdatedTime": at(row["updated"]),
        "PathId": row["path"],
        "ProductId": row["product"],
        "Status": row["status"],
        **request,
    }
    if row["message"]:
        details["StatusMessage"] = row["message"]
    changes, more = page(call, json.loads(row["changes_json"]))
    return {"ProvisionedProductPlanDetails": details, "ResourceChanges": changes, **more}


@SERVICE.operation("ListProvisionedProductPlans")
def list_provisioned_product_plans(call: Call) -> Mapping[str, Any]:
    wanted, plans = call.params.get("ProvisionProductId"), _all(call)
    known = {row["provisioned"] for row in plans} | {row["id"] for row in provisioned.every(call)}
    if wanted is not None and wanted not in known:
        raise not_found("Provisioned product", wanted)
    rows = [row for row in plans if wanted in (None, row["provisioned"]) and records.within(call, row)]
    found, more = page(call, rows)
    return {"ProvisionedProductPlans": [_summary(row) for row in found], **more}


@SERVICE.operation("DeleteProvisionedProductPlan")
def delete_provisioned_product_plan(call: Call) -> Mapping[str, Any]:
    call.tx.execute("DELETE FROM sc_plan WHERE id=?", _one(call)["id"])
    return {}


@SERVICE.operation("ExecuteProvisionedProductPlan")
def execute_provisioned_product_plan(call: Call) -> Mapping[str, Any]:
    row = _one(call)
    if row["status"] != "CREATE_SUCCESS":
        raise ServiceError("InvalidStateException", f"Plan {row['id']} is {row['status']}.")
    request = json.loads(row["request_json"])
    asked = replace(
        call,
        params={
            **request,
            "ProductId": row["product"],
            "ProvisioningArtifactId": row["artifact"],
            "PathId": row["path"],
        },
    )
    existing = next((each for each in provisioned.every(call) if each["id"] == row["provisioned"]), None)
    version, path = _aim(asked, existing)
    own = launch_form.given(request["Tags"])
    values = provisioning.values_of(request["ProvisioningParameters"])
    name = row["provisioned_name"]
    if existing is not None:
        kept = provisioning.kept_of(request["ProvisioningParameters"])
        record = provisioning.change(call, existing, version, path, values, kept, own)
    elif any(each["name"] == name for each in provisioned.every(call)):
        raise duplicate(f"A provisioned product named {name} was launched since the plan was made.")
    else:
        record = provisioning.launch(
            call, name, version, path, values, own, request["NotificationArns"], ident=row["provisioned"]
        )
    failed = records.one(call, record)["status"] == "FAILED"
    update(
        call.tx,
        "sc_plan",
        row["id"],
        {"status": "EXECUTE_FAILED" if failed else "EXECUTE_SUCCESS", "updated": call.now.timestamp()},
    )
    return records.created(call, record)
