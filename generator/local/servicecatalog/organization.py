"""What Service Catalog asks of AWS Organizations: where an account stands and who may share with whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.local.identity import administrator
from generator.local.service import Call, ServiceError

PRINCIPAL = "servicecatalog.amazonaws.com"


@dataclass(frozen=True)
class Place:
    """An account in its organisation: the ids of the account, of the OUs above it, and of the organisation."""

    organization: str
    management: str
    nodes: frozenset[str]


def _client(call: Call, account: str) -> Any:
    return call.client("organizations", identity=administrator(account))


def place(call: Call, account: str) -> Place | None:
    """Where an account stands; None outside of any organisation."""
    client = _client(call, account)
    try:
        found = client.describe_organization()["Organization"]
    except client.exceptions.AWSOrganizationsNotInUseException:
        return None
    nodes = {found["Id"], account, *_above(_client(call, found["MasterAccountId"]), account)}
    return Place(found["Id"], found["MasterAccountId"], frozenset(nodes))


def _above(client: Any, ident: str) -> Iterator[str]:
    while parents := client.list_parents(ChildId=ident)["Parents"]:
        ident = parents[0]["Id"]
        yield ident
        if parents[0]["Type"] == "ROOT":
            return


def require_sharing(call: Call) -> Place:
    """The caller's place, when it may share with its organisation; the errors that AWS gives otherwise."""
    found = place(call, call.account)
    if found is None:
        raise _unsupported(f"Account {call.account} is in no organization.")
    if not administers(call, found):
        raise _unsupported(
            f"Account {call.account} is neither the management account nor a delegated administrator."
        )
    if access_status(call, found) != "ENABLED":
        raise _unsupported("AWS Organizations access is not enabled for Service Catalog.")
    return found


def administers(call: Call, found: Place) -> bool:
    if call.account == found.management:
        return True
    client = _client(call, found.management)
    pages = client.get_paginator("list_delegated_administrators").paginate(ServicePrincipal=PRINCIPAL)
    return any(a["Id"] == call.account for p in pages for a in p["DelegatedAdministrators"])


def access_status(call: Call, found: Place) -> str:
    status = call.tx.value("SELECT status FROM sc_organizations_access WHERE account=?", found.management)
    return status or "DISABLED"


def accounts_under(call: Call, found: Place, node: str) -> list[dict[str, str]]:
    """The accounts of the organisation, or of an OU and the OUs below it, without the management account."""
    client = _client(call, found.management)
    start = client.list_roots()["Roots"][0]["Id"] if node.startswith("o-") else node
    accounts = list(_below(client, start))
    return [account for account in accounts if account["Id"] != found.management]


def _below(client: Any, parent: str) -> Iterator[dict[str, str]]:
    for page in client.get_paginator("list_accounts_for_parent").paginate(ParentId=parent):
        yield from page["Accounts"]
    for page in client.get_paginator("list_organizational_units_for_parent").paginate(ParentId=parent):
        for unit in page["OrganizationalUnits"]:
            yield from _below(client, unit["Id"])


def exists(call: Call, found: Place, node: str) -> bool:
    if node.startswith("o-"):
        return node == found.organization
    client = _client(call, found.management)
    try:
        client.describe_organizational_unit(OrganizationalUnitId=node)
    except client.exceptions.OrganizationalUnitNotFoundException:
        return False
    return True


def _unsupported(message: str) -> ServiceError:
    return ServiceError("OperationNotSupportedException", message)
