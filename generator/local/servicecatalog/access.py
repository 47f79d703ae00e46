"""What an account may see and change: its own, and what is shared with it.

A portfolio is visible in an account by an accepted account share, or by an organisation share, which is accepted by
itself unless the account has rejected it. Shares stay within a region.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from generator.local.service import Call
from generator.local.servicecatalog.catalog import not_found

if TYPE_CHECKING:
    from generator.local.servicecatalog.organization import Place

Row = sqlite3.Row


def own_portfolio(call: Call, ident: str) -> Row:
    """A portfolio that this account may change."""
    row = call.tx.one("SELECT * FROM sc_portfolio WHERE id=?", ident)
    if row is None or (row["account"], row["region"]) != (call.account, call.region):
        raise not_found("Portfolio", ident)
    return row


def portfolio(call: Call, ident: str) -> Row:
    """A portfolio that this account may see: its own or an imported one."""
    row = call.tx.one("SELECT * FROM sc_portfolio WHERE id=? AND region=?", ident, call.region)
    if row is None or (row["account"] != call.account and not imported(call, ident)):
        raise not_found("Portfolio", ident)
    return row


def offers(call: Call, ident: str) -> list[Row]:
    """The shares through which a portfolio reaches this account, accepted or not."""
    rows = call.tx.all("SELECT * FROM sc_share WHERE portfolio=?", ident)
    direct = [row for row in rows if row["type"] == "ACCOUNT" and row["node"] == call.account]
    wide = [row for row in rows if row["type"] != "ACCOUNT"]
    if not wide:
        return direct
    place = _place(call)
    return direct + [row for row in wide if place is not None and row["node"] in place.nodes]


def accepts(call: Call, share: Row) -> bool:
    """Whether this account has taken a share: account shares when accepted, others unless rejected."""
    rejected = call.tx.value(
        "SELECT rejected FROM sc_import WHERE portfolio=? AND account=?", share["portfolio"], call.account
    )
    return bool(rejected == 0 if share["type"] == "ACCOUNT" else rejected != 1)


def imported(call: Call, ident: str) -> bool:
    return any(accepts(call, share) for share in offers(call, ident))


def imported_portfolios(call: Call) -> list[Row]:
    """All portfolios that are shared with this account and that it has taken."""
    rows = call.tx.all(
        "SELECT DISTINCT p.* FROM sc_portfolio p JOIN sc_share s ON s.portfolio = p.id"
        " WHERE p.region=? AND p.account<>? ORDER BY p.seq",
        call.region,
        call.account,
    )
    return [row for row in rows if imported(call, row["id"])]


def own_product(call: Call, ident: str) -> Row:
    """A product that this account may change."""
    row = call.tx.one("SELECT * FROM sc_product WHERE id=?", ident)
    if row is None or (row["account"], row["region"]) != (call.account, call.region):
        raise not_found("Product", ident)
    return row


def product(call: Call, ident: str) -> Row:
    """A product that this account may see: its own, or one in an imported portfolio."""
    row = call.tx.one("SELECT * FROM sc_product WHERE id=? AND region=?", ident, call.region)
    if row is None or (row["account"] != call.account and not _reached(call, ident)):
        raise not_found("Product", ident)
    return row


def _reached(call: Call, ident: str) -> bool:
    rows = call.tx.all("SELECT portfolio FROM sc_association WHERE product=?", ident)
    return any(imported(call, row["portfolio"]) for row in rows)


def artifact(call: Call, product_id: str, ident: str) -> Row:
    row = call.tx.one("SELECT * FROM sc_artifact WHERE id=? AND product=?", ident, product_id)
    if row is None:
        raise not_found("Provisioning artifact", ident)
    return row


def association(call: Call, portfolio_id: str, product_id: str) -> Row | None:
    return call.tx.one(
        "SELECT * FROM sc_association WHERE portfolio=? AND product=?", portfolio_id, product_id
    )


def _place(call: Call) -> Place | None:
    from generator.local.servicecatalog.organization import place

    return place(call, call.account)
