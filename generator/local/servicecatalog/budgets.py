"""Budgets on portfolios and products: their names only; the budgets themselves are AWS Budgets' matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, limits
from generator.local.servicecatalog.catalog import SERVICE, duplicate, not_found
from generator.local.servicecatalog.paging import page
from generator.local.transaction import Tx


def of_resource(tx: Tx, resource: str) -> list[dict[str, str]]:
    rows = tx.all("SELECT name FROM sc_budget WHERE resource=? ORDER BY seq", resource)
    return [{"BudgetName": row["name"]} for row in rows]


def _resource(call: Call) -> str:
    ident = call.params["ResourceId"]
    find = access.own_portfolio if ident.startswith("port-") else access.own_product
    return str(find(call, ident)["id"])


@SERVICE.operation("AssociateBudgetWithResource")
def associate(call: Call) -> Mapping[str, Any]:
    resource, name = _resource(call), call.params["BudgetName"]
    known = of_resource(call.tx, resource)
    if {"BudgetName": name} in known:
        raise duplicate(f"Budget {name} is already associated with {resource}.")
    limits.check("budgets_per_resource", len(known) + 1, "budgets on a portfolio or product")
    call.tx.insert("sc_budget", {"resource": resource, "name": name})
    return {}


@SERVICE.operation("DisassociateBudgetFromResource")
def disassociate(call: Call) -> Mapping[str, Any]:
    resource, name = _resource(call), call.params["BudgetName"]
    gone = call.tx.execute("DELETE FROM sc_budget WHERE resource=? AND name=?", resource, name)
    if not gone.rowcount:
        raise not_found("Budget", name)
    return {}


@SERVICE.operation("ListBudgetsForResource")
def list_budgets(call: Call) -> Mapping[str, Any]:
    found, more = page(call, of_resource(call.tx, _resource(call)))
    return {"Budgets": found, **more}
