"""Launching, updating and terminating: what end users do with a product, and the records of it.

A request is refused where its form is wrong; what goes wrong afterwards is told by the record. The work is done within
the request's transaction, so that a killed process leaves either all of a launch behind or nothing; where code runs within
a launch it is committed in steps, and one whose process died is found as failed (`generator.local.steps`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import (
    access,
    browse,
    launch_form,
    launch_paths,
    launch_role,
    provisioned,
    records,
)
from generator.local.servicecatalog.catalog import SERVICE, duplicate, invalid, new_id, update
from generator.local.servicecatalog.launch_stack import Filled, LaunchFailed, LaunchStack, refused
from generator.local.stacks.stack import Stack

# What each kind of provisioned product needs beyond this local AWS.
ENGINES = {
    "TERRAFORM_OPEN_SOURCE": "a Terraform engine",
    "TERRAFORM_CLOUD": "a Terraform engine",
    "EXTERNAL": "an external engine",
    "MARKETPLACE": "AWS Marketplace",
}
Values = Mapping[str, Any]
UNDER_CHANGE = "UNDER_CHANGE"


@SERVICE.operation("ProvisionProduct")
def provision_product(call: Call) -> Values:
    name = call.params["ProvisionedProductName"]
    product = browse.asked_product(call, "ProductId", "ProductName")
    version = browse.asked_version(call, product)
    path = launch_paths.chosen(call, product["id"])
    check_kind(call, product, path)
    check_launchable(version)
    if any(row["name"] == name for row in provisioned.every(call)):
        raise duplicate(f"A provisioned product named {name} already exists.")
    own = launch_form.given(call.params.get("Tags", []))
    parameters = values_of(call.params.get("ProvisioningParameters", []))
    topics = call.params.get("NotificationArns", [])
    return records.created(call, launch(call, name, version, path, parameters, own, topics))


def launch(
    call: Call,
    name: str,
    version: access.Row,
    path: launch_paths.Path,
    parameters: Mapping[str, str],
    own: Mapping[str, str],
    topics: Iterable[str],
    *,
    ident: str = "",
) -> str:
    """Make a provisioned product; the id of its record."""
    ident = ident or new_id("pp")
    source = provisioned.arn(call, name, ident)
    auto = launch_form.automatic(call, path, version["id"], source)
    tags = launch_form.merged(call, path, own, auto)
    filled = Filled(version, path, parameters, frozenset(), tags, tuple(topics))
    row = {
        "id": ident,
        "account": call.account,
        "region": call.region,
        "name": name,
        "product": path.product,
        "artifact": version["id"],
        "portfolio": path.portfolio,
        "path": path.id,
        "launch_role": launch_role.constrained(call, path),
        "stack": "",
        "status": UNDER_CHANGE,
        "owner": call.identity.principal,
        "session": call.identity.arn,
        "token": call.params.get("ProvisionToken"),
        "created": call.now.timestamp(),
    }
    call.tx.insert("sc_provisioned", row)
    record = records.begin(call, row, records.PROVISION, tags)
    stack_id = ""
    try:
        identity = launch_role.launcher(call, row["launch_role"], source)
        update(
            call.tx, "sc_provisioned", ident, {"launch_role": identity.role_arn if row["launch_role"] else ""}
        )
        stacks = LaunchStack(call, identity)
        blank = stacks.blank(f"SC-{call.account}-{ident}")
        plan = prepared(stacks, blank, filled, updating=False)
        stack_id = blank.id
        update(call.tx, "sc_provisioned", ident, {"stack": stack_id})
        stack = stacks.create(plan, filled)
    except (LaunchFailed, launch_role.RoleError) as failure:
        kept = stack_id if stack_id and stacks.existing(stack_id) else ""
        _failed(call, ident, record, str(failure), status="ERROR", stack=kept)
    else:
        succeeded(call, ident, record, stack)
    return record


@SERVICE.operation("UpdateProvisionedProduct")
def update_provisioned_product(call: Call) -> Values:
    params = call.params
    row = provisioned.one(call, params.get("ProvisionedProductId"), params.get("ProvisionedProductName"))
    version, path = target(call, row)
    own = launch_form.given(params.get("Tags", []))
    if own and not launch_form.updates_tags(call, path):
        raise invalid("Tags cannot be updated: a RESOURCE_UPDATE constraint would have to allow it.")
    parameters = params.get("ProvisioningParameters", [])
    return records.created(
        call, change(call, row, version, path, values_of(parameters), kept_of(parameters), own)
    )


def target(call: Call, row: access.Row) -> tuple[access.Row, launch_paths.Path]:
    """The version that an update asks for, the present one where it names none, and the path to it."""
    params = call.params
    if params.get("ProductId") or params.get("ProductName"):
        product = browse.asked_product(call, "ProductId", "ProductName")
    else:
        product = access.product(call, row["product"])
    known = launch_paths.paths(call, product["id"])
    if params.get("PathId") or params.get("PathName") or row["path"] not in [path.id for path in known]:
        path = launch_paths.chosen(call, product["id"])
    else:
        path = next(path for path in known if path.id == row["path"])
    check_kind(call, product, path)
    if params.get("ProvisioningArtifactId") in (None, row["artifact"]) and not params.get(
        "ProvisioningArtifactName"
    ):
        # Its own version may have been made invisible since: what runs keeps running, and may be changed.
        return access.artifact(call, row["product"], row["artifact"]), path
    return browse.asked_version(call, product), path


def change(
    call: Call,
    row: access.Row,
    version: access.Row,
    path: launch_paths.Path,
    parameters: Mapping[str, str],
    kept: frozenset[str],
    own: Mapping[str, str],
) -> str:
    """Update a provisioned product; the id of the record."""
    source = provisioned.arn(call, row["name"], row["id"])
    # The role of the launch stays, whatever the constraint says by now.
    role = row["launch_role"] or launch_role.constrained(call, path)
    wanted = {
        **dict(row),
        "product": path.product,
        "artifact": version["id"],
        "path": path.id,
        "launch_role": role,
    }
    begin_change(call, row)
    before = records_tags(call, row)
    tags = updated_tags(call, path, before, own, version["id"], source)
    record = records.begin(call, wanted, records.UPDATE, tags)
    filled = Filled(version, path, parameters, kept, tags)
    try:
        identity = launch_role.launcher(call, role, source)
        stacks = LaunchStack(call, identity)
        current = stacks.existing(row["stack"])
        if current is None:
            raise LaunchFailed(f"{row['name']} has no stack: terminate it and launch it anew.")
        plan = prepared(stacks, current, filled, updating=True)
        stack = stacks.update(plan, current, filled)
    except (LaunchFailed, launch_role.RoleError) as failure:
        _failed(call, row["id"], record, str(failure), status="TAINTED", stack=row["stack"])
    else:
        update(
            call.tx,
            "sc_provisioned",
            row["id"],
            {
                "product": path.product,
                "artifact": version["id"],
                "portfolio": path.portfolio,
                "path": path.id,
                "launch_role": role,
            },
        )
        succeeded(call, row["id"], record, stack)
    return record


def updated_tags(
    call: Call,
    path: launch_paths.Path,
    before: Mapping[str, str],
    own: Mapping[str, str],
    artifact: str,
    source: str,
) -> dict[str, str]:
    """Where tags may change, the present ones of portfolio, product and caller over those there are; else the latter."""
    auto = launch_form.automatic(call, path, artifact, source)
    creator = f"{launch_form.PREFIX}provisioningPrincipalArn"
    auto[creator] = before.get(creator, auto[creator])
    if not launch_form.updates_tags(call, path):
        return {**before, **auto}
    options = {option["Key"] for option in launch_paths.allowed_tags(call, path)}
    chosen = {key: value for key, value in before.items() if key in options}
    # A tag that was only taken away is not seen as a change.
    return {**before, **launch_form.merged(call, path, {**chosen, **own}, auto)}


def records_tags(call: Call, row: access.Row) -> dict[str, str]:
    """The tags of the last successful launch or update."""
    text = call.tx.value(
        "SELECT tags_json FROM sc_record WHERE id=?", row["last_successful"] or row["last_provisioning"]
    )
    return {tag["Key"]: tag["Value"] for tag in json.loads(text or "[]")}


@SERVICE.operation("TerminateProvisionedProduct")
def terminate_provisioned_product(call: Call) -> Values:
    params = call.params
    row = provisioned.one(call, params.get("ProvisionedProductId"), params.get("ProvisionedProductName"))
    begin_change(call, row)
    record = records.begin(call, dict(row), records.TERMINATE, records_tags(call, row))
    failure = "" if params.get("RetainPhysicalResources") else _torn_down(call, row)
    if failure and not params.get("IgnoreErrors"):
        _failed(call, row["id"], record, failure, status="TAINTED", stack=row["stack"])
    else:
        records.end(call, record)
        call.tx.execute("DELETE FROM sc_provisioned WHERE id=?", row["id"])
    return records.created(call, record)


def _torn_down(call: Call, row: access.Row) -> str:
    """Delete the stack under the role of its launch; why it is still there, if it is."""
    if not row["stack"]:
        return ""
    try:
        identity = launch_role.launcher(
            call, row["launch_role"], provisioned.arn(call, row["name"], row["id"])
        )
        stacks = LaunchStack(call, identity)
        stack = stacks.existing(row["stack"])
        if stack is not None:
            stacks.delete(stack)
    except (LaunchFailed, launch_role.RoleError) as failure:
        return str(failure)
    except ServiceError as error:
        return error.message
    return ""


# What the operations share


def begin_change(call: Call, row: access.Row) -> None:
    """Nobody else may change a provisioned product until this is over."""
    if row["status"] == UNDER_CHANGE:
        raise invalid(f"Provisioned product {row['name']} is under change: wait for the operation to end.")
    update(call.tx, "sc_provisioned", row["id"], {"status": UNDER_CHANGE})


def check_kind(call: Call, product: access.Row, path: launch_paths.Path) -> None:
    """Refuses what only an engine beyond this local AWS could provision."""
    if product["type"] in ENGINES:
        raise invalid(
            f"Products of type {product['type']} are provisioned by {ENGINES[product['type']]}, "
            "which the local AWS does not offer."
        )
    if any(each["Type"] == "STACKSET" for each in launch_paths.constraints(call, path)):
        raise invalid("The local AWS does not offer stack sets: remove the STACKSET constraint to launch.")


def check_launchable(version: access.Row) -> None:
    if version["guidance"] == "DEPRECATED":
        raise invalid(
            f"Provisioning artifact {version['id']} is deprecated: nothing new can be launched from it."
        )
    if version["status"] != "AVAILABLE":
        raise invalid(f"Provisioning artifact {version['id']} is {version['status']}.")


def values_of(parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters that were given a value."""
    found: dict[str, str] = {}
    for parameter in parameters:
        key = parameter.get("Key", "")
        if parameter.get("UsePreviousValue"):
            continue
        if key in found:
            raise invalid(f"Duplicate parameter key {key}.")
        found[key] = parameter.get("Value", "")
    return found


def kept_of(parameters: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The parameters that are to stay as they are."""
    return frozenset(p.get("Key", "") for p in parameters if p.get("UsePreviousValue"))


def prepared(stacks: LaunchStack, stack: Stack, filled: Filled, *, updating: bool) -> Any:
    missing = sorted(filled.kept - stack.parameters.keys()) if updating else []
    if missing:
        raise invalid(f"Parameter {missing[0]} has no previous value.")
    try:
        return stacks.prepare(stack, filled, update=updating)
    except ServiceError as error:
        raise refused(error) from error


def succeeded(call: Call, ident: str, record: str, stack: Stack) -> None:
    outputs = [
        {
            "OutputKey": "CloudformationStackARN",
            "OutputValue": stack.id,
            "Description": "The ARN of the launched Cloudformation Stack",
        }
    ]
    for output in stack.outputs:
        told = {"OutputKey": output.key, "OutputValue": output.value}
        outputs.append({**told, **({"Description": output.description} if output.description else {})})
    role = call.tx.value("SELECT launch_role FROM sc_provisioned WHERE id=?", ident)
    records.end(call, record, outputs=outputs, launch_role=role)
    values = {"status": "AVAILABLE", "message": None, "stack": stack.id}
    last = dict.fromkeys(("last_record", "last_provisioning", "last_successful"), record)
    update(call.tx, "sc_provisioned", ident, {**values, **last})


def _failed(call: Call, ident: str, record: str, reason: str, *, status: str, stack: str) -> None:
    records.end(call, record, error=reason)
    last = {"last_record": record}
    kind = call.tx.value("SELECT type FROM sc_record WHERE id=?", record)
    if kind != records.TERMINATE:
        last["last_provisioning"] = record
    update(call.tx, "sc_provisioned", ident, {"status": status, "message": reason, "stack": stack, **last})
