"""Provisioning artifacts: the versions of a product. Their content never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, limits, templates
from generator.local.servicecatalog.catalog import (
    SERVICE,
    at,
    given,
    in_use,
    invalid,
    new_id,
    not_found,
    update,
)

TYPES = {
    "CLOUD_FORMATION_TEMPLATE": "CLOUD_FORMATION_TEMPLATE",
    "TERRAFORM_OPEN_SOURCE": "TERRAFORM_OPEN_SOURCE",
    "TERRAFORM_CLOUD": "TERRAFORM_CLOUD",
    "EXTERNAL": "EXTERNAL",
}
SOURCES = ("LoadTemplateFromURL", "ImportFromPhysicalId")


def detail(row: access.Row) -> dict[str, Any]:
    return {
        "Id": row["id"],
        "Name": row["name"],
        "Description": row["description"],
        "Type": row["type"],
        "CreatedTime": at(row["created"]),
        "Active": bool(row["active"]),
        "Guidance": row["guidance"],
    }


def summary(row: access.Row) -> dict[str, Any]:
    """A version as products list it: without Active and Guidance."""
    return {
        "Id": row["id"],
        "Name": row["name"],
        "Description": row["description"],
        "CreatedTime": at(row["created"]),
        "ProvisioningArtifactMetadata": json.loads(row["info_json"]),
    }


def of_product(call: Call, product: str) -> list[access.Row]:
    return call.tx.all("SELECT * FROM sc_artifact WHERE product=? ORDER BY seq", product)


def create(call: Call, product: access.Row, given_: Mapping[str, Any]) -> access.Row:
    """Add a version to a product: fetch, check, copy, record."""
    rows = of_product(call, product["id"])
    limits.check("versions", len(rows) + 1, "versions of a product")
    kind = given_.get("Type", TYPES.get(product["type"], ""))
    if kind != TYPES.get(product["type"]):
        raise invalid(f"A product of type {product['type']} has no versions of type {kind}.")
    if any(character.isspace() for character in given_.get("Name", "")):
        raise invalid("The name of a provisioning artifact must not contain spaces.")
    source, value = _source(given_.get("Info", {}))
    body = templates.fetch(call, value) if source == SOURCES[0] else templates.from_stack(call, value)
    content = templates.read(body, kind, validate=not given_.get("DisableTemplateValidation", False))
    return add(call, product["id"], kind, content, given_, value if source == SOURCES[0] else None)


def add(
    call: Call,
    product: str,
    kind: str,
    content: templates.Content,
    named: Mapping[str, Any],
    source_url: str | None,
) -> access.Row:
    """Record a version whose content is known, and keep a copy of it."""
    ident = new_id("pa")
    key = f"{call.account}/{ident}"
    templates.keep(call, key, content)
    call.tx.insert(
        "sc_artifact",
        {
            "id": ident,
            "product": product,
            "type": kind,
            "status": content.status,
            "info_json": json.dumps({"TemplateUrl": templates.url(call.region, key)}),
            "parameters_json": json.dumps(content.parameters),
            "outputs_json": json.dumps(content.outputs),
            "template_key": key,
            "source_url": source_url,
            "created": call.now.timestamp(),
            **given(named, {"Name": "name", "Description": "description"}),
        },
    )
    call.weather.unsettle(ident, call.forecast)
    return access.artifact(call, product, ident)


def _source(info: Mapping[str, str]) -> tuple[str, str]:
    known = [name for name in SOURCES if name in info]
    if len(known) != 1 or len(info) != 1:
        raise invalid(f"Info must have exactly one of {' and '.join(SOURCES)}.")
    return known[0], info[known[0]]


def status(call: Call, row: access.Row) -> str:
    """A version is being created for a moment, then available or failed."""
    return "CREATING" if call.weather.unseen(row["id"]) else str(row["status"])


@SERVICE.operation("CreateProvisioningArtifact")
def create_provisioning_artifact(call: Call) -> Mapping[str, Any]:
    product = access.own_product(call, call.params["ProductId"])
    row = create(call, product, call.params["Parameters"])
    return {
        "ProvisioningArtifactDetail": detail(row),
        "Info": json.loads(row["info_json"]),
        "Status": "CREATING",
    }


@SERVICE.operation("UpdateProvisioningArtifact")
def update_provisioning_artifact(call: Call) -> Mapping[str, Any]:
    product = access.own_product(call, call.params["ProductId"])["id"]
    ident = access.artifact(call, product, call.params["ProvisioningArtifactId"])["id"]
    if any(character.isspace() for character in call.params.get("Name", "")):
        raise invalid("The name of a provisioning artifact must not contain spaces.")
    columns = {"Name": "name", "Description": "description", "Active": "active", "Guidance": "guidance"}
    update(call.tx, "sc_artifact", ident, given(call.params, columns))
    row = access.artifact(call, product, ident)
    return {
        "ProvisioningArtifactDetail": detail(row),
        "Info": json.loads(row["info_json"]),
        "Status": status(call, row),
    }


@SERVICE.operation("DeleteProvisioningArtifact")
def delete_provisioning_artifact(call: Call) -> Mapping[str, Any]:
    product = access.own_product(call, call.params["ProductId"])["id"]
    row = access.artifact(call, product, call.params["ProvisioningArtifactId"])
    if len(of_product(call, product)) == 1:
        raise in_use(f"{row['id']} is the last provisioning artifact of {product} and cannot be deleted.")
    if call.tx.one("SELECT 1 FROM sc_service_action_link WHERE artifact=?", row["id"]):
        raise in_use(f"{row['id']} has associated service actions.")
    remove(call, row)
    return {}


def remove(call: Call, row: access.Row) -> None:
    call.tx.execute("DELETE FROM sc_artifact WHERE id=?", row["id"])
    templates.drop(call, row["template_key"])


@SERVICE.operation("ListProvisioningArtifacts")
def list_provisioning_artifacts(call: Call) -> Mapping[str, Any]:
    # Answers with everything: there is a NextPageToken in the answer and none in the question (botocore model).
    product = access.product(call, call.params["ProductId"])
    return {"ProvisioningArtifactDetails": [detail(row) for row in visible(call, product)]}


def visible(call: Call, product: access.Row) -> list[access.Row]:
    """The versions an account sees: all of its own products, the active ones of others'."""
    rows = of_product(call, product["id"])
    return rows if product["account"] == call.account else [row for row in rows if row["active"]]


@SERVICE.operation("DescribeProvisioningArtifact")
def describe_provisioning_artifact(call: Call) -> Mapping[str, Any]:
    row = _asked(call)
    answer: dict[str, Any] = {
        "ProvisioningArtifactDetail": detail(row),
        "Info": json.loads(row["info_json"]),
        "Status": status(call, row),
    }
    if call.params.get("IncludeProvisioningArtifactParameters"):
        answer["ProvisioningArtifactParameters"] = json.loads(row["parameters_json"])
    return answer


def _asked(call: Call) -> access.Row:
    from generator.local.servicecatalog.products import by_name, one_of

    ident, name = one_of(call, "ProvisioningArtifactId", "ProvisioningArtifactName")
    product_id, product_name = call.params.get("ProductId"), call.params.get("ProductName")
    if product_id and product_name:
        raise invalid("Give ProductId or ProductName, not both.")
    if product_id:
        product = access.product(call, product_id)
    elif product_name:
        product = by_name(call, product_name)
    elif ident:
        owner = call.tx.value("SELECT product FROM sc_artifact WHERE id=?", ident)
        if owner is None:
            raise not_found("Provisioning artifact", ident)
        product = access.product(call, owner)
    else:
        raise invalid("A provisioning artifact's name needs ProductId or ProductName.")
    rows = [r for r in visible(call, product) if r["id"] == ident or (name and r["name"] == name)]
    if not rows:
        raise not_found("Provisioning artifact", ident or name or "")
    if len(rows) > 1:
        raise invalid(f"Several provisioning artifacts of {product['id']} are named {name}: give the id.")
    return rows[0]
