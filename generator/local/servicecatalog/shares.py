"""Portfolio shares: with accounts, which accept them, and with nodes of an organisation, which need not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.local.service import Call, ServiceError
from generator.local.servicecatalog import access, limits, organization
from generator.local.servicecatalog.catalog import SERVICE, invalid, new_id, not_found
from generator.local.servicecatalog.paging import page
from generator.local.servicecatalog.portfolios import detail as portfolio_detail

# The type of a share in its rows and in DescribePortfolioShares, by the node type of the request.
NODE_TYPES = {
    "ORGANIZATION": "ORGANIZATION",
    "ORGANIZATIONAL_UNIT": "ORGANIZATIONAL_UNIT",
    "ACCOUNT": "ORGANIZATION_MEMBER_ACCOUNT",
}
ACCEPTED_TYPES = {"IMPORTED": True, "AWS_ORGANIZATIONS": False, "AWS_SERVICECATALOG": None}


@dataclass(frozen=True)
class Node:
    """Whom a share is for."""

    type: str
    value: str
    place: organization.Place | None = None


def _node(call: Call) -> Node:
    account, node = call.params.get("AccountId"), call.params.get("OrganizationNode")
    if (account is None) == (node is None):
        raise invalid("Give exactly one of AccountId and OrganizationNode.")
    if node is None:
        if account == call.account:
            raise invalid("A portfolio cannot be shared with the account that owns it.")
        return Node("ACCOUNT", str(account))
    if "Type" not in node or "Value" not in node:
        raise invalid("OrganizationNode needs Type and Value.")
    place = organization.require_sharing(call)
    kind, value = NODE_TYPES[node["Type"]], node["Value"].rpartition("/")[2]
    prefix = {"ORGANIZATION": "o-", "ORGANIZATIONAL_UNIT": "ou-"}.get(kind, "")
    if not value.startswith(prefix):
        raise invalid(f"{node['Value']} is no node of type {node['Type']}.")
    if prefix and not organization.exists(call, place, value):
        raise not_found("Organization node", value)
    return Node(kind, value, place)


def _share(call: Call, portfolio: str, node: Node) -> access.Row | None:
    return call.tx.one(
        "SELECT * FROM sc_share WHERE portfolio=? AND type=? AND node=?", portfolio, node.type, node.value
    )


def _check_idle(call: Call, portfolio: str, node: Node) -> None:
    # One share action of an organisation's kind at a time for a portfolio.
    if node.place is not None and call.weather.unseen(f"share {portfolio}"):
        raise ServiceError("InvalidStateException", f"A share action on {portfolio} is in progress.")


def _token(call: Call, portfolio: str, node: Node) -> dict[str, str]:
    """The result of a share action, to be asked for by its token."""
    reached = (
        organization.accounts_under(call, node.place, node.value)
        if node.place and not _is_account(node)
        else []
    )
    closed = [account["Id"] for account in reached if account["Status"] != "ACTIVE"]
    errors = []
    if closed:
        errors.append(
            {"Accounts": closed, "Message": "The account is not active.", "Error": "ACCOUNT_NOT_ACTIVE"}
        )
    token = new_id("share")
    call.tx.insert(
        "sc_share_token",
        {
            "token": token,
            "portfolio": portfolio,
            "node": node.value,
            "status": "COMPLETED_WITH_ERRORS" if errors else "COMPLETED",
            "successful_json": json.dumps(sorted({a["Id"] for a in reached} - set(closed) - {call.account})),
            "errors_json": json.dumps(errors),
        },
    )
    if node.place is not None:
        call.weather.unsettle(token, call.forecast)
        call.weather.unsettle(f"share {portfolio}", call.forecast)
    return {"PortfolioShareToken": token}


def _is_account(node: Node) -> bool:
    return node.type in ("ACCOUNT", "ORGANIZATION_MEMBER_ACCOUNT")


@SERVICE.operation("CreatePortfolioShare")
def create(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    node = _node(call)
    principals = call.params.get("SharePrincipals", False)
    if principals and node.place is None:
        raise invalid("SharePrincipals is for shares with an organization or its units only.")
    _check_idle(call, portfolio, node)
    # Repeating a share changes nothing and says nothing: its settings are UpdatePortfolioShare's.
    if _share(call, portfolio, node) is None:
        count = call.tx.value("SELECT count(*) FROM sc_share WHERE portfolio=?", portfolio)
        limits.check("accounts_per_share", count + 1, "accounts that a portfolio is shared with")
        call.tx.insert(
            "sc_share",
            {
                "portfolio": portfolio,
                "type": node.type,
                "node": node.value,
                "tag_options": int(call.params.get("ShareTagOptions", False)),
                "principals": int(principals),
            },
        )
    # Only a share with an organisation's node has a token (API reference).
    return {} if node.place is None else _token(call, portfolio, node)


@SERVICE.operation("UpdatePortfolioShare")
def update(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    node = _node(call)
    share = _share(call, portfolio, node)
    if share is None:
        raise not_found("Share", f"of {portfolio} with {node.value}")
    if call.params.get("SharePrincipals") and node.place is None:
        raise invalid("SharePrincipals is for shares with an organization or its units only.")
    _check_idle(call, portfolio, node)
    for name, column in (("ShareTagOptions", "tag_options"), ("SharePrincipals", "principals")):
        if name in call.params:
            call.tx.execute(
                f"UPDATE sc_share SET {column}=? WHERE seq=?",  # noqa: S608 - our own names
                int(call.params[name]),
                share["seq"],
            )
    return {**_token(call, portfolio, node), "Status": "IN_PROGRESS" if node.place else "COMPLETED"}


@SERVICE.operation("DeletePortfolioShare")
def delete(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    node = _node(call)
    share = _share(call, portfolio, node)
    if share is None:
        raise not_found("Share", f"of {portfolio} with {node.value}")
    _check_idle(call, portfolio, node)
    call.tx.execute("DELETE FROM sc_share WHERE seq=?", share["seq"])
    if _is_account(node):
        call.tx.execute("DELETE FROM sc_import WHERE portfolio=? AND account=?", portfolio, node.value)
    return {} if node.place is None else _token(call, portfolio, node)


@SERVICE.operation("DescribePortfolioShareStatus")
def describe_status(call: Call) -> Mapping[str, Any]:
    token = call.params["PortfolioShareToken"]
    row = call.tx.one("SELECT * FROM sc_share_token WHERE token=?", token)
    if row is None:
        raise not_found("Share token", token)
    access.own_portfolio(call, row["portfolio"])
    known = {
        "PortfolioShareToken": token,
        "PortfolioId": row["portfolio"],
        "OrganizationNodeValue": row["node"],
    }
    if call.weather.unseen(token):
        return {**known, "Status": "IN_PROGRESS"}
    details = {
        "SuccessfulShares": json.loads(row["successful_json"]),
        "ShareErrors": json.loads(row["errors_json"]),
    }
    return {**known, "Status": row["status"], "ShareDetails": details}


@SERVICE.operation("DescribePortfolioShares")
def describe_shares(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    rows = call.tx.all(
        "SELECT * FROM sc_share WHERE portfolio=? AND type=? ORDER BY seq", portfolio, call.params["Type"]
    )
    found, more = page(call, rows)
    return {"PortfolioShareDetails": [_detail(call, row) for row in found], **more}


def _detail(call: Call, row: access.Row) -> dict[str, Any]:
    rejected = call.tx.value(
        "SELECT rejected FROM sc_import WHERE portfolio=? AND account=?", row["portfolio"], row["node"]
    )
    return {
        "PrincipalId": row["node"],
        "Type": row["type"],
        "Accepted": rejected == 0 if row["type"] == "ACCOUNT" else rejected != 1,
        "ShareTagOptions": bool(row["tag_options"]),
        "SharePrincipals": bool(row["principals"]),
    }


@SERVICE.operation("ListPortfolioAccess")
def list_access(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    parent = call.params.get("OrganizationParentId")
    if parent is None:
        rows = call.tx.all(
            "SELECT node FROM sc_share WHERE portfolio=? AND type='ACCOUNT' ORDER BY seq", portfolio
        )
        accounts = [row["node"] for row in rows]
    else:
        place = organization.require_sharing(call)
        shared = call.tx.one("SELECT 1 FROM sc_share WHERE portfolio=? AND node=?", portfolio, parent)
        reached = organization.accounts_under(call, place, parent) if shared else []
        accounts = [account["Id"] for account in reached]
    found, more = page(call, accounts)
    return {"AccountIds": found, **more}


@SERVICE.operation("ListOrganizationPortfolioAccess")
def list_organization_access(call: Call) -> Mapping[str, Any]:
    portfolio = access.own_portfolio(call, call.params["PortfolioId"])["id"]
    organization.require_sharing(call)
    kind = call.params["OrganizationNodeType"]
    rows = call.tx.all(
        "SELECT node FROM sc_share WHERE portfolio=? AND type=? ORDER BY seq", portfolio, NODE_TYPES[kind]
    )
    found, more = page(call, rows)
    return {"OrganizationNodes": [{"Type": kind, "Value": row["node"]} for row in found], **more}


def _answer_offer(call: Call, *, rejected: bool) -> None:
    """Accept or reject; an organisation's share is taken already and can only be rejected and taken back."""
    ident = call.params["PortfolioId"]
    row = call.tx.one("SELECT * FROM sc_portfolio WHERE id=? AND region=?", ident, call.region)
    kind = call.params.get("PortfolioShareType", "IMPORTED")
    offers = [share for share in access.offers(call, ident) if _of_kind(share, kind)]
    if row is None or not offers:
        raise not_found("Portfolio share", ident)
    call.tx.execute(
        "INSERT OR REPLACE INTO sc_import (portfolio, account, rejected) VALUES (?, ?, ?)",
        ident,
        call.account,
        int(rejected),
    )


def _of_kind(share: access.Row, kind: str) -> bool:
    return bool((share["type"] == "ACCOUNT") == ACCEPTED_TYPES[kind])


@SERVICE.operation("AcceptPortfolioShare")
def accept(call: Call) -> Mapping[str, Any]:
    _answer_offer(call, rejected=False)
    return {}


@SERVICE.operation("RejectPortfolioShare")
def reject(call: Call) -> Mapping[str, Any]:
    _answer_offer(call, rejected=True)
    return {}


@SERVICE.operation("ListAcceptedPortfolioShares")
def list_accepted(call: Call) -> Mapping[str, Any]:
    kind = call.params.get("PortfolioShareType", "IMPORTED")
    rows = [
        row
        for row in access.imported_portfolios(call)
        if any(_of_kind(s, kind) and access.accepts(call, s) for s in access.offers(call, row["id"]))
    ]
    found, more = page(call, rows)
    return {"PortfolioDetails": [portfolio_detail(row) for row in found], **more}


@SERVICE.operation("EnableAWSOrganizationsAccess")
def enable(call: Call) -> Mapping[str, Any]:
    return _set_access(call, "ENABLED")


@SERVICE.operation("DisableAWSOrganizationsAccess")
def disable(call: Call) -> Mapping[str, Any]:
    return _set_access(call, "DISABLED")


def _set_access(call: Call, status: str) -> Mapping[str, Any]:
    place = organization.place(call, call.account)
    if place is None:
        raise ServiceError("ResourceNotFoundException", f"Account {call.account} is in no organization.")
    if call.account != place.management:
        raise ServiceError("OperationNotSupportedException", "Only the management account may do this.")
    call.tx.execute("INSERT OR REPLACE INTO sc_organizations_access VALUES (?, ?)", call.account, status)
    return {}


@SERVICE.operation("GetAWSOrganizationsAccessStatus")
def get_status(call: Call) -> Mapping[str, Any]:
    place = organization.place(call, call.account)
    if place is None:
        raise ServiceError("ResourceNotFoundException", f"Account {call.account} is in no organization.")
    if not organization.administers(call, place):
        raise ServiceError(
            "OperationNotSupportedException",
            "Only the management account or a delegated administrator may ask.",
        )
    return {"AccessStatus": organization.access_status(call, place)}
