"""Accounts that a portfolio is shared with: which they are, and what is launched in them. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.aws.observe import PAGE, Ids
from generator.model import Launched, Share


def launched(catalog: Any, account: str, ids: Ids) -> tuple[Launched, ...]:
    """All that is launched in the account of a Service Catalog client; `ids` are the hub's, which spokes see too."""
    products = {ident: name for name, ident in ids.products.items()}
    versions = {ident: version for (_, version), ident in ids.artifacts.items()}
    found: list[Launched] = []
    page: dict[str, str] = {}
    while True:
        answer = catalog.scan_provisioned_products(
            AccessLevelFilter={"Key": "Account", "Value": "self"}, PageSize=PAGE, **page
        )
        found += [
            Launched(
                account,
                each["Name"],
                products.get(each.get("ProductId", ""), ""),
                versions.get(each.get("ProvisioningArtifactId", ""), ""),
                each.get("LaunchRoleArn", "").rpartition("/")[2],
            )
            for each in answer["ProvisionedProducts"]
        ]
        if not answer.get("NextPageToken"):
            return tuple(sorted(found))
        page = {"PageToken": answer["NextPageToken"]}


def accounts(organizations: Any, share: Share) -> frozenset[str]:
    """The accounts of an organisation, or of a unit and all units below it."""
    if share.type == "ORGANIZATION":
        return frozenset(_ids(organizations, "list_accounts", "Accounts"))
    found: set[str] = set()
    units = [share.id]
    while units:
        unit = units.pop()
        found |= set(_ids(organizations, "list_accounts_for_parent", "Accounts", ParentId=unit))
        below = _ids(
            organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=unit
        )
        units += below
    return frozenset(found)


def _ids(organizations: Any, operation: str, member: str, **asked: str) -> Iterator[str]:
    for page in organizations.get_paginator(operation).paginate(**asked):
        yield from (each["Id"] for each in page[member])
