"""Constraints on a product in a portfolio: how it is launched, with what, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local import authorization
from generator.local.service import Call
from generator.local.servicecatalog import access, constraint_text, limits
from generator.local.servicecatalog.catalog import (
    SERVICE,
    duplicate,
    given,
    invalid,
    new_id,
    not_found,
    update,
)
from generator.local.servicecatalog.paging import page

SINGLE = frozenset({"LAUNCH", "STACKSET", "RESOURCE_UPDATE"})
# A stack set chooses its own roles, so a launch role beside it would mean nothing.
EXCLUDES = {"LAUNCH": "STACKSET", "STACKSET": "LAUNCH"}


def detail(row: access.Row) -> dict[str, Any]:
    return {
        "ConstraintId": row["id"],
        "Type": row["type"],
        "Description": row["description"],
        "Owner": row["account"],
        "ProductId": row["product"],
        "PortfolioId": row["portfolio"],
    }


def _own(call: Call, ident: str) -> access.Row:
    row = call.tx.one("SELECT * FROM sc_constraint WHERE id=?", ident)
    if row is None:
        raise not_found("Constraint", ident)
    access.own_portfolio(call, row["portfolio"])
    return row


def _answer(row: access.Row, status: str) -> Mapping[str, Any]:
    return {"ConstraintDetail": detail(row), "ConstraintParameters": row["parameters"], "Status": status}


@SERVICE.operation("CreateConstraint")
def create(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    product = access.product(call, call.params["ProductId"])["id"]
    unseen = call.weather.unseen(f"{portfolio} {product}")
    if access.association(call, portfolio, product) is None or unseen:
        raise not_found("Product", f"{product} in portfolio {portfolio}")
    kind, text = call.params["Type"], call.params["Parameters"]
    _check_role(call, constraint_text.check(kind, text))
    rows = call.tx.all("SELECT type FROM sc_constraint WHERE portfolio=? AND product=?", portfolio, product)
    _check_beside(kind, [row["type"] for row in rows])
    limits.check("constraints", len(rows) + 1, "constraints on a product in a portfolio")
    ident = new_id("cons")
    call.tx.insert(
        "sc_constraint",
        {
            "id": ident,
            "account": call.account,
            "portfolio": portfolio,
            "product": product,
            "type": kind,
            "parameters": text,
            "description": call.params.get("Description"),
        },
    )
    return _answer(_own(call, ident), "CREATING")


def _check_role(call: Call, parameters: Mapping[str, Any]) -> None:
    role = parameters.get("RoleArn")
    name = parameters.get("LocalRoleName")
    if role or name:
        passed = role or f"arn:{call.partition}:iam::{call.account}:role/{name}"
        authorization.require(call, "iam:GetRole", passed)
        authorization.require(
            call, "iam:PassRole", passed, {"iam:PassedToService": "servicecatalog.amazonaws.com"}
        )
    if role and call.weather.unseen(f"role {role}"):
        raise invalid(f"The profile does not exist: {role}")


def _check_beside(kind: str, others: list[str]) -> None:
    if kind in SINGLE and kind in others:
        raise duplicate(f"There is a {kind} constraint on this product in this portfolio already.")
    if EXCLUDES.get(kind) in others:
        raise invalid(f"A {kind} constraint cannot stand beside a {EXCLUDES[kind]} constraint.")


@SERVICE.operation("UpdateConstraint")
def update_constraint(call: Call) -> Mapping[str, Any]:
    row = _own(call, call.params["Id"])
    if "Parameters" in call.params:
        _check_role(call, constraint_text.check(row["type"], call.params["Parameters"]))
    columns = {"Description": "description", "Parameters": "parameters"}
    update(call.tx, "sc_constraint", row["id"], given(call.params, columns))
    return _answer(_own(call, row["id"]), "AVAILABLE")


@SERVICE.operation("DeleteConstraint")
def delete(call: Call) -> Mapping[str, Any]:
    ident = _own(call, call.params["Id"])["id"]
    call.tx.execute("DELETE FROM sc_constraint WHERE id=?", ident)
    return {}


@SERVICE.operation("DescribeConstraint")
def describe(call: Call) -> Mapping[str, Any]:
    row = call.tx.one("SELECT * FROM sc_constraint WHERE id=?", call.params["Id"])
    if row is None:
        raise not_found("Constraint", call.params["Id"])
    access.portfolio(call, row["portfolio"])
    return _answer(row, "AVAILABLE")


@SERVICE.operation("ListConstraintsForPortfolio")
def list_constraints(call: Call) -> Mapping[str, Any]:
    portfolio = access.portfolio(call, call.params["PortfolioId"])["id"]
    product = call.params.get("ProductId")
    rows = call.tx.all("SELECT * FROM sc_constraint WHERE portfolio=? ORDER BY seq", portfolio)
    found, more = page(call, [row for row in rows if product in (None, row["product"])])
    return {"ConstraintDetails": [detail(row) for row in found], **more}
