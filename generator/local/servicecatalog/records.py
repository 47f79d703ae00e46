"""Records: what was asked of a provisioned product, by whom, and what became of it. They outlive the product."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access
from generator.local.servicecatalog.catalog import SERVICE, at, invalid, new_id, not_found, update
from generator.local.servicecatalog.paging import page
from generator.local.steps import works_on

PROVISION, UPDATE, TERMINATE = (
    "PROVISION_PRODUCT",
    "UPDATE_PROVISIONED_PRODUCT",
    "TERMINATE_PROVISIONED_PRODUCT",
)
FILTERS = {"provisionedproduct": "provisioned", "product": "product"}
# AWS gives no list of these codes.
FAILED = "LaunchFailed"


def begin(call: Call, provisioned: Mapping[str, Any], kind: str, tags: Mapping[str, str]) -> str:
    """A new record about a provisioned product as it is asked to be; its id."""
    ident = new_id("rec")
    call.tx.insert(
        "sc_record",
        {
            "id": ident,
            "account": call.account,
            "region": call.region,
            "provisioned": provisioned["id"],
            **{name: provisioned[name] for name in ("name", "product", "artifact", "path", "launch_role")},
            "type": kind,
            "status": "IN_PROGRESS",
            "owner": call.identity.principal,
            "session": call.identity.arn,
            "errors_json": "[]",
            "outputs_json": "[]",
            "tags_json": json.dumps([{"Key": key, "Value": value} for key, value in tags.items()]),
            "created": call.now.timestamp(),
            "updated": call.now.timestamp(),
        },
    )
    call.weather.unsettle(ident, call.forecast)
    works_on(call.tx, f"record {ident}")
    call.acknowledge(created(call, ident))
    return ident


def end(
    call: Call,
    ident: str,
    *,
    error: str = "",
    outputs: Sequence[Mapping[str, str]] = (),
    launch_role: str | None = None,
) -> None:
    """The outcome of a record."""
    values: dict[str, Any] = {
        "status": "FAILED" if error else "SUCCEEDED",
        "errors_json": json.dumps([{"Code": FAILED, "Description": error}] if error else []),
        "outputs_json": json.dumps(list(outputs)),
        "updated": call.now.timestamp(),
    }
    if launch_role is not None:
        values["launch_role"] = launch_role
    update(call.tx, "sc_record", ident, values)


def detail(row: access.Row, status: str = "") -> dict[str, Any]:
    found = {
        "RecordId": row["id"],
        "ProvisionedProductName": row["name"],
        "Status": status or row["status"],
        "CreatedTime": at(row["created"]),
        "UpdatedTime": at(row["updated"]),
        "ProvisionedProductType": "CFN_STACK",
        "RecordType": row["type"],
        "ProvisionedProductId": row["provisioned"],
        "ProductId": row["product"],
        "ProvisioningArtifactId": row["artifact"],
        "RecordErrors": [] if status else json.loads(row["errors_json"]),
        "RecordTags": json.loads(row["tags_json"]),
    }
    if row["path"]:
        found["PathId"] = row["path"]
    if row["launch_role"]:
        found["LaunchRoleArn"] = row["launch_role"]
    return found


def one(call: Call, ident: str) -> access.Row:
    row = call.tx.one(
        "SELECT * FROM sc_record WHERE id=? AND account=? AND region=?", ident, call.account, call.region
    )
    if row is None:
        raise not_found("Record", ident)
    return row


def created(call: Call, ident: str) -> dict[str, Any]:
    """The answer to an operation that began a record: at that moment nothing more is known."""
    return {"RecordDetail": detail(one(call, ident), "CREATED")}


@SERVICE.operation("DescribeRecord")
def describe_record(call: Call) -> Mapping[str, Any]:
    row = one(call, call.params["Id"])
    if call.weather.unseen(row["id"]):
        return {"RecordDetail": detail(row, "IN_PROGRESS"), "RecordOutputs": []}
    outputs, more = page(call, json.loads(row["outputs_json"]))
    return {"RecordDetail": detail(row), "RecordOutputs": outputs, **more}


@SERVICE.operation("ListRecordHistory")
def list_record_history(call: Call) -> Mapping[str, Any]:
    rows = call.tx.all(
        "SELECT * FROM sc_record WHERE account=? AND region=? ORDER BY seq DESC", call.account, call.region
    )
    wanted = call.params.get("SearchFilter")
    if wanted:
        column = FILTERS.get(wanted.get("Key", ""))
        if column is None:
            raise invalid(f"SearchFilter Key must be one of {', '.join(FILTERS)}.")
        rows = [row for row in rows if row[column] == wanted.get("Value")]
    found, more = page(call, [row for row in rows if within(call, row)])
    return {"RecordDetails": [detail(row) for row in found], **more}


def within(call: Call, row: access.Row) -> bool:
    """Whether AccessLevelFilter lets the caller see what belongs to somebody of this account."""
    asked = call.params.get("AccessLevelFilter", {"Key": "User", "Value": "self"})
    key, value = asked.get("Key", "User"), asked.get("Value", "self")
    if value != "self":
        raise invalid("The only value of AccessLevelFilter is self.")
    match key:
        case "Account":
            return True
        case "Role":
            return bool(row["owner"] == call.identity.principal)
        case _:
            return bool(row["session"] == call.identity.arn)
