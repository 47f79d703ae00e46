"""The catalogue as end users see it: products that a launch path leads to, and their active versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, artifacts, budgets, launch_paths, products, search
from generator.local.servicecatalog.catalog import SERVICE, invalid, not_found
from generator.local.servicecatalog.paging import page


def seen(call: Call) -> list[access.Row]:
    """The products that the caller may come to."""
    rows: dict[str, access.Row] = {}
    for portfolio in launch_paths.portfolios(call):
        inside = call.tx.all(
            "SELECT p.* FROM sc_product p JOIN sc_association a ON a.product = p.id WHERE a.portfolio=?",
            portfolio["id"],
        )
        rows |= {row["id"]: row for row in inside}
    return sorted(rows.values(), key=lambda row: int(row["seq"]))


def versions(call: Call, product: str) -> list[access.Row]:
    """The versions that end users see: an inactive one is invisible to them."""
    return [row for row in artifacts.of_product(call, product) if row["active"]]


def asked_product(call: Call, ident: str, name: str) -> access.Row:
    """The product that the parameters of these names mean, among those that the caller may come to."""
    by_id, by_name = products.one_of(call, ident, name)
    found = [row for row in seen(call) if row["id"] == by_id or (by_name and row["name"] == by_name)]
    if not found:
        # AWS does not tell a missing product from one that the caller is no principal of.
        raise not_found("Product", str(by_id or by_name))
    if len(found) > 1:
        raise invalid(f"Several products are named {by_name}: give the id.")
    return found[0]


def asked_version(call: Call, product: access.Row) -> access.Row:
    """The active version that ProvisioningArtifactId or -Name means."""
    ident, name = products.one_of(call, "ProvisioningArtifactId", "ProvisioningArtifactName")
    rows = versions(call, product["id"])
    found = [row for row in rows if row["id"] == ident or (name and row["name"] == name)]
    if not found:
        raise not_found("Provisioning artifact", str(ident or name))
    if len(found) > 1:
        raise invalid(f"Several provisioning artifacts of {product['id']} are named {name}: give the id.")
    return found[0]


def _version(row: access.Row) -> dict[str, Any]:
    detail = artifacts.detail(row)
    return {name: detail[name] for name in ("Id", "Name", "Description", "CreatedTime", "Guidance")}


@SERVICE.operation("DescribeProduct")
def describe_product(call: Call) -> Mapping[str, Any]:
    row = asked_product(call, "Id", "Name")
    return {
        "ProductViewSummary": products.summary(row),
        "ProvisioningArtifacts": [_version(version) for version in versions(call, row["id"])],
        "Budgets": budgets.of_resource(call.tx, row["id"]),
        "LaunchPaths": [{"Id": p.id, "Name": p.name} for p in launch_paths.paths(call, row["id"])],
    }


@SERVICE.operation("DescribeProductView")
def describe_product_view(call: Call) -> Mapping[str, Any]:
    found = [row for row in seen(call) if row["view_id"] == call.params["Id"]]
    if not found:
        raise not_found("Product view", call.params["Id"])
    return {
        "ProductViewSummary": products.summary(found[0]),
        "ProvisioningArtifacts": [_version(version) for version in versions(call, found[0]["id"])],
    }


@SERVICE.operation("SearchProducts")
def search_products(call: Call) -> Mapping[str, Any]:
    filters: search.Filters = call.params.get("Filters", {})
    rows = [row for row in seen(call) if search.matches(row, filters, {})]
    found, more = page(call, search.ordered(call, rows))
    return {
        "ProductViewSummaries": [products.summary(row) for row in found],
        "ProductViewAggregations": {
            "Owner": _counted(row["owner"] for row in rows),
            "ProductType": _counted(row["type"] for row in rows),
            "Vendor": _counted(row["distributor"] for row in rows if row["distributor"]),
        },
        **more,
    }


def _counted(values: Any) -> list[dict[str, Any]]:
    return [{"Value": value, "ApproximateCount": count} for value, count in sorted(Counter(values).items())]
