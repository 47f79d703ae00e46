"""Products, as their administrator sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, artifacts, budgets, limits, tag_options
from generator.local.servicecatalog.catalog import (
    SERVICE,
    add_tags,
    arn,
    at,
    forget,
    given,
    in_use,
    invalid,
    new_id,
    not_found,
    tags,
    update,
)

COLUMNS = {
    "Name": "name",
    "Owner": "owner",
    "Description": "description",
    "Distributor": "distributor",
    "SupportDescription": "support_description",
    "SupportEmail": "support_email",
    "SupportUrl": "support_url",
}
SUPPORT_URL = re.compile(r"https?://.*", re.DOTALL)


def summary(row: access.Row) -> dict[str, Any]:
    """A product as end users see it."""
    return {
        "Id": row["view_id"],
        "ProductId": row["id"],
        "Name": row["name"],
        "Owner": row["owner"],
        "ShortDescription": row["description"],
        "Type": row["type"],
        "Distributor": row["distributor"],
        "HasDefaultPath": False,
        "SupportEmail": row["support_email"],
        "SupportDescription": row["support_description"],
        "SupportUrl": row["support_url"],
    }


def detail(row: access.Row) -> dict[str, Any]:
    found = {
        "ProductViewSummary": summary(row),
        "Status": "AVAILABLE",
        "ProductARN": arn(row["region"], row["account"], f"product/{row['id']}"),
        "CreatedTime": at(row["created"]),
    }
    if row["source_json"]:
        found["SourceConnection"] = json.loads(row["source_json"])
    return found


def one_of(call: Call, first: str, second: str) -> tuple[str | None, str | None]:
    """The two parameters, of which exactly one must be there."""
    values = call.params.get(first), call.params.get(second)
    if (values[0] is None) == (values[1] is None):
        raise invalid(f"Give exactly one of {first} and {second}.")
    return values


def by_name(call: Call, name: str) -> access.Row:
    """The product of this name; names are not unique, and an ambiguous one is refused."""
    rows = call.tx.all("SELECT * FROM sc_product WHERE name=? AND region=? ORDER BY seq", name, call.region)
    seen = [row for row in rows if row["account"] == call.account or _visible(call, row["id"])]
    if not seen:
        raise not_found("Product", name)
    if len(seen) > 1:
        raise invalid(f"Several products are named {name}: give the id.")
    return seen[0]


def _visible(call: Call, ident: str) -> bool:
    rows = call.tx.all("SELECT portfolio FROM sc_association WHERE product=?", ident)
    return any(access.imported(call, row["portfolio"]) for row in rows)


def check_room(call: Call) -> None:
    count = call.tx.value(
        "SELECT count(*) FROM sc_product WHERE account=? AND region=?", call.account, call.region
    )
    limits.check("products", count + 1, "products in a region")


def add(call: Call, kind: str, values: Mapping[str, Any]) -> access.Row:
    """Record a product without versions."""
    check_room(call)
    ident = new_id("prod")
    call.tx.insert(
        "sc_product",
        {
            "id": ident,
            "view_id": new_id("prodview"),
            "account": call.account,
            "region": call.region,
            "type": kind,
            "created": call.now.timestamp(),
            **values,
        },
    )
    return access.own_product(call, ident)


def _checked(params: Mapping[str, Any]) -> dict[str, Any]:
    url = params.get("SupportUrl")
    if url and not SUPPORT_URL.fullmatch(url):
        raise invalid(f"SupportUrl {url} must begin with http:// or https://.")
    return given(params, COLUMNS)


def _source(call: Call) -> str | None:
    connection = call.params.get("SourceConnection")
    if connection is None:
        return None
    if "CodeStar" not in connection["ConnectionParameters"]:
        raise invalid("SourceConnection needs CodeStar parameters.")
    return json.dumps({"Type": "CODESTAR", **connection})


@SERVICE.operation("CreateProduct")
def create_product(call: Call) -> Mapping[str, Any]:
    kind = call.params["ProductType"]
    if kind not in artifacts.TYPES:
        raise invalid(f"Products of type {kind} cannot be created.")
    version, source = call.params.get("ProvisioningArtifactParameters"), _source(call)
    if (version is None) == (source is None):
        raise invalid("Give exactly one of ProvisioningArtifactParameters and SourceConnection.")
    row = add(call, kind, {**_checked(call.params), "source_json": source})
    add_tags(call, row["id"], call.params.get("Tags", ()))
    answer = {"ProductViewDetail": detail(row), "Tags": tags(call.tx, row["id"])}
    if version is not None:
        answer["ProvisioningArtifactDetail"] = artifacts.detail(artifacts.create(call, row, version))
    return answer


@SERVICE.operation("UpdateProduct")
def update_product(call: Call) -> Mapping[str, Any]:
    row = access.own_product(call, call.params["Id"])
    values = _checked(call.params)
    if source := _source(call):
        if not row["source_json"]:
            raise invalid(f"Product {row['id']} has no source connection to update.")
        values["source_json"] = source
    update(call.tx, "sc_product", row["id"], values)
    add_tags(call, row["id"], call.params.get("AddTags", ()), gone=call.params.get("RemoveTags", ()))
    return {
        "ProductViewDetail": detail(access.own_product(call, row["id"])),
        "Tags": tags(call.tx, row["id"]),
    }


@SERVICE.operation("DeleteProduct")
def delete_product(call: Call) -> Mapping[str, Any]:
    ident = access.own_product(call, call.params["Id"])["id"]
    if call.tx.one("SELECT 1 FROM sc_association WHERE product=?", ident):
        raise in_use(f"Product {ident} is associated with a portfolio.")
    if call.tx.one("SELECT 1 FROM sc_service_action_link WHERE product=?", ident):
        raise in_use(f"Product {ident} has associated service actions.")
    for row in artifacts.of_product(call, ident):
        artifacts.remove(call, row)
    forget(call.tx, ident)
    call.tx.execute("DELETE FROM sc_product WHERE id=?", ident)
    return {}


@SERVICE.operation("DescribeProductAsAdmin")
def describe_product_as_admin(call: Call) -> Mapping[str, Any]:
    ident, name = one_of(call, "Id", "Name")
    row = access.product(call, ident) if ident else by_name(call, name or "")
    if source := call.params.get("SourcePortfolioId"):
        access.portfolio(call, source)
        if access.association(call, source, row["id"]) is None:
            raise not_found("Product", f"{row['id']} in portfolio {source}")
    return {
        "ProductViewDetail": detail(row),
        "ProvisioningArtifactSummaries": [artifacts.summary(r) for r in artifacts.visible(call, row)],
        "Tags": tags(call.tx, row["id"]),
        "TagOptions": tag_options.of_resource(call, row["id"]),
        "Budgets": budgets.of_resource(call.tx, row["id"]),
    }
