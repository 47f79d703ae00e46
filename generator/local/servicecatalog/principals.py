"""Who may use a portfolio: IAM principals by ARN, or by a pattern that names no account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, limits
from generator.local.servicecatalog.catalog import SERVICE, invalid, not_found
from generator.local.servicecatalog.paging import page

IAM = re.compile(r"arn:[\w-]+:(iam::\d{12}:(user|group|role)/[\w+=,.@/-]+|iam::\d{12}:root)")
# The account is left out, so that the same name fits in every account that a portfolio is shared with.
PATTERN = re.compile(r"arn:[\w-]+:iam:::(user|group|role)/[\w+=,.@/*?-]+")


@SERVICE.operation("AssociatePrincipalWithPortfolio")
def associate(call: Call) -> Mapping[str, Any]:
    portfolio = access.portfolio(call, call.params["PortfolioId"])["id"]
    arn, kind = call.params["PrincipalARN"], call.params["PrincipalType"]
    if not (IAM if kind == "IAM" else PATTERN).fullmatch(arn):
        raise invalid(f"Principal ARN {arn} is not valid for principal type {kind}.")
    if kind == "IAM_PATTERN" and not re.search(r"/.*[^*?/]", arn):
        raise invalid(f"Principal pattern {arn} must name more than wildcards.")
    if _one(call, portfolio, arn) is not None:
        return {}  # a repeated association is accepted in silence
    known = of_portfolio(call, portfolio)
    limits.check("principals_per_portfolio", len(known) + 1, "principals on a portfolio")
    if kind == "IAM_PATTERN":
        patterns = sum(row["type"] == kind for row in known)
        limits.check("patterns_per_portfolio", patterns + 1, "principal patterns on a portfolio")
    call.tx.insert(
        "sc_principal", {"portfolio": portfolio, "account": call.account, "arn": arn, "type": kind}
    )
    _check_products(call, portfolio)
    return {}


@SERVICE.operation("DisassociatePrincipalFromPortfolio")
def disassociate(call: Call) -> Mapping[str, Any]:
    portfolio = access.portfolio(call, call.params["PortfolioId"])["id"]
    arn = call.params["PrincipalARN"]
    row = _one(call, portfolio, arn)
    # Without a type the API looks for an IAM principal (botocore model).
    if row is None or row["type"] != call.params.get("PrincipalType", "IAM"):
        raise not_found("Principal", arn)
    call.tx.execute("DELETE FROM sc_principal WHERE seq=?", row["seq"])
    return {}


@SERVICE.operation("ListPrincipalsForPortfolio")
def list_principals(call: Call) -> Mapping[str, Any]:
    portfolio = access.portfolio(call, call.params["PortfolioId"])["id"]
    found, more = page(call, of_portfolio(call, portfolio))
    return {
        "Principals": [{"PrincipalARN": row["arn"], "PrincipalType": row["type"]} for row in found],
        **more,
    }


def _one(call: Call, portfolio: str, arn: str) -> access.Row | None:
    return call.tx.one(
        "SELECT * FROM sc_principal WHERE portfolio=? AND account=? AND arn=?", portfolio, call.account, arn
    )


def of_portfolio(call: Call, portfolio: str) -> list[access.Row]:
    """The principals this account gave, and the patterns that a share brings along."""
    return call.tx.all(
        "SELECT * FROM sc_principal WHERE portfolio=? AND account=? ORDER BY seq", portfolio, call.account
    ) + _shared(call, portfolio)


def _shared(call: Call, portfolio: str) -> list[access.Row]:
    if not any(s["principals"] and access.accepts(call, s) for s in access.offers(call, portfolio)):
        return []
    return call.tx.all(
        "SELECT * FROM sc_principal WHERE portfolio=? AND account<>? AND type='IAM_PATTERN' ORDER BY seq",
        portfolio,
        call.account,
    )


def _check_products(call: Call, portfolio: str) -> None:
    """Every product of the portfolio counts the principals of all the portfolios it is in."""
    most = call.tx.value(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM sc_association a"
        " JOIN sc_association b ON b.product = a.product JOIN sc_principal p ON p.portfolio = b.portfolio"
        " WHERE a.portfolio=? GROUP BY a.product)",
        portfolio,
    )
    limits.check("principals_per_product", most or 0, "principals on a product")
