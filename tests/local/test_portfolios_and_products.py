"""Portfolios, products and versions as their administrator handles them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import TEMPLATE, Catalog, code


def test_a_portfolio_lives_and_dies(hub: Catalog) -> None:
    ident = hub.portfolio(Description="For analysts", Tags=[{"Key": "team", "Value": "data"}])
    assert ident.startswith("port-")
    hub.sc.update_portfolio(
        Id=ident, DisplayName="New", RemoveTags=["team"], AddTags=[{"Key": "x", "Value": "y"}]
    )
    found = hub.sc.describe_portfolio(Id=ident)
    assert found["PortfolioDetail"]["DisplayName"] == "New"
    assert found["PortfolioDetail"]["Description"] == "For analysts"
    assert found["PortfolioDetail"]["ARN"] == f"arn:aws:catalog:us-east-1:123456789012:portfolio/{ident}"
    assert found["Tags"] == [{"Key": "x", "Value": "y"}]
    hub.sc.delete_portfolio(Id=ident)
    with pytest.raises(ClientError) as gone:
        hub.sc.describe_portfolio(Id=ident)
    assert code(gone) == "ResourceNotFoundException"


def test_a_product_has_versions_that_are_created_available_and_immutable(hub: Catalog) -> None:
    answer = hub.sc.create_product(
        Name="Notebook",
        Owner="Data Platform",
        Description="A notebook",
        SupportUrl="https://wiki.example.com",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        Tags=[{"Key": "domain", "Value": "analytics"}],
        ProvisioningArtifactParameters=hub.version("1.0.0"),
    )
    product = answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    first = answer["ProvisioningArtifactDetail"]
    assert (first["Active"], first["Guidance"]) == (True, "DEFAULT")
    second = hub.sc.create_provisioning_artifact(ProductId=product, Parameters=hub.version("1.1.0"))
    assert second["Status"] == "CREATING"
    ident = second["ProvisioningArtifactDetail"]["Id"]

    hub.template("Resources: {Other: {Type: AWS::SQS::Queue}}")  # the original changes, the copy does not
    found = hub.sc.describe_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=ident, IncludeProvisioningArtifactParameters=True
    )
    assert found["Status"] == "AVAILABLE"
    assert found["ProvisioningArtifactParameters"] == [
        {
            "ParameterKey": "Size",
            "DefaultValue": "small",
            "ParameterType": "String",
            "IsNoEcho": False,
            "Description": "How big it is.",
            "ParameterConstraints": {"AllowedValues": ["small", "large"]},
        },
        {
            "ParameterKey": "Secret",
            "ParameterType": "String",
            "IsNoEcho": True,
            "ParameterConstraints": {"MinLength": "8"},
        },
    ]
    bucket, _, key = found["Info"]["TemplateUrl"].removeprefix("https://").partition("/")
    s3 = hub.client("s3")
    bucket = bucket.partition(".")[0]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == TEMPLATE
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [
        {"Key": "servicecatalog:provisioning", "Value": "true"}
    ]

    listed = hub.sc.describe_product_as_admin(Id=product)
    assert [a["Name"] for a in listed["ProvisioningArtifactSummaries"]] == ["1.0.0", "1.1.0"]
    assert listed["Tags"] == [{"Key": "domain", "Value": "analytics"}]
    hub.sc.update_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=first["Id"], Active=False, Guidance="DEPRECATED"
    )
    versions = hub.sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
    assert [(v["Active"], v["Guidance"]) for v in versions] == [(False, "DEPRECATED"), (True, "DEFAULT")]
    hub.sc.delete_provisioning_artifact(ProductId=product, ProvisioningArtifactId=first["Id"])
    with pytest.raises(ClientError) as last:
        hub.sc.delete_provisioning_artifact(ProductId=product, ProvisioningArtifactId=ident)
    assert code(last) == "ResourceInUseException"
    hub.sc.delete_product(Id=product)
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key=key)  # the copy goes with the version


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"LoadTemplateFromURL": "http://example.com/t.yaml"}, "https URL"),
        ({"LoadTemplateFromURL": "https://nowhere-at-all.s3.amazonaws.com/t.yaml"}, "no object"),
        ({"LoadTemplateFromURL": "https://x.s3.amazonaws.com/t", "ImportFromPhysicalId": "y"}, "exactly one"),
        ({"TemplateUrl": "https://x.s3.amazonaws.com/t"}, "exactly one"),
        ({"ImportFromPhysicalId": "no-such-stack"}, "No stack"),
    ],
)
def test_a_version_needs_a_template_that_can_be_had(hub: Catalog, info: dict[str, str], words: str) -> None:
    product = hub.product()
    with pytest.raises(ClientError, match=words) as refused:
        hub.sc.create_provisioning_artifact(ProductId=product, Parameters={"Name": "2", "Info": info})
    assert code(refused) == "InvalidParametersException"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "just text",
        "Resources: {}",
        "Parameters: {A: {Type: Strange}}\nResources: {T: {Type: AWS::SNS::Topic}}",
        "Resources: {T: {Type: nonsense}}",
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Missing}}}",
        f"Description: {'x' * 1025}\nResources: {{T: {{Type: AWS::SNS::Topic}}}}",
    ],
)
def test_a_template_that_cloudformation_would_refuse_is_refused(hub: Catalog, text: str) -> None:
    product, url = hub.product(), hub.template(text, "bad.yaml")
    parameters: dict[str, Any] = {"Name": "2", "Info": {"LoadTemplateFromURL": url}}
    with pytest.raises(ClientError, match="Invalid templateBody") as refused:
        hub.sc.create_provisioning_artifact(ProductId=product, Parameters=parameters)
    assert code(refused) == "InvalidParametersException"
    # Nothing of it stays, not even in the service's bucket.
    assert len(hub.sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]) == 1

    unchecked = hub.sc.create_provisioning_artifact(
        ProductId=product, Parameters={**parameters, "DisableTemplateValidation": True}
    )["ProvisioningArtifactDetail"]["Id"]
    found = hub.sc.describe_provisioning_artifact(ProductId=product, ProvisioningArtifactId=unchecked)
    assert found["Status"] == "FAILED"


def test_names_are_not_unique_and_an_ambiguous_one_is_refused(hub: Catalog) -> None:
    one = hub.product("Same")
    assert (
        hub.sc.describe_product_as_admin(Name="Same")["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        == one
    )
    two = hub.product("Same")
    assert one != two
    with pytest.raises(ClientError, match="Several products"):
        hub.sc.describe_product_as_admin(Name="Same")
    hub.sc.create_provisioning_artifact(ProductId=one, Parameters=hub.version("1.0.0"))
    with pytest.raises(ClientError, match="Several provisioning artifacts"):
        hub.sc.describe_provisioning_artifact(ProductId=one, ProvisioningArtifactName="1.0.0")


@pytest.mark.parametrize("name", ["with space", "tab\there"])
def test_a_version_name_has_no_spaces(hub: Catalog, name: str) -> None:
    with pytest.raises(ClientError, match="must not contain spaces"):
        hub.sc.create_provisioning_artifact(ProductId=hub.product(), Parameters=hub.version(name))


def test_what_is_in_use_stays(hub: Catalog) -> None:
    portfolio, product = hub.portfolio(), hub.product()
    hub.sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    hub.sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)  # no complaint
    arn = "arn:aws:iam::123456789012:role/analyst"
    role = '{"RoleArn": "arn:aws:iam::123456789012:role/launch"}'
    constraint = hub.sc.create_constraint(
        PortfolioId=portfolio, ProductId=product, Type="LAUNCH", Parameters=role
    )["ConstraintDetail"]["ConstraintId"]
    hub.sc.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=arn, PrincipalType="IAM")
    hub.sc.create_portfolio_share(PortfolioId=portfolio, AccountId="222233334444")

    def refused(call: Any, **params: Any) -> None:
        with pytest.raises(ClientError) as error:
            call(**params)
        assert code(error) == "ResourceInUseException"

    refused(hub.sc.delete_product, Id=product)
    refused(hub.sc.delete_portfolio, Id=portfolio)
    refused(hub.sc.disassociate_product_from_portfolio, PortfolioId=portfolio, ProductId=product)
    hub.sc.delete_constraint(Id=constraint)
    refused(hub.sc.delete_portfolio, Id=portfolio)
    hub.sc.disassociate_product_from_portfolio(PortfolioId=portfolio, ProductId=product)
    refused(hub.sc.delete_portfolio, Id=portfolio)
    hub.sc.disassociate_principal_from_portfolio(PortfolioId=portfolio, PrincipalARN=arn)
    refused(hub.sc.delete_portfolio, Id=portfolio)
    hub.sc.delete_portfolio_share(PortfolioId=portfolio, AccountId="222233334444")
    hub.sc.delete_portfolio(Id=portfolio)
    hub.sc.delete_product(Id=product)


def test_a_token_gives_the_earlier_answer_even_after_a_deletion(hub: Catalog) -> None:
    ask: dict[str, Any] = {"DisplayName": "P", "ProviderName": "me", "IdempotencyToken": "once"}
    first = hub.sc.create_portfolio(**ask)["PortfolioDetail"]
    assert hub.sc.create_portfolio(**ask)["PortfolioDetail"] == first
    hub.sc.delete_portfolio(Id=first["Id"])
    assert hub.sc.create_portfolio(**ask)["PortfolioDetail"] == first
    assert hub.sc.list_portfolios()["PortfolioDetails"] == []
    with pytest.raises(ClientError, match="other parameters") as other:
        hub.sc.create_portfolio(**{**ask, "DisplayName": "Q"})
    assert code(other) == "InvalidParametersException"
    assert (
        hub.sc.create_portfolio(**{**ask, "IdempotencyToken": "twice"})["PortfolioDetail"]["Id"]
        != first["Id"]
    )


def test_products_of_other_kinds(hub: Catalog) -> None:
    source = {
        "ConnectionParameters": {
            "CodeStar": {
                "ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/abc",
                "Repository": "acme/products",
                "Branch": "main",
                "ArtifactPath": "product.yaml",
            }
        }
    }
    synced = hub.sc.create_product(
        Name="Synced", Owner="o", ProductType="CLOUD_FORMATION_TEMPLATE", SourceConnection=source
    )
    detail = synced["ProductViewDetail"]
    assert detail["SourceConnection"] == {"Type": "CODESTAR", **source}
    assert "ProvisioningArtifactDetail" not in synced
    archive = hub.template("not really gzip", "product.tar.gz")
    external = hub.sc.create_product(
        Name="Terraform",
        Owner="o",
        ProductType="EXTERNAL",
        ProvisioningArtifactParameters={
            "Name": "1",
            "Type": "EXTERNAL",
            "Info": {"LoadTemplateFromURL": archive},
        },
    )
    assert external["ProvisioningArtifactDetail"]["Type"] == "EXTERNAL"
    with pytest.raises(ClientError, match="cannot be created"):
        hub.sc.create_product(
            Name="M",
            Owner="o",
            ProductType="MARKETPLACE",
            ProvisioningArtifactParameters=hub.version("1"),
        )
    with pytest.raises(ClientError, match="exactly one"):
        hub.sc.create_product(Name="N", Owner="o", ProductType="CLOUD_FORMATION_TEMPLATE")
    with pytest.raises(ClientError, match="must begin with"):
        hub.product(SupportUrl="wiki.example.com")


def test_budgets_and_service_actions(hub: Catalog) -> None:
    portfolio, product = hub.portfolio(), hub.product()
    hub.sc.associate_budget_with_resource(BudgetName="monthly", ResourceId=product)
    assert hub.sc.describe_product_as_admin(Id=product)["Budgets"] == [{"BudgetName": "monthly"}]
    assert hub.sc.list_budgets_for_resource(ResourceId=product)["Budgets"] == [{"BudgetName": "monthly"}]
    with pytest.raises(ClientError) as twice:
        hub.sc.associate_budget_with_resource(BudgetName="monthly", ResourceId=product)
    assert code(twice) == "DuplicateResourceException"
    hub.sc.associate_budget_with_resource(BudgetName="monthly", ResourceId=portfolio)
    hub.sc.disassociate_budget_from_resource(BudgetName="monthly", ResourceId=product)

    action = hub.sc.create_service_action(
        Name="Restart",
        DefinitionType="SSM_AUTOMATION",
        Definition={"Name": "AWS-RestartEC2Instance", "Version": "1", "Parameters": "[]"},
    )["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    link = {"ServiceActionId": action, "ProductId": product, "ProvisioningArtifactId": hub.artifact(product)}
    hub.sc.associate_service_action_with_provisioning_artifact(**link)
    failed = hub.sc.batch_associate_service_action_with_provisioning_artifact(
        ServiceActionAssociations=[link, {**link, "ServiceActionId": "act-none"}]
    )["FailedServiceActionAssociations"]
    assert [f["ErrorCode"] for f in failed] == ["DUPLICATE_RESOURCE", "RESOURCE_NOT_FOUND"]
    views = hub.sc.list_provisioning_artifacts_for_service_action(ServiceActionId=action)
    assert views["ProvisioningArtifactViews"][0]["ProductViewSummary"]["ProductId"] == product
    for call, ident in ((hub.sc.delete_service_action, action), (hub.sc.delete_product, product)):
        with pytest.raises(ClientError) as used:
            call(Id=ident)
        assert code(used) == "ResourceInUseException"
    hub.sc.disassociate_service_action_from_provisioning_artifact(**link)
    hub.sc.delete_service_action(Id=action)
    hub.sc.delete_product(Id=product)


def test_a_copy_does_not_follow_its_source(hub: Catalog) -> None:
    source = hub.product(Tags=[{"Key": "a", "Value": "b"}])
    arn = hub.sc.describe_product_as_admin(Id=source)["ProductViewDetail"]["ProductARN"]
    token = hub.sc.copy_product(SourceProductArn=arn, TargetProductName="Twin", CopyOptions=["CopyTags"])
    status = hub.sc.describe_copy_product_status(CopyProductToken=token["CopyProductToken"])
    assert status["CopyProductStatus"] == "SUCCEEDED"
    hub.sc.create_provisioning_artifact(ProductId=source, Parameters=hub.version("2.0.0"))
    twin = hub.sc.describe_product_as_admin(Id=status["TargetProductId"])
    assert twin["ProductViewDetail"]["ProductViewSummary"]["Name"] == "Twin"
    assert twin["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [a["Name"] for a in twin["ProvisioningArtifactSummaries"]] == ["1.0.0"]
    abroad = Catalog(hub.local, region="eu-west-1")
    token = abroad.sc.copy_product(SourceProductArn=arn)
    target = abroad.sc.describe_copy_product_status(CopyProductToken=token["CopyProductToken"])[
        "TargetProductId"
    ]
    found = abroad.sc.describe_provisioning_artifact(
        ProductId=target,
        ProvisioningArtifactName="1.0.0",
        IncludeProvisioningArtifactParameters=True,
    )
    assert "eu-west-1" in found["Info"]["TemplateUrl"]
    assert len(found["ProvisioningArtifactParameters"]) == 2


def test_search_filters_sorts_and_pages(hub: Catalog) -> None:
    portfolio = hub.portfolio()
    names = [f"Product {letter}" for letter in "fcadbe"]
    idents = {name: hub.product(name) for name in names}
    hub.sc.create_provisioning_artifact(ProductId=idents["Product a"], Parameters=hub.version("1.1.0"))
    hub.sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=idents["Product c"])

    def search(**ask: Any) -> list[str]:
        answer = hub.sc.search_products_as_admin(**ask)
        return [view["ProductViewSummary"]["Name"] for view in answer["ProductViewDetails"]]

    assert search() == names
    assert search(SortBy="CreationDate", SortOrder="DESCENDING") == names[::-1]
    assert search(SortBy="Title") == sorted(names)
    assert search(SortBy="VersionCount", SortOrder="DESCENDING")[0] == "Product a"
    assert search(Filters={"FullTextSearch": ["PRODUCT f"]}) == ["Product f"]
    assert search(Filters={"Owner": ["nobody"]}) == []
    assert (
        search(Filters={"ProductType": ["CLOUD_FORMATION_TEMPLATE"], "Owner": ["x", "Data Platform"]})
        == names
    )
    assert search(PortfolioId=portfolio) == ["Product c"]
    pages = [
        [view["ProductViewSummary"]["Name"] for view in page["ProductViewDetails"]]
        for page in hub.sc.get_paginator("search_products_as_admin").paginate(
            SortBy="Title", PaginationConfig={"PageSize": 4}
        )
    ]
    assert pages == [sorted(names)[:4], sorted(names)[4:]]
    token = hub.sc.search_products_as_admin(PageSize=2)["NextPageToken"]
    for bad in ("nonsense", token[:-1]):
        with pytest.raises(ClientError, match="Invalid page token") as refused:
            hub.sc.search_products_as_admin(PageSize=2, PageToken=bad)
        assert code(refused) == "InvalidParametersException"
    with pytest.raises(ClientError, match="another request"):
        hub.sc.search_products_as_admin(SortBy="Title", PageToken=token)
