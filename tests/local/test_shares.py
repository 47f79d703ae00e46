"""Portfolios shared with accounts and with nodes of an organisation, in several accounts and regions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SPOKE, Catalog, code

PATTERN = "arn:aws:iam:::role/analyst-*"


def test_an_account_accepts_uses_and_rejects(hub: Catalog, spoke: Catalog) -> None:
    portfolio, product = hub.portfolio(), hub.product()
    hub.sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    answer = hub.sc.create_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE)
    assert "PortfolioShareToken" not in answer  # only shares with an organisation have one
    hub.sc.create_portfolio_share(
        PortfolioId=portfolio, AccountId=SPOKE, ShareTagOptions=True
    )  # a silent no-op
    assert hub.sc.list_portfolio_access(PortfolioId=portfolio)["AccountIds"] == [SPOKE]
    share = hub.sc.describe_portfolio_shares(PortfolioId=portfolio, Type="ACCOUNT")["PortfolioShareDetails"]
    assert share == [
        {
            "PrincipalId": SPOKE,
            "Type": "ACCOUNT",
            "Accepted": False,
            "ShareTagOptions": False,
            "SharePrincipals": False,
        }
    ]
    with pytest.raises(ClientError) as unseen:
        spoke.sc.describe_portfolio(Id=portfolio)
    assert code(unseen) == "ResourceNotFoundException"
    spoke.sc.accept_portfolio_share(PortfolioId=portfolio)
    accepted = spoke.sc.list_accepted_portfolio_shares()["PortfolioDetails"]
    assert [detail["Id"] for detail in accepted] == [portfolio]
    assert spoke.sc.search_products_as_admin(PortfolioId=portfolio)["ProductViewDetails"] != []
    assert hub.sc.describe_portfolio_shares(PortfolioId=portfolio, Type="ACCOUNT")["PortfolioShareDetails"][
        0
    ]["Accepted"]

    local = spoke.portfolio("Local")
    with pytest.raises(ClientError, match="SourcePortfolioId"):
        spoke.sc.associate_product_with_portfolio(PortfolioId=local, ProductId=product)
    spoke.sc.associate_product_with_portfolio(
        PortfolioId=local, ProductId=product, SourcePortfolioId=portfolio
    )
    spoke.sc.create_constraint(
        PortfolioId=local, ProductId=product, Type="LAUNCH", Parameters='{"LocalRoleName": "launch"}'
    )
    found = spoke.sc.search_products_as_admin(PortfolioId=local, Filters={"SourceProductId": [product]})
    assert found["ProductViewDetails"][0]["ProductViewSummary"]["ProductId"] == product
    for call, ask in (
        (spoke.sc.update_portfolio, {"Id": portfolio, "DisplayName": "Mine"}),
        (spoke.sc.create_portfolio_share, {"PortfolioId": portfolio, "AccountId": "333344445555"}),
        (spoke.sc.update_product, {"Id": product, "Name": "Mine"}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**ask)
        assert code(refused) == "ResourceNotFoundException"
    spoke.sc.reject_portfolio_share(PortfolioId=portfolio)
    assert spoke.sc.list_accepted_portfolio_shares()["PortfolioDetails"] == []


def test_shares_stay_within_their_region(hub: Catalog, spoke: Catalog) -> None:
    portfolio = hub.portfolio()
    hub.sc.create_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE)
    with pytest.raises(ClientError) as elsewhere:
        replace(spoke, region="eu-west-1").sc.accept_portfolio_share(PortfolioId=portfolio)
    assert code(elsewhere) == "ResourceNotFoundException"


def test_tag_options_and_settings_of_an_account_share(hub: Catalog, spoke: Catalog) -> None:
    portfolio = hub.portfolio()
    option = hub.sc.create_tag_option(Key="env", Value="dev")["TagOptionDetail"]["Id"]
    hub.sc.associate_tag_option_with_resource(ResourceId=portfolio, TagOptionId=option)
    hub.sc.create_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE)
    spoke.sc.accept_portfolio_share(PortfolioId=portfolio)
    assert spoke.sc.describe_portfolio(Id=portfolio)["TagOptions"] == []
    hub.sc.update_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE, ShareTagOptions=True)
    assert spoke.sc.describe_portfolio(Id=portfolio)["TagOptions"][0]["Owner"] == hub.account
    with pytest.raises(ClientError) as refused:
        hub.sc.update_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE, SharePrincipals=True)
    assert code(refused) == "InvalidParametersException"
    with pytest.raises(ClientError) as missing:
        hub.sc.update_portfolio_share(PortfolioId=portfolio, AccountId="333344445555", ShareTagOptions=True)
    assert code(missing) == "ResourceNotFoundException"
    for ask in (
        {},
        {"AccountId": hub.account},
        {"AccountId": SPOKE, "OrganizationNode": {"Type": "ACCOUNT", "Value": SPOKE}},
    ):
        with pytest.raises(ClientError) as wrong:
            hub.sc.create_portfolio_share(PortfolioId=portfolio, **ask)
        assert code(wrong) == "InvalidParametersException"


@dataclass(frozen=True)
class Organization:
    ident: str
    unit: str
    member: Catalog
    outsider: Catalog


@pytest.fixture
def organization(hub: Catalog) -> Organization:
    """The hub manages an organisation with one unit that holds one account; another account stands outside the unit."""
    org = hub.client("organizations")
    ident = org.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    root = org.list_roots()["Roots"][0]["Id"]
    unit = org.create_organizational_unit(ParentId=root, Name="analytics")["OrganizationalUnit"]["Id"]
    accounts = []
    for name in ("member", "outsider"):
        made = org.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        accounts.append(made["AccountId"])
    org.move_account(AccountId=accounts[0], SourceParentId=root, DestinationParentId=unit)
    return Organization(ident, unit, replace(hub, account=accounts[0]), replace(hub, account=accounts[1]))


def test_an_organizational_unit_takes_a_share_by_itself(hub: Catalog, organization: Organization) -> None:
    portfolio, unit = hub.portfolio(), {"Type": "ORGANIZATIONAL_UNIT", "Value": organization.unit}
    with pytest.raises(ClientError, match="not enabled") as disabled:
        hub.sc.create_portfolio_share(PortfolioId=portfolio, OrganizationNode=unit)
    assert code(disabled) == "OperationNotSupportedException"
    hub.sc.enable_aws_organizations_access()
    assert hub.sc.get_aws_organizations_access_status()["AccessStatus"] == "ENABLED"
    hub.sc.associate_principal_with_portfolio(
        PortfolioId=portfolio, PrincipalARN=PATTERN, PrincipalType="IAM_PATTERN"
    )
    token = hub.sc.create_portfolio_share(PortfolioId=portfolio, OrganizationNode=unit)["PortfolioShareToken"]
    status = hub.sc.describe_portfolio_share_status(PortfolioShareToken=token)
    assert (status["Status"], status["OrganizationNodeValue"]) == ("COMPLETED", organization.unit)
    assert status["ShareDetails"]["SuccessfulShares"] == [organization.member.account]

    def accepted(where: Catalog) -> list[str]:
        found = where.sc.list_accepted_portfolio_shares(PortfolioShareType="AWS_ORGANIZATIONS")
        return [detail["Id"] for detail in found["PortfolioDetails"]]

    member = organization.member
    assert (accepted(member), accepted(organization.outsider)) == ([portfolio], [])
    assert member.sc.list_accepted_portfolio_shares()["PortfolioDetails"] == []
    assert member.sc.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"] == []
    hub.sc.update_portfolio_share(PortfolioId=portfolio, OrganizationNode=unit, SharePrincipals=True)
    assert member.sc.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"] == [
        {"PrincipalARN": PATTERN, "PrincipalType": "IAM_PATTERN"}
    ]
    nodes = hub.sc.list_organization_portfolio_access(
        PortfolioId=portfolio, OrganizationNodeType="ORGANIZATIONAL_UNIT"
    )["OrganizationNodes"]
    assert nodes == [unit]
    reached = hub.sc.list_portfolio_access(PortfolioId=portfolio, OrganizationParentId=organization.unit)
    assert reached["AccountIds"] == [member.account]
    member.sc.reject_portfolio_share(PortfolioId=portfolio, PortfolioShareType="AWS_ORGANIZATIONS")
    assert accepted(member) == []
    hub.sc.delete_portfolio_share(PortfolioId=portfolio, OrganizationNode=unit)
    hub.sc.disable_aws_organizations_access()
    assert hub.sc.get_aws_organizations_access_status()["AccessStatus"] == "DISABLED"


def test_the_whole_organization_and_a_member_account(hub: Catalog, organization: Organization) -> None:
    hub.sc.enable_aws_organizations_access()
    everybody, somebody = hub.portfolio("All"), hub.portfolio("One")
    hub.sc.create_portfolio_share(
        PortfolioId=everybody, OrganizationNode={"Type": "ORGANIZATION", "Value": organization.ident}
    )
    outsider = organization.outsider
    hub.sc.create_portfolio_share(
        PortfolioId=somebody, OrganizationNode={"Type": "ACCOUNT", "Value": outsider.account}
    )
    seen = outsider.sc.list_accepted_portfolio_shares(PortfolioShareType="AWS_ORGANIZATIONS")
    assert {d["DisplayName"] for d in seen["PortfolioDetails"]} == {"All", "One"}
    kinds = hub.sc.describe_portfolio_shares(PortfolioId=somebody, Type="ORGANIZATION_MEMBER_ACCOUNT")
    assert kinds["PortfolioShareDetails"][0]["PrincipalId"] == outsider.account
    for node, expected in (
        ({"Type": "ORGANIZATIONAL_UNIT", "Value": "ou-abcd-12345678"}, "ResourceNotFoundException"),
        ({"Type": "ORGANIZATIONAL_UNIT", "Value": organization.ident}, "InvalidParametersException"),
    ):
        with pytest.raises(ClientError) as refused:
            hub.sc.create_portfolio_share(PortfolioId=somebody, OrganizationNode=node)
        assert code(refused) == expected


def test_a_member_may_share_only_as_delegated_administrator(hub: Catalog, organization: Organization) -> None:
    hub.sc.enable_aws_organizations_access()
    member = organization.member
    ask: dict[str, Any] = {
        "PortfolioId": member.portfolio(),
        "OrganizationNode": {"Type": "ORGANIZATION", "Value": organization.ident},
    }
    with pytest.raises(ClientError, match="delegated administrator") as refused:
        member.sc.create_portfolio_share(**ask)
    assert code(refused) == "OperationNotSupportedException"
    org = hub.client("organizations")
    org.register_delegated_administrator(
        AccountId=member.account, ServicePrincipal="servicecatalog.amazonaws.com"
    )
    token = member.sc.create_portfolio_share(**ask)["PortfolioShareToken"]
    reached = member.sc.describe_portfolio_share_status(PortfolioShareToken=token)["ShareDetails"]
    assert reached["SuccessfulShares"] == [organization.outsider.account]


def test_a_closed_account_is_a_share_error(hub: Catalog, organization: Organization) -> None:
    hub.sc.enable_aws_organizations_access()
    hub.client("organizations").close_account(AccountId=organization.member.account)
    token = hub.sc.create_portfolio_share(
        PortfolioId=hub.portfolio(),
        OrganizationNode={"Type": "ORGANIZATIONAL_UNIT", "Value": organization.unit},
    )["PortfolioShareToken"]
    status = hub.sc.describe_portfolio_share_status(PortfolioShareToken=token)
    assert status["Status"] == "COMPLETED_WITH_ERRORS"
    assert status["ShareDetails"]["ShareErrors"][0]["Accounts"] == [organization.member.account]


def test_without_an_organization(hub: Catalog) -> None:
    for call in (hub.sc.enable_aws_organizations_access, hub.sc.get_aws_organizations_access_status):
        with pytest.raises(ClientError) as refused:
            call()
        assert code(refused) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as unsupported:
        hub.sc.create_portfolio_share(
            PortfolioId=hub.portfolio(),
            OrganizationNode={"Type": "ORGANIZATION", "Value": "o-abcdefghij"},
        )
    assert code(unsupported) == "OperationNotSupportedException"
