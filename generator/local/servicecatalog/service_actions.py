"""Service actions: Systems Manager automations that end users may run on what they have launched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import access, artifacts, limits, products
from generator.local.servicecatalog.catalog import (
    SERVICE,
    duplicate,
    given,
    in_use,
    invalid,
    new_id,
    not_found,
    update,
)
from generator.local.servicecatalog.paging import page


def summary(row: access.Row) -> dict[str, Any]:
    return {
        "Id": row["id"],
        "Name": row["name"],
        "Description": row["description"],
        "DefinitionType": row["type"],
    }


def detail(row: access.Row) -> dict[str, Any]:
    return {"ServiceActionSummary": summary(row), "Definition": json.loads(row["definition_json"])}


def _own(call: Call, ident: str) -> access.Row:
    row = call.tx.one(
        "SELECT * FROM sc_service_action WHERE id=? AND account=? AND region=?",
        ident,
        call.account,
        call.region,
    )
    if row is None:
        raise not_found("Service action", ident)
    return row


def _definition(definition: Mapping[str, str]) -> str:
    missing = [key for key in ("Name", "Version") if key not in definition]
    if missing:
        raise invalid(f"The definition of a service action needs {' and '.join(missing)}.")
    if "Parameters" in definition:
        try:
            parameters = json.loads(definition["Parameters"])
        except ValueError:
            parameters = None
        if not isinstance(parameters, list):
            raise invalid("The Parameters of a service action are a JSON list.")
    return json.dumps(definition, sort_keys=True)


@SERVICE.operation("CreateServiceAction")
def create(call: Call) -> Mapping[str, Any]:
    count = call.tx.value(
        "SELECT count(*) FROM sc_service_action WHERE account=? AND region=?", call.account, call.region
    )
    limits.check("service_actions", count + 1, "service actions in a region")
    ident = new_id("act")
    call.tx.insert(
        "sc_service_action",
        {
            "id": ident,
            "account": call.account,
            "region": call.region,
            "name": call.params["Name"],
            "description": call.params.get("Description"),
            "type": call.params["DefinitionType"],
            "definition_json": _definition(call.params["Definition"]),
        },
    )
    return {"ServiceActionDetail": detail(_own(call, ident))}


@SERVICE.operation("UpdateServiceAction")
def update_service_action(call: Call) -> Mapping[str, Any]:
    ident = _own(call, call.params["Id"])["id"]
    values = given(call.params, {"Name": "name", "Description": "description"})
    if "Definition" in call.params:
        values["definition_json"] = _definition(call.params["Definition"])
    update(call.tx, "sc_service_action", ident, values)
    return {"ServiceActionDetail": detail(_own(call, ident))}


@SERVICE.operation("DeleteServiceAction")
def delete(call: Call) -> Mapping[str, Any]:
    ident = _own(call, call.params["Id"])["id"]
    if call.tx.one("SELECT 1 FROM sc_service_action_link WHERE action=?", ident):
        raise in_use(f"Service action {ident} is associated with a provisioning artifact.")
    call.tx.execute("DELETE FROM sc_service_action WHERE id=?", ident)
    return {}


@SERVICE.operation("DescribeServiceAction")
def describe(call: Call) -> Mapping[str, Any]:
    return {"ServiceActionDetail": detail(_own(call, call.params["Id"]))}


@SERVICE.operation("ListServiceActions")
def list_service_actions(call: Call) -> Mapping[str, Any]:
    rows = call.tx.all(
        "SELECT * FROM sc_service_action WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )
    found, more = page(call, rows)
    return {"ServiceActionSummaries": [summary(row) for row in found], **more}


def _link(call: Call, link: Mapping[str, str]) -> None:
    action, artifact = _ends(call, link)
    if call.tx.one("SELECT 1 FROM sc_service_action_link WHERE action=? AND artifact=?", action, artifact):
        raise duplicate(f"Service action {action} is already associated with {artifact}.")
    count = call.tx.value("SELECT count(*) FROM sc_service_action_link WHERE artifact=?", artifact)
    limits.check("service_actions_per_version", count + 1, "service actions on a provisioning artifact")
    call.tx.insert(
        "sc_service_action_link", {"action": action, "product": link["ProductId"], "artifact": artifact}
    )


def _unlink(call: Call, link: Mapping[str, str]) -> None:
    action, artifact = _ends(call, link)
    gone = call.tx.execute(
        "DELETE FROM sc_service_action_link WHERE action=? AND artifact=?", action, artifact
    )
    if not gone.rowcount:
        raise not_found("Service action", f"{action} on {artifact}")


def _ends(call: Call, link: Mapping[str, str]) -> tuple[str, str]:
    action = _own(call, link["ServiceActionId"])["id"]
    product = access.own_product(call, link["ProductId"])["id"]
    return action, access.artifact(call, product, link["ProvisioningArtifactId"])["id"]


@SERVICE.operation("AssociateServiceActionWithProvisioningArtifact")
def associate(call: Call) -> Mapping[str, Any]:
    _link(call, call.params)
    return {}


@SERVICE.operation("DisassociateServiceActionFromProvisioningArtifact")
def disassociate(call: Call) -> Mapping[str, Any]:
    _unlink(call, call.params)
    return {}


CODES = {
    "DuplicateResourceException": "DUPLICATE_RESOURCE",
    "LimitExceededException": "LIMIT_EXCEEDED",
    "ResourceNotFoundException": "RESOURCE_NOT_FOUND",
    "InvalidParametersException": "INVALID_PARAMETER",
}


def _each(call: Call, change: Callable[[Call, Mapping[str, str]], None]) -> Mapping[str, Any]:
    """Do what can be done and name what could not."""
    failed = []
    for link in call.params["ServiceActionAssociations"]:
        try:
            change(call, link)
        except ServiceError as error:
            failed.append({**link, "ErrorCode": CODES[error.code], "ErrorMessage": error.message})
    return {"FailedServiceActionAssociations": failed}


@SERVICE.operation("BatchAssociateServiceActionWithProvisioningArtifact")
def batch_associate(call: Call) -> Mapping[str, Any]:
    return _each(call, _link)


@SERVICE.operation("BatchDisassociateServiceActionFromProvisioningArtifact")
def batch_disassociate(call: Call) -> Mapping[str, Any]:
    return _each(call, _unlink)


@SERVICE.operation("ListServiceActionsForProvisioningArtifact")
def list_for_artifact(call: Call) -> Mapping[str, Any]:
    product = access.product(call, call.params["ProductId"])["id"]
    artifact = access.artifact(call, product, call.params["ProvisioningArtifactId"])["id"]
    rows = call.tx.all(
        "SELECT s.* FROM sc_service_action s JOIN sc_service_action_link l ON l.action = s.id"
        " WHERE l.artifact=? ORDER BY l.seq",
        artifact,
    )
    found, more = page(call, rows)
    return {"ServiceActionSummaries": [summary(row) for row in found], **more}


@SERVICE.operation("ListProvisioningArtifactsForServiceAction")
def list_for_action(call: Call) -> Mapping[str, Any]:
    action = _own(call, call.params["ServiceActionId"])["id"]
    rows = call.tx.all(
        "SELECT a.* FROM sc_artifact a JOIN sc_service_action_link l ON l.artifact = a.id"
        " WHERE l.action=? ORDER BY l.seq",
        action,
    )
    found, more = page(call, rows)
    return {"ProvisioningArtifactViews": [_view(call, row) for row in found], **more}


def _view(call: Call, row: access.Row) -> dict[str, Any]:
    version = artifacts.detail(row)
    return {
        "ProductViewSummary": products.summary(access.product(call, row["product"])),
        "ProvisioningArtifact": {
            name: version[name] for name in ("Id", "Name", "Description", "CreatedTime", "Guidance")
        },
    }
