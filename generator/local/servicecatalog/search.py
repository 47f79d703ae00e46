"""The administrator's search for products: filters, an order, pages. It gives no tags and cannot filter by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, products
from generator.local.servicecatalog.catalog import SERVICE, invalid
from generator.local.servicecatalog.paging import page

TEXT = ("id", "name", "owner", "description", "distributor")
Filters = Mapping[str, Sequence[str]]


def matches(row: access.Row, filters: Filters, sources: Mapping[str, str]) -> bool:
    """Whether a product fits every filter, in one of its values each."""
    return all(any(_fits(row, key, v, sources) for v in values) for key, values in filters.items())


def _fits(row: access.Row, key: str, value: str, sources: Mapping[str, str]) -> bool:
    match key:
        case "FullTextSearch":
            words = " ".join(str(row[name] or "") for name in TEXT).casefold().split()
            return all(any(w.startswith(term) for w in words) for term in value.casefold().split())
        case "Owner":
            return bool(row["owner"] == value)
        case "ProductType":
            return bool(row["type"] == value)
        case "SourceProductId":
            return sources.get(row["id"]) == value
        case _:
            raise invalid(f"There is no filter {key}.")


def ordered(call: Call, rows: list[access.Row]) -> list[access.Row]:
    """By title, number of versions or creation, else as created; ties stay as created."""
    by = call.params.get("SortBy")
    if by == "Title":
        rows = sorted(rows, key=lambda row: row["name"].casefold())
    elif by == "VersionCount":
        counts = {
            r[0]: r[1] for r in call.tx.all("SELECT product, count(*) FROM sc_artifact GROUP BY product")
        }
        rows = sorted(rows, key=lambda row: counts.get(row["id"], 0))
    return rows[::-1] if call.params.get("SortOrder") == "DESCENDING" else rows


@SERVICE.operation("SearchProductsAsAdmin")
def search_products_as_admin(call: Call) -> Mapping[str, Any]:
    filters: Filters = call.params.get("Filters", {})
    portfolio = call.params.get("PortfolioId")
    if portfolio is None:
        rows = call.tx.all(
            "SELECT * FROM sc_product WHERE account=? AND region=? ORDER BY seq", call.account, call.region
        )
        sources: dict[str, str] = {}
    else:
        access.portfolio(call, portfolio)
        rows = call.tx.all(
            "SELECT p.* FROM sc_product p JOIN sc_association a ON a.product = p.id"
            " WHERE a.portfolio=? ORDER BY p.seq",
            portfolio,
        )
        # An imported product is its own source, wherever it is put.
        sources = {row["id"]: row["id"] for row in rows if row["account"] != call.account}
    found, more = page(call, ordered(call, [row for row in rows if matches(row, filters, sources)]))
    return {"ProductViewDetails": [products.detail(row) for row in found], **more}
