"""What an end user sees: by principal, by pattern, by group, through shares, and with TagOptions combined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local.aws import LocalAws
from generator.local.service import Identity

from .conftest import REGION, Catalog, code, held_to_the_model


@dataclass(frozen=True)
class Offer:
    portfolio: str
    product: str


@pytest.fixture
def offer(hub: Catalog) -> Offer:
    found = Offer(hub.portfolio(Tags=[{"Key": "domain", "Value": "a"}]), hub.product())
    hub.sc.associate_product_with_portfolio(PortfolioId=found.portfolio, ProductId=found.product)
    return found


def as_role(local: LocalAws, account: str, role: str) -> Any:
    """Service Catalog as a session of a role of this name, path included."""
    name = role.rpartition("/")[2]
    arn = f"arn:aws:iam::{account}:role/{role}"
    identity = Identity(
        account, f"arn:aws:sts::{account}:assumed-role/{name}/me", f"AROA{name}:me", role_arn=arn
    )
    return held_to_the_model(local.client_as("servicecatalog", REGION, identity))


def grant(catalog: Catalog, portfolio: str, arn: str, kind: str = "IAM") -> None:
    catalog.sc.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=kind)


def test_only_principals_see_a_product_and_its_active_versions(hub: Catalog, offer: Offer) -> None:
    analyst, stranger = (
        as_role(hub.local, hub.account, "analyst"),
        as_role(hub.local, hub.account, "stranger"),
    )
    grant(hub, offer.portfolio, f"arn:aws:iam::{hub.account}:role/analyst")
    second = hub.sc.create_provisioning_artifact(ProductId=offer.product, Parameters=hub.version("2.0.0"))
    hub.sc.update_provisioning_artifact(
        ProductId=offer.product,
        ProvisioningArtifactId=second["ProvisioningArtifactDetail"]["Id"],
        Active=False,
    )
    found = analyst.describe_product(Id=offer.product)
    assert [version["Name"] for version in found["ProvisioningArtifacts"]] == ["1.0.0"]
    assert [path["Name"] for path in found["LaunchPaths"]] == ["Analytics"]
    view = analyst.describe_product_view(Id=found["ProductViewSummary"]["Id"])
    assert view["ProductViewSummary"] == found["ProductViewSummary"]
    listed = analyst.search_products(Filters={"FullTextSearch": ["note"]})
    assert [summary["ProductId"] for summary in listed["ProductViewSummaries"]] == [offer.product]
    assert listed["ProductViewAggregations"]["Owner"] == [{"Value": "Data Platform", "ApproximateCount": 1}]
    for client in (stranger, hub.sc):  # an administrator of the account is no principal of the portfolio
        assert client.search_products()["ProductViewSummaries"] == []
        for call, ask in (
            (client.describe_product, {"Id": offer.product}),
            (client.describe_product, {"Name": "Notebook"}),
            (client.list_launch_paths, {"ProductId": offer.product}),
            (
                client.describe_provisioning_parameters,
                {"ProductId": offer.product, "ProvisioningArtifactName": "1.0.0"},
            ),
        ):
            with pytest.raises(ClientError) as refused:
                call(**ask)
            assert code(refused) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("pattern", "role", "fits"),
    [
        ("arn:aws:iam:::role/analyst", "analyst", True),
        ("arn:aws:iam:::role/analyst", "team/analyst", False),
        ("arn:aws:iam:::role/*/analyst", "a/b/analyst", True),  # `*` takes slashes
        ("arn:aws:iam:::role/analyst-?", "analyst-1", True),
        ("arn:aws:iam:::role/analyst-?", "analyst-12", False),
        (
            "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Analyst_*",
            "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Analyst_0123",
            True,
        ),
        ("arn:aws:iam:::role/an.lyst", "analyst", False),
    ],
)
def test_patterns_name_no_account(hub: Catalog, offer: Offer, pattern: str, role: str, *, fits: bool) -> None:
    grant(hub, offer.portfolio, pattern, "IAM_PATTERN")
    seen = as_role(hub.local, hub.account, role).search_products()["ProductViewSummaries"]
    assert bool(seen) == fits


def test_a_user_comes_in_through_his_group(hub: Catalog, offer: Offer) -> None:
    iam = hub.client("iam")
    group = iam.create_group(GroupName="analysts")["Group"]["Arn"]
    user = iam.create_user(UserName="ann")["User"]
    grant(hub, offer.portfolio, group)
    client = hub.local.client_as("servicecatalog", REGION, Identity(hub.account, user["Arn"], user["UserId"]))
    assert client.search_products()["ProductViewSummaries"] == []
    iam.add_user_to_group(GroupName="analysts", UserName="ann")
    assert client.search_products()["ProductViewSummaries"] != []


def test_a_share_brings_patterns_but_no_other_principals(hub: Catalog, spoke: Catalog, offer: Offer) -> None:
    grant(hub, offer.portfolio, "arn:aws:iam:::role/analyst", "IAM_PATTERN")
    hub.sc.create_portfolio_share(PortfolioId=offer.portfolio, AccountId=spoke.account)
    spoke.sc.accept_portfolio_share(PortfolioId=offer.portfolio)
    analyst = as_role(hub.local, spoke.account, "analyst")
    assert analyst.search_products()["ProductViewSummaries"] == []  # an account share brings no principals
    grant(spoke, offer.portfolio, f"arn:aws:iam::{spoke.account}:role/analyst")
    assert analyst.search_products()["ProductViewSummaries"] != []
    assert len(hub.sc.list_principals_for_portfolio(PortfolioId=offer.portfolio)["Principals"]) == 1


def test_the_form_of_a_launch(hub: Catalog, offer: Offer) -> None:
    role = f"arn:aws:iam::{hub.account}:role/analyst"
    grant(hub, offer.portfolio, role)
    rules = '{"Rules": {"Small": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, "small"]}}]}}}'
    hub.sc.create_constraint(
        PortfolioId=offer.portfolio,
        ProductId=offer.product,
        Type="TEMPLATE",
        Parameters=rules,
        Description="d",
    )
    for key, value, resource in (
        ("env", "dev", offer.portfolio),
        ("env", "prod", offer.portfolio),
        ("env", "prod", offer.product),
        ("cost", "1", offer.product),
        ("stage", "a", offer.portfolio),
        ("stage", "b", offer.product),
    ):
        known = hub.sc.list_tag_options(Filters={"Key": key, "Value": value})["TagOptionDetails"]
        option = known[0] if known else hub.sc.create_tag_option(Key=key, Value=value)["TagOptionDetail"]
        hub.sc.associate_tag_option_with_resource(ResourceId=resource, TagOptionId=option["Id"])
    analyst = as_role(hub.local, hub.account, "analyst")
    path = analyst.list_launch_paths(ProductId=offer.product)["LaunchPathSummaries"][0]
    assert path["Tags"] == [{"Key": "domain", "Value": "a"}]
    assert path["ConstraintSummaries"] == [{"Type": "TEMPLATE", "Description": "d"}]
    form = analyst.describe_provisioning_parameters(
        ProductName="Notebook", ProvisioningArtifactName="1.0.0", PathName="Analytics"
    )
    assert [p["ParameterKey"] for p in form["ProvisioningArtifactParameters"]] == ["Size", "Secret"]
    assert form["ProvisioningArtifactOutputs"] == [{"Key": "Name", "Description": "The topic."}]
    assert form["UsageInstructions"][0]["Type"] == "rules"
    values = {option["Key"]: option["Values"] for option in form["TagOptions"]}
    assert (values["env"], values["cost"]) == (["prod"], ["1"])
    assert values["stage"] == []  # no value that both allow: a conflict

    second = hub.portfolio("Second")
    hub.sc.associate_product_with_portfolio(PortfolioId=second, ProductId=offer.product)
    grant(hub, second, role)
    ask = {"ProductId": offer.product, "ProvisioningArtifactName": "1.0.0"}
    with pytest.raises(ClientError, match="several launch paths") as refused:
        analyst.describe_provisioning_parameters(**ask)
    assert code(refused) == "InvalidParametersException"
    assert analyst.describe_provisioning_parameters(**ask, PathId=path["Id"])["ConstraintSummaries"] != []
