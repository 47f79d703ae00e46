"""Copies of products: into another product, name or region; unlike an import, a copy does not follow its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, artifacts, limits, products, templates
from generator.local.servicecatalog.catalog import SERVICE, add_tags, invalid, new_id, not_found, tags

ARN = re.compile(r"arn:[\w-]+:catalog:(?P<region>[a-z0-9-]+):\d{12}:product/(?P<id>[\w-]+)")


@SERVICE.operation("CopyProduct")
def copy_product(call: Call) -> Mapping[str, Any]:
    found = ARN.fullmatch(call.params["SourceProductArn"])
    if found is None:
        raise invalid(f"{call.params['SourceProductArn']} is no product ARN.")
    there = replace(call, region=found["region"], _tx=call.tx)
    source = access.product(there, found["id"])
    versions = _versions(there, source)
    target = _target(call, source)
    if "CopyTags" in call.params.get("CopyOptions", ()):
        add_tags(call, target["id"], tags(call.tx, source["id"]))
    count = len(artifacts.of_product(call, target["id"]))
    limits.check("versions", count + len(versions), "versions of a product")
    for row in versions:
        body = templates.stored(there, row["template_key"])
        content = templates.read(body, row["type"], validate=False)
        named = {"Name": row["name"], "Description": row["description"]}
        artifacts.add(call, target["id"], row["type"], content, named, row["source_url"])
    token = new_id("copyproduct")
    call.tx.insert(
        "sc_copy",
        {"token": token, "account": call.account, "region": call.region, "target": target["id"]},
    )
    call.weather.unsettle(token, call.forecast)
    return {"CopyProductToken": token}


def _versions(there: Call, source: access.Row) -> list[access.Row]:
    rows = artifacts.visible(there, source)
    asked = there.params.get("SourceProvisioningArtifactIdentifiers")
    if asked is None:
        return rows
    by_id = {row["id"]: row for row in rows}
    wanted = [entry.get("Id", "") for entry in asked]
    missing = [ident for ident in wanted if ident not in by_id]
    if missing:
        raise not_found("Provisioning artifact", missing[0])
    return [by_id[ident] for ident in wanted]


def _target(call: Call, source: access.Row) -> access.Row:
    ident, name = call.params.get("TargetProductId"), call.params.get("TargetProductName")
    if ident is not None:
        if name is not None:
            raise invalid("Give TargetProductId or TargetProductName, not both.")
        target = access.own_product(call, ident)
        if target["type"] != source["type"]:
            raise invalid(f"Product {ident} is of type {target['type']}, not {source['type']}.")
        return target
    values = {column: source[column] for column in products.COLUMNS.values()}
    return products.add(call, source["type"], {**values, "name": name or f"{source['name']}-copy"})


@SERVICE.operation("DescribeCopyProductStatus")
def describe_copy(call: Call) -> Mapping[str, Any]:
    token = call.params["CopyProductToken"]
    row = call.tx.one(
        "SELECT target FROM sc_copy WHERE token=? AND account=? AND region=?",
        token,
        call.account,
        call.region,
    )
    if row is None:
        raise not_found("Copy", token)
    if call.weather.unseen(token):
        return {"CopyProductStatus": "IN_PROGRESS", "TargetProductId": row["target"]}
    return {"CopyProductStatus": "SUCCEEDED", "TargetProductId": row["target"]}
