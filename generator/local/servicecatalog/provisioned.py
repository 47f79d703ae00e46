"""Provisioned products: what there is of them, found, listed and searched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, records
from generator.local.servicecatalog.catalog import SERVICE, at, invalid, not_found, update
from generator.local.servicecatalog.paging import page

TYPE = "CFN_STACK"
OWNER, LAUNCH_ROLE = "OWNER", "LAUNCH_ROLE"


def arn(call: Call, name: str, ident: str) -> str:
    return call.arn(f"stack/{name}/{ident}", service="servicecatalog")


def detail(call: Call, row: access.Row) -> dict[str, Any]:
    found = {
        "Name": row["name"],
        "Arn": arn(call, row["name"], row["id"]),
        "Type": TYPE,
        "Id": row["id"],
        "Status": row["status"],
        "StatusMessage": row["message"],
        "CreatedTime": at(row["created"]),
        "IdempotencyToken": row["token"],
        "LastRecordId": row["last_record"],
        "LastProvisioningRecordId": row["last_provisioning"],
        "LastSuccessfulProvisioningRecordId": row["last_successful"],
        "ProductId": row["product"],
        "ProvisioningArtifactId": row["artifact"],
        "LaunchRoleArn": row["launch_role"] or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def one(call: Call, ident: str | None, name: str | None) -> access.Row:
    """The provisioned product of this id or name in the caller's account and region."""
    if ident is None and name is None and call.operation == "TerminateProvisionedProduct":
        raise not_found("Provisioned product", "without id or name")  # the one error that it knows
    if (ident is None) == (name is None):
        raise invalid("Give exactly one of the id and the name of the provisioned product.")
    found = [row for row in every(call) if ident in (row["id"],) or name in (row["name"],)]
    if not found:
        raise not_found("Provisioned product", str(ident or name))
    return found[0]


def every(call: Call) -> list[access.Row]:
    return call.tx.all(
        "SELECT * FROM sc_provisioned WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )


@SERVICE.operation("DescribeProvisionedProduct")
def describe_provisioned_product(call: Call) -> Mapping[str, Any]:
    row = one(call, call.params.get("Id"), call.params.get("Name"))
    return {"ProvisionedProductDetail": detail(call, row), "CloudWatchDashboards": []}


@SERVICE.operation("GetProvisionedProductOutputs")
def get_provisioned_product_outputs(call: Call) -> Mapping[str, Any]:
    row = one(call, call.params.get("ProvisionedProductId"), call.params.get("ProvisionedProductName"))
    text = call.tx.value("SELECT outputs_json FROM sc_record WHERE id=?", row["last_successful"])
    outputs = json.loads(text or "[]")
    wanted = call.params.get("OutputKeys")
    if wanted:
        missing = sorted(set(wanted) - {output["OutputKey"] for output in outputs})
        if missing:
            raise invalid(f"Invalid output keys: {', '.join(missing)}.")
        outputs = [output for output in outputs if output["OutputKey"] in wanted]
    found, more = page(call, outputs)
    return {"Outputs": found, **more}


@SERVICE.operation("ListStackInstancesForProvisionedProduct")
def list_stack_instances(call: Call) -> Mapping[str, Any]:
    row = one(call, call.params["ProvisionedProductId"], None)
    # Products with a STACKSET constraint are not launched here, so that none is a stack set's.
    raise invalid(
        f"Provisioned product {row['id']} is of type {TYPE}: only those of stack sets have instances."
    )


@SERVICE.operation("ScanProvisionedProducts")
def scan_provisioned_products(call: Call) -> Mapping[str, Any]:
    found, more = page(call, [row for row in every(call) if records.within(call, row)])
    return {"ProvisionedProducts": [detail(call, row) for row in found], **more}


# Searching


def attributes(call: Call, row: access.Row) -> dict[str, Any]:
    """A provisioned product as the search shows it."""
    tags = call.tx.value("SELECT tags_json FROM sc_record WHERE id=?", row["last_provisioning"])
    found = detail(call, row) | {
        "Tags": json.loads(tags or "[]"),
        "PhysicalId": row["stack"],
        "ProductName": call.tx.value("SELECT name FROM sc_product WHERE id=?", row["product"]),
        "ProvisioningArtifactName": call.tx.value("SELECT name FROM sc_artifact WHERE id=?", row["artifact"]),
        "UserArn": row["owner"],
        "UserArnSession": row["session"],
    }
    del found["Arn"]
    found = {"Arn": arn(call, row["name"], row["id"]), **found}
    found.pop("LaunchRoleArn", None)
    return {key: value for key, value in found.items() if value not in (None, "")}


SORTED_BY = {name[0].lower() + name[1:]: name for name in (
    "Arn", "Id", "Name", "LastRecordId", "CreatedTime", "Status", "Type", "ProductId", "ProductName",
    "ProvisioningArtifactId", "ProvisioningArtifactName", "PhysicalId", "UserArn", "UserArnSession",
    "IdempotencyToken", "LastProvisioningRecordId", "LastSuccessfulProvisioningRecordId",
)}  # fmt: skip


@SERVICE.operation("SearchProvisionedProducts")
def search_provisioned_products(call: Call) -> Mapping[str, Any]:
    queries = call.params.get("Filters", {}).get("SearchQuery", [])
    rows = [attributes(call, row) for row in every(call) if records.within(call, row)]
    rows = [row for row in rows if all(_fits(row, query) for query in queries)]
    by = call.params.get("SortBy")
    if by is not None:
        if by not in SORTED_BY:
            raise invalid(f"SortBy must be one of {', '.join(sorted(SORTED_BY))}.")
        rows.sort(key=lambda row: str(row.get(SORTED_BY[by], "")))
    if call.params.get("SortOrder") == "DESCENDING":
        rows.reverse()
    found, more = page(call, rows)
    return {"ProvisionedProducts": found, "TotalResultsCount": len(rows), **more}


def _fits(row: Mapping[str, Any], query: str) -> bool:
    """A search term: `key:value`, or text anywhere; `tags:` looks into keys and values."""
    key, colon, value = query.partition(":")
    if colon and key in SORTED_BY:
        return value.strip('"').casefold() in str(row.get(SORTED_BY[key], "")).casefold()
    tags = [part for tag in row.get("Tags", []) for part in tag.values()]
    if colon and key == "tags":
        return any(value.strip('"').casefold() in part.casefold() for part in tags)
    texts = [str(part) for part in row.values() if isinstance(part, str)] + tags
    return any(query.strip('"').casefold() in text.casefold() for text in texts)


# Properties


@SERVICE.operation("UpdateProvisionedProductProperties")
def update_provisioned_product_properties(call: Call) -> Mapping[str, Any]:
    row = one(call, call.params["ProvisionedProductId"], None)
    wanted = call.params["ProvisionedProductProperties"]
    values: dict[str, str] = {}
    if OWNER in wanted:
        values["owner"] = values["session"] = _principal(call, wanted[OWNER])
    if LAUNCH_ROLE in wanted:
        if not row["launch_role"]:
            raise invalid(f"{row['id']} was launched without a launch role: it cannot get one.")
        values["launch_role"] = _principal(call, wanted[LAUNCH_ROLE])
    if not values:
        raise invalid(f"Properties are {OWNER} and {LAUNCH_ROLE}.")
    update(call.tx, "sc_provisioned", row["id"], values)
    record = records.begin(call, {**dict(row), **values}, records.UPDATE, {})
    records.end(call, record)
    update(call.tx, "sc_provisioned", row["id"], {"last_record": record})
    return {
        "ProvisionedProductId": row["id"],
        "ProvisionedProductProperties": wanted,
        "RecordId": record,
        "Status": "SUCCEEDED",
    }


def _principal(call: Call, value: str) -> str:
    parts = value.split(":")
    if len(parts) != 6 or parts[2] != "iam" or parts[4] != call.account:
        raise invalid(f"{value} is no ARN of a user or role of account {call.account}.")
    return value
