"""Existing stacks taken over as provisioned products. Constraints apply from their first update on, not before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import browse, launch_paths, provisioned, provisioning, records, templates
from generator.local.servicecatalog.catalog import SERVICE, duplicate, invalid, new_id
from generator.local.servicecatalog.launch_stack import LaunchStack
from generator.local.stacks.account import parsed

IMPORTABLE = frozenset(
    (
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    )
)


@SERVICE.operation("ImportAsProvisionedProduct")
def import_as_provisioned_product(call: Call) -> Mapping[str, Any]:
    name, physical = call.params["ProvisionedProductName"], call.params["PhysicalId"]
    product = browse.asked_product(call, "ProductId", "ProductName")
    version = browse.asked_version(call, product)
    path = launch_paths.chosen(call, product["id"])
    provisioning.check_kind(call, product, path)
    if not physical.startswith(f"arn:{call.partition}:cloudformation:"):
        raise invalid("Only CloudFormation stacks can be imported, by their ARN.")
    stack = LaunchStack(call, call.identity).existing(physical)
    if stack is None:
        raise invalid(f"There is no stack {physical} in this account and region.")
    if stack.parent:
        raise invalid(f"{stack.name} is a nested stack: only a root stack can be imported.")
    if stack.status not in IMPORTABLE:
        raise ServiceError("InvalidStateException", f"Stack {stack.name} is {stack.status}.")
    known = provisioned.every(call)
    if any(row["name"] == name for row in known):
        raise duplicate(f"A provisioned product named {name} already exists.")
    if any(row["stack"] == stack.id for row in known):
        raise duplicate(f"Stack {stack.name} is a provisioned product already.")
    if parsed(stack.template) != parsed(templates.stored(call, version["template_key"]).decode()):
        raise invalid(f"The template of stack {stack.name} is not that of {version['id']}.")
    row = {
        "id": new_id("pp"),
        "account": call.account,
        "region": call.region,
        "name": name,
        "product": product["id"],
        "artifact": version["id"],
        "portfolio": path.portfolio,
        "path": path.id,
        "launch_role": "",
        "stack": stack.id,
        "status": "UNDER_CHANGE",
        "owner": call.identity.principal,
        "session": call.identity.arn,
        "token": call.params.get("IdempotencyToken"),
        "created": call.now.timestamp(),
    }
    call.tx.insert("sc_provisioned", row)
    record = records.begin(call, row, records.PROVISION, stack.tags)
    provisioning.succeeded(call, row["id"], record, stack)
    return records.created(call, record)
