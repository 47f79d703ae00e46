"""TagOptions and principals."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import Catalog, code

ROLE = "arn:aws:iam::123456789012:role/team/analyst"
PATTERN = "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Analyst_*"


def option(hub: Catalog, key: str = "cost-center", value: str = "research") -> str:
    return str(hub.sc.create_tag_option(Key=key, Value=value)["TagOptionDetail"]["Id"])


def test_a_value_can_change_and_a_repeated_one_is_a_duplicate(hub: Catalog) -> None:
    ident = option(hub)
    assert hub.sc.update_tag_option(Id=ident, Value="sales")["TagOptionDetail"]["Value"] == "sales"
    for call, ask in (
        (hub.sc.update_tag_option, {"Id": ident, "Value": "sales"}),  # unchanged counts too
        (hub.sc.create_tag_option, {"Key": "cost-center", "Value": "sales"}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**ask)
        assert code(refused) == "DuplicateResourceException"
    assert hub.sc.update_tag_option(Id=ident, Active=False)["TagOptionDetail"] == {
        "Id": ident,
        "Key": "cost-center",
        "Value": "sales",
        "Active": False,
        "Owner": hub.account,
    }


def test_tag_options_on_portfolio_and_product(hub: Catalog) -> None:
    ident, portfolio, product = option(hub), hub.portfolio(), hub.product()
    for resource in (portfolio, product):
        hub.sc.associate_tag_option_with_resource(ResourceId=resource, TagOptionId=ident)
    assert hub.sc.describe_portfolio(Id=portfolio)["TagOptions"][0]["Id"] == ident
    assert hub.sc.describe_product_as_admin(Id=product)["TagOptions"][0]["Id"] == ident
    for kind, wanted in (("Portfolio", [portfolio]), ("Product", [product])):
        found = hub.sc.list_resources_for_tag_option(TagOptionId=ident, ResourceType=kind)
        assert [detail["Id"] for detail in found["ResourceDetails"]] == wanted
    with pytest.raises(ClientError) as twice:
        hub.sc.associate_tag_option_with_resource(ResourceId=portfolio, TagOptionId=ident)
    assert code(twice) == "DuplicateResourceException"
    with pytest.raises(ClientError) as used:
        hub.sc.delete_tag_option(Id=ident)
    assert code(used) == "ResourceInUseException"
    for resource in (portfolio, product):
        hub.sc.disassociate_tag_option_from_resource(ResourceId=resource, TagOptionId=ident)
    hub.sc.delete_tag_option(Id=ident)
    inactive = option(hub, value="old")
    hub.sc.update_tag_option(Id=inactive, Active=False)
    with pytest.raises(ClientError) as state:
        hub.sc.associate_tag_option_with_resource(ResourceId=portfolio, TagOptionId=inactive)
    assert code(state) == "InvalidStateException"


def test_tag_options_are_filtered_and_paged(hub: Catalog) -> None:
    idents = [option(hub, "env", value) for value in ("dev", "test", "prod")]
    option(hub, "other", "dev")
    hub.sc.update_tag_option(Id=idents[1], Active=False)
    listed = hub.sc.list_tag_options(Filters={"Key": "env", "Active": True})["TagOptionDetails"]
    assert [detail["Value"] for detail in listed] == ["dev", "prod"]
    assert len(hub.sc.list_tag_options(Filters={"Value": "dev"})["TagOptionDetails"]) == 2
    first = hub.sc.list_tag_options(PageSize=3)
    rest = hub.sc.list_tag_options(PageSize=3, PageToken=first["PageToken"])
    assert len(first["TagOptionDetails"]) == 3
    assert [detail["Key"] for detail in rest["TagOptionDetails"]] == ["other"]
    assert "PageToken" not in rest


def test_limits_hold(hub: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "CATALOG_LIMITS",
        "values_per_tag_option=2 tag_options_per_resource=1 portfolios=2 products=1 versions=2"
        " products_per_portfolio=1 principals_per_portfolio=3 patterns_per_portfolio=1 tags=1 service_actions=1",
    )
    one, two, portfolio = option(hub), option(hub, value="b"), hub.portfolio()
    product = hub.product()
    hub.portfolio()
    hub.sc.associate_tag_option_with_resource(ResourceId=portfolio, TagOptionId=one)
    hub.sc.create_provisioning_artifact(ProductId=product, Parameters=hub.version("2"))
    action = {"Name": "a", "DefinitionType": "SSM_AUTOMATION", "Definition": {"Name": "d", "Version": "1"}}
    hub.sc.create_service_action(**action)
    hub.sc.associate_principal_with_portfolio(
        PortfolioId=portfolio, PrincipalARN=PATTERN, PrincipalType="IAM_PATTERN"
    )
    tags = [{"Key": k, "Value": k} for k in "ab"]
    for call, ask in (
        (hub.sc.create_tag_option, {"Key": "cost-center", "Value": "c"}),
        (hub.sc.associate_tag_option_with_resource, {"ResourceId": portfolio, "TagOptionId": two}),
        (hub.sc.create_portfolio, {"DisplayName": "P", "ProviderName": "p"}),
        (hub.sc.create_provisioning_artifact, {"ProductId": product, "Parameters": hub.version("3")}),
        (hub.sc.update_portfolio, {"Id": portfolio, "AddTags": tags}),
        (hub.sc.create_service_action, action),
        (
            hub.sc.associate_principal_with_portfolio,
            {"PortfolioId": portfolio, "PrincipalARN": PATTERN + "x", "PrincipalType": "IAM_PATTERN"},
        ),
    ):
        with pytest.raises(ClientError) as refused:
            call(**ask)
        assert code(refused) == "LimitExceededException"
    with pytest.raises(ClientError) as second:
        hub.product("Second")
    assert code(second) == "LimitExceededException"
    assert len(hub.sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]) == 2


def test_principals(hub: Catalog) -> None:
    portfolio = hub.portfolio()

    def listed() -> list[tuple[str, str]]:
        found = hub.sc.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"]
        return [(p["PrincipalARN"], p["PrincipalType"]) for p in found]

    def put(arn: str, kind: str) -> None:
        hub.sc.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=kind)

    put(ROLE, "IAM")
    put(ROLE, "IAM")
    put(PATTERN, "IAM_PATTERN")
    assert listed() == [(ROLE, "IAM"), (PATTERN, "IAM_PATTERN")]
    for arn, kind in (
        (PATTERN, "IAM"),
        (ROLE, "IAM_PATTERN"),
        ("arn:aws:iam:::role/*", "IAM_PATTERN"),
        ("arn:aws:iam:::policy/x", "IAM_PATTERN"),
        ("arn:aws:s3:::bucket", "IAM"),
    ):
        with pytest.raises(ClientError) as refused:
            put(arn, kind)
        assert code(refused) == "InvalidParametersException"
    with pytest.raises(ClientError) as other:  # without a type an IAM principal is meant
        hub.sc.disassociate_principal_from_portfolio(PortfolioId=portfolio, PrincipalARN=PATTERN)
    assert code(other) == "ResourceNotFoundException"
    hub.sc.disassociate_principal_from_portfolio(
        PortfolioId=portfolio, PrincipalARN=PATTERN, PrincipalType="IAM_PATTERN"
    )
    hub.sc.disassociate_principal_from_portfolio(PortfolioId=portfolio, PrincipalARN=ROLE)
    assert listed() == []
