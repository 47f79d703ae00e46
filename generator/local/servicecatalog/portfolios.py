"""Portfolios, and which products are in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, budgets, limits, tag_options
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
from generator.local.servicecatalog.paging import page

COLUMNS = {"DisplayName": "name", "Description": "description", "ProviderName": "provider"}


def detail(row: access.Row) -> dict[str, Any]:
    return {
        "Id": row["id"],
        "ARN": arn(row["region"], row["account"], f"portfolio/{row['id']}"),
        "DisplayName": row["name"],
        "Description": row["description"],
        "CreatedTime": at(row["created"]),
        "ProviderName": row["provider"],
    }


@SERVICE.operation("CreatePortfolio")
def create_portfolio(call: Call) -> Mapping[str, Any]:
    count = call.tx.value(
        "SELECT count(*) FROM sc_portfolio WHERE account=? AND region=?", call.account, call.region
    )
    limits.check("portfolios", count + 1, "portfolios in a region")
    ident = new_id("port")
    call.tx.insert(
        "sc_portfolio",
        {
            "id": ident,
            "account": call.account,
            "region": call.region,
            "created": call.now.timestamp(),
            **given(call.params, COLUMNS),
        },
    )
    add_tags(call, ident, call.params.get("Tags", ()))
    return {"PortfolioDetail": detail(access.own_portfolio(call, ident)), "Tags": tags(call.tx, ident)}


@SERVICE.operation("UpdatePortfolio")
def update_portfolio(call: Call) -> Mapping[str, Any]:
    ident = access.own_portfolio(call, call.params["Id"])["id"]
    update(call.tx, "sc_portfolio", ident, given(call.params, COLUMNS))
    add_tags(call, ident, call.params.get("AddTags", ()), gone=call.params.get("RemoveTags", ()))
    return {"PortfolioDetail": detail(access.own_portfolio(call, ident)), "Tags": tags(call.tx, ident)}


@SERVICE.operation("DescribePortfolio")
def describe_portfolio(call: Call) -> Mapping[str, Any]:
    row = access.portfolio(call, call.params["Id"])
    return {
        "PortfolioDetail": detail(row),
        "Tags": tags(call.tx, row["id"]),
        "TagOptions": tag_options.of_resource(call, row["id"]),
        "Budgets": budgets.of_resource(call.tx, row["id"]),
    }


@SERVICE.operation("DeletePortfolio")
def delete_portfolio(call: Call) -> Mapping[str, Any]:
    ident = access.own_portfolio(call, call.params["Id"])["id"]
    for table, what in (
        ("sc_association", "Products"),
        ("sc_constraint", "Constraints"),
        ("sc_principal", "Principals"),
        ("sc_share", "Shares"),
    ):
        if call.tx.one(f"SELECT 1 FROM {table} WHERE portfolio=?", ident):  # noqa: S608 - our own names
            raise in_use(f"Portfolio {ident} still has associated {what}.")
    forget(call.tx, ident)
    call.tx.execute("DELETE FROM sc_import WHERE portfolio=?", ident)
    call.tx.execute("DELETE FROM sc_portfolio WHERE id=?", ident)
    return {}


@SERVICE.operation("ListPortfolios")
def list_portfolios(call: Call) -> Mapping[str, Any]:
    rows = call.tx.all(
        "SELECT * FROM sc_portfolio WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )
    found, more = page(call, rows)
    return {"PortfolioDetails": [detail(row) for row in found], **more}


@SERVICE.operation("ListPortfoliosForProduct")
def list_portfolios_for_product(call: Call) -> Mapping[str, Any]:
    product = access.product(call, call.params["ProductId"])
    rows = call.tx.all(
        "SELECT p.* FROM sc_portfolio p JOIN sc_association a ON a.portfolio = p.id"
        " WHERE a.product=? ORDER BY a.seq",
        product["id"],
    )
    visible = [row for row in rows if row["account"] == call.account or access.imported(call, row["id"])]
    found, more = page(call, visible)
    return {"PortfolioDetails": [detail(row) for row in found], **more}


@SERVICE.operation("AssociateProductWithPortfolio")
def associate_product(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    product = access.product(call, call.params["ProductId"])
    source = call.params.get("SourcePortfolioId")
    if source is not None:
        access.portfolio(call, source)
        if access.association(call, source, product["id"]) is None:
            raise not_found("Product", product["id"])
    elif product["account"] != call.account:
        raise invalid(f"Product {product['id']} is shared: SourcePortfolioId must name its portfolio.")
    if access.association(call, portfolio, product["id"]) is not None:
        return {}  # a repeated association is accepted in silence
    count = call.tx.value("SELECT count(*) FROM sc_association WHERE portfolio=?", portfolio)
    limits.check("products_per_portfolio", count + 1, "products in a portfolio")
    call.tx.insert(
        "sc_association",
        {
            "portfolio": portfolio,
            "product": product["id"],
            "source": source,
            "created": call.now.timestamp(),
        },
    )
    call.weather.unsettle(f"{portfolio} {product['id']}", call.forecast)
    return {}


@SERVICE.operation("DisassociateProductFromPortfolio")
def disassociate_product(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    product = access.product(call, call.params["ProductId"])["id"]
    if access.association(call, portfolio, product) is None:
        raise not_found("Product", f"{product} in portfolio {portfolio}")
    if call.tx.one("SELECT 1 FROM sc_constraint WHERE portfolio=? AND product=?", portfolio, product):
        raise in_use(f"Product {product} still has constraints in portfolio {portfolio}.")
    call.tx.execute("DELETE FROM sc_association WHERE portfolio=? AND product=?", portfolio, product)
    return {}
