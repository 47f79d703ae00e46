"""TagOptions: the values a tag may take, on portfolios and products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import access, limits
from generator.local.servicecatalog.catalog import (
    SERVICE,
    arn,
    at,
    duplicate,
    in_use,
    invalid,
    new_id,
    not_found,
)
from generator.local.servicecatalog.paging import page

TERRAFORM = frozenset({"TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"})


def detail(row: access.Row) -> dict[str, Any]:
    return {
        "Key": row["key"],
        "Value": row["value"],
        "Active": bool(row["active"]),
        "Id": row["id"],
        "Owner": row["account"],
    }


def of_resource(call: Call, resource: str) -> list[dict[str, Any]]:
    """The TagOptions of a portfolio or product; of a shared one only where its share carries them."""
    rows = call.tx.all(
        "SELECT t.* FROM sc_tag_option t JOIN sc_tag_option_link l ON l.tag_option = t.id"
        " WHERE l.resource=? ORDER BY l.seq",
        resource,
    )
    return [detail(row) for row in rows if row["account"] == call.account or _shared(call, resource)]


def _shared(call: Call, resource: str) -> bool:
    portfolios = [resource]
    if resource.startswith("prod-"):
        rows = call.tx.all("SELECT portfolio FROM sc_association WHERE product=?", resource)
        portfolios = [row["portfolio"] for row in rows]
    return any(
        share["tag_options"] and access.accepts(call, share)
        for portfolio in portfolios
        for share in access.offers(call, portfolio)
    )


def _own(call: Call, ident: str) -> access.Row:
    row = call.tx.one(
        "SELECT * FROM sc_tag_option WHERE id=? AND account=? AND region=?", ident, call.account, call.region
    )
    if row is None:
        raise not_found("TagOption", ident)
    return row


@SERVICE.operation("CreateTagOption")
def create(call: Call) -> Mapping[str, Any]:
    key, value = call.params["Key"], call.params["Value"]
    if key.lower().startswith("aws:"):
        raise invalid(f"TagOption key {key} begins with the reserved prefix aws:.")
    values = call.tx.all(
        "SELECT value FROM sc_tag_option WHERE account=? AND region=? AND key=?",
        call.account,
        call.region,
        key,
    )
    if value in [row["value"] for row in values]:
        raise duplicate(f"TagOption {key}={value} already exists.")
    limits.check("values_per_tag_option", len(values) + 1, "values of a TagOption key")
    ident = new_id("tag")
    call.tx.insert(
        "sc_tag_option",
        {"id": ident, "account": call.account, "region": call.region, "key": key, "value": value},
    )
    return {"TagOptionDetail": detail(_own(call, ident))}


@SERVICE.operation("UpdateTagOption")
def update(call: Call) -> Mapping[str, Any]:
    row = _own(call, call.params["Id"])
    value, active = call.params.get("Value"), call.params.get("Active")
    if value is not None:
        # A value that stays the same counts as a duplicate too.
        taken = call.tx.one(
            "SELECT 1 FROM sc_tag_option WHERE account=? AND region=? AND key=? AND value=?",
            call.account,
            call.region,
            row["key"],
            value,
        )
        if taken:
            raise duplicate(f"TagOption {row['key']}={value} already exists.")
        call.tx.execute("UPDATE sc_tag_option SET value=? WHERE id=?", value, row["id"])
    if active is not None:
        call.tx.execute("UPDATE sc_tag_option SET active=? WHERE id=?", int(active), row["id"])
    return {"TagOptionDetail": detail(_own(call, row["id"]))}


@SERVICE.operation("DeleteTagOption")
def delete(call: Call) -> Mapping[str, Any]:
    ident = _own(call, call.params["Id"])["id"]
    if call.tx.one("SELECT 1 FROM sc_tag_option_link WHERE tag_option=?", ident):
        raise in_use(f"TagOption {ident} is associated with a portfolio or product.")
    call.tx.execute("DELETE FROM sc_tag_option WHERE id=?", ident)
    return {}


@SERVICE.operation("DescribeTagOption")
def describe(call: Call) -> Mapping[str, Any]:
    return {"TagOptionDetail": detail(_own(call, call.params["Id"]))}


@SERVICE.operation("ListTagOptions")
def list_tag_options(call: Call) -> Mapping[str, Any]:
    asked = call.params.get("Filters", {})
    rows = call.tx.all(
        "SELECT * FROM sc_tag_option WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )
    details = [detail(row) for row in rows]
    matching = [item for item in details if all(item[name] == wanted for name, wanted in asked.items())]
    found, more = page(call, matching, token="PageToken")  # noqa: S106 - the member's name here
    return {"TagOptionDetails": found, **more}


@SERVICE.operation("AssociateTagOptionWithResource")
def associate(call: Call) -> Mapping[str, Any]:
    option = _own(call, call.params["TagOptionId"])
    resource = _resource(call)
    if call.tx.one(
        "SELECT 1 FROM sc_tag_option_link WHERE resource=? AND tag_option=?", resource, option["id"]
    ):
        raise duplicate(f"TagOption {option['id']} is already associated with {resource}.")
    if not option["active"]:
        raise ServiceError("InvalidStateException", f"TagOption {option['id']} is not active.")
    count = call.tx.value("SELECT count(*) FROM sc_tag_option_link WHERE resource=?", resource)
    limits.check("tag_options_per_resource", count + 1, "TagOptions on a resource")
    call.tx.insert("sc_tag_option_link", {"resource": resource, "tag_option": option["id"]})
    return {}


def _resource(call: Call) -> str:
    ident = call.params["ResourceId"]
    if ident.startswith("port-"):
        return str(access.own_portfolio(call, ident)["id"])
    row = access.own_product(call, ident)
    if row["type"] in TERRAFORM:
        raise invalid(f"TagOptions are not supported on products of type {row['type']}.")
    return str(row["id"])


@SERVICE.operation("DisassociateTagOptionFromResource")
def disassociate(call: Call) -> Mapping[str, Any]:
    option, resource = call.params["TagOptionId"], call.params["ResourceId"]
    _own(call, option)
    gone = call.tx.execute(
        "DELETE FROM sc_tag_option_link WHERE resource=? AND tag_option=?", resource, option
    )
    if not gone.rowcount:
        raise not_found("TagOption", f"{option} on {resource}")
    return {}


@SERVICE.operation("ListResourcesForTagOption")
def list_resources(call: Call) -> Mapping[str, Any]:
    option = _own(call, call.params["TagOptionId"])["id"]
    kind = call.params.get("ResourceType")
    if kind not in (None, "Portfolio", "Product"):
        raise invalid(f"ResourceType {kind} is neither Portfolio nor Product.")
    rows = call.tx.all("SELECT resource FROM sc_tag_option_link WHERE tag_option=? ORDER BY seq", option)
    resources = [row["resource"] for row in rows]
    prefix = {None: "p", "Portfolio": "port-", "Product": "prod-"}[kind]
    found, more = page(call, [r for r in resources if r.startswith(prefix)], token="PageToken")  # noqa: S106 - the member's name here
    return {"ResourceDetails": [_resource_detail(call, ident) for ident in found], **more}


def _resource_detail(call: Call, ident: str) -> dict[str, Any]:
    kind = "portfolio" if ident.startswith("port-") else "product"
    row = access.own_portfolio(call, ident) if kind == "portfolio" else access.own_product(call, ident)
    return {
        "Id": ident,
        "ARN": arn(row["region"], row["account"], f"{kind}/{ident}"),
        "Name": row["name"],
        "Description": row["description"],
        "CreatedTime": at(row["created"]),
    }
