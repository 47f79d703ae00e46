"""The end user's operations, on a small product: what is refused, and what the records say."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT, LocalAws
from tests.local.conftest import code

from .shop import TEMPLATE, USER, Shop, finished, reasons


def test_a_launch_from_first_to_last(open_shop: Shop) -> None:
    shop, sc = open_shop, open_shop.sc
    asked = shop.ask(Tags=[{"Key": "team", "Value": "x"}], ProvisionToken="once")
    answer = sc.provision_product(**asked)
    assert answer["RecordDetail"]["Status"] == "CREATED"
    assert sc.provision_product(**asked)["RecordDetail"]["RecordId"] == answer["RecordDetail"]["RecordId"]
    with pytest.raises(ClientError) as other:
        sc.provision_product(**{**asked, "ProvisionedProductName": "other"})
    assert code(other) == "InvalidParametersException"
    record = finished(sc, answer)
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    tags = {tag["Key"]: tag["Value"] for tag in shop.stack(record)["Tags"]}
    assert {"domain": "a", "team": "x"}.items() <= tags.items()
    assert tags["aws:servicecatalog:provisioningArtifactIdentifier"] == shop.artifact
    found = sc.describe_provisioned_product(Name="it")["ProvisionedProductDetail"]
    assert (found["Status"], found["LaunchRoleArn"]) == ("AVAILABLE", f"arn:aws:iam::{ACCOUNT}:role/launch")
    outputs = sc.get_provisioned_product_outputs(ProvisionedProductName="it", OutputKeys=["QueueUrl"])
    assert outputs["Outputs"][0]["Description"] == "Where to send."
    with pytest.raises(ClientError) as twice:
        sc.provision_product(**shop.ask())
    assert code(twice) == "DuplicateResourceException"
    assert shop.terminate()["RecordDetail"]["Status"] == "SUCCEEDED"
    with pytest.raises(ClientError) as gone:
        sc.describe_provisioned_product(Name="it")
    assert code(gone) == "ResourceNotFoundException"
    history = sc.list_record_history(SearchFilter={"Key": "provisionedproduct", "Value": found["Id"]})
    kinds = [each["RecordType"] for each in history["RecordDetails"]]
    assert kinds == ["TERMINATE_PROVISIONED_PRODUCT", "PROVISION_PRODUCT"]
    assert shop.stacks() == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"ProvisioningParameters": []}, "Label"),
        ({"ProvisioningParameters": [{"Key": "Label", "Value": "green"}]}, "Label"),
        ({"ProvisioningParameters": [{"Key": "Label", "Value": "red"}, {"Key": "X", "Value": "1"}]}, "X"),
        (
            {"ProvisioningParameters": [{"Key": "Label", "Value": "red"}, {"Key": "Delay", "Value": "901"}]},
            "Delay",
        ),
        ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, "aws:"),
    ],
)
def test_a_wrong_form_is_refused_and_leaves_no_trace(
    open_shop: Shop, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ClientError, match=says) as refused:
        open_shop.launch(**more)
    assert code(refused) == "InvalidParametersException"
    assert open_shop.sc.scan_provisioned_products()["ProvisionedProducts"] == []
    assert open_shop.sc.list_record_history()["RecordDetails"] == []


def test_template_constraints_hold(open_shop: Shop) -> None:
    rule = {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Label"}, "blue"]},
        "Assertions": [
            {"Assert": {"Fn::Equals": [{"Ref": "Delay"}, "5"]}, "AssertDescription": "Blue is slow."}
        ],
    }
    open_shop.constrain("TEMPLATE", {"Rules": {"BlueIsSlow": rule}})
    blue = [{"Key": "Label", "Value": "blue"}]
    with pytest.raises(ClientError, match="Blue is slow"):
        open_shop.launch(ProvisioningParameters=blue)
    slow = [*blue, {"Key": "Delay", "Value": "5"}]
    assert reasons(open_shop.launch(ProvisioningParameters=slow)) == ""
    assert reasons(open_shop.launch("red")) == ""


def test_tag_options_are_a_choice_to_make(open_shop: Shop) -> None:
    admin = open_shop.hub.sc
    for key, word in (("size", "s"), ("size", "l"), ("one", "only")):
        ident = admin.create_tag_option(Key=key, Value=word)["TagOptionDetail"]["Id"]
        admin.associate_tag_option_with_resource(ResourceId=open_shop.portfolio, TagOptionId=ident)
    with pytest.raises(ClientError, match="size is required: one of s, l"):
        open_shop.launch()
    with pytest.raises(ClientError, match="size=xl is not allowed"):
        open_shop.launch(Tags=[{"Key": "size", "Value": "xl"}])
    record = open_shop.launch(Tags=[{"Key": "size", "Value": "l"}])
    tags = {tag["Key"]: tag["Value"] for tag in open_shop.stack(record)["Tags"]}
    assert (tags["size"], tags["one"]) == ("l", "only")


def test_guidance_and_visibility_of_versions(open_shop: Shop) -> None:
    third = open_shop.add("3.0.0", TEMPLATE.replace("Default: 1", "Default: 2"))
    first = open_shop.sc.describe_product(Id=open_shop.product)["ProvisioningArtifacts"][1]["Id"]
    assert reasons(open_shop.launch(ProvisioningArtifactId=first)) == ""
    change = open_shop.hub.sc.update_provisioning_artifact
    change(ProductId=open_shop.product, ProvisioningArtifactId=third, Guidance="DEPRECATED")
    with pytest.raises(ClientError, match="deprecated"):
        open_shop.launch("other", ProvisioningArtifactId=third)
    assert reasons(open_shop.update(ProvisioningArtifactId=third)) == ""
    change(ProductId=open_shop.product, ProvisioningArtifactId=third, Active=False)
    with pytest.raises(ClientError, match="not found"):
        open_shop.launch("other", ProvisioningArtifactId=third)
    delay = [{"Key": "Label", "UsePreviousValue": True}, {"Key": "Delay", "Value": "7"}]
    assert reasons(open_shop.update(ProvisioningParameters=delay)) == "", "what runs may still be changed"


def test_termination_may_leave_things_or_errors_behind(open_shop: Shop) -> None:
    open_shop.launch("kept")
    open_shop.launch("stuck")
    assert reasons(open_shop.terminate("kept", RetainPhysicalResources=True)) == ""
    open_shop.allow("sqs:Get*")
    assert "is not authorized to perform" in reasons(open_shop.terminate("stuck"))
    assert reasons(open_shop.terminate("stuck", IgnoreErrors=True)) == ""
    assert open_shop.sc.scan_provisioned_products()["ProvisionedProducts"] == []
    assert sorted(open_shop.stacks()) == ["CREATE_COMPLETE", "DELETE_FAILED"]


def test_tags_change_only_where_a_constraint_allows(open_shop: Shop) -> None:
    open_shop.launch()
    with pytest.raises(ClientError, match="RESOURCE_UPDATE"):
        open_shop.update(Tags=[{"Key": "team", "Value": "y"}])
    allowed = {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}
    open_shop.constrain("RESOURCE_UPDATE", allowed)
    open_shop.hub.sc.update_portfolio(Id=open_shop.portfolio, AddTags=[{"Key": "new", "Value": "1"}])
    record = open_shop.update(Tags=[{"Key": "team", "Value": "y"}])
    tags = {tag["Key"]: tag["Value"] for tag in open_shop.stack(record)["Tags"]}
    assert (tags["team"], tags["new"]) == ("y", "1")


def test_a_plan_shows_and_then_does(open_shop: Shop) -> None:
    sc = open_shop.sc
    asked = {
        "PlanName": "p",
        "PlanType": "CLOUDFORMATION",
        "ProductId": open_shop.product,
        "ProvisionedProductName": "it",
        "ProvisioningArtifactId": open_shop.artifact,
        "ProvisioningParameters": [{"Key": "Label", "Value": "red"}],
    }
    plan = sc.create_provisioned_product_plan(**asked)["PlanId"]
    shown = sc.describe_provisioned_product_plan(PlanId=plan)
    assert shown["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"
    changes = {each["LogicalResourceId"]: each["Action"] for each in shown["ResourceChanges"]}
    assert changes == {"Queue": "ADD", "Topic": "ADD"}
    assert open_shop.stacks() == []
    assert reasons(finished(sc, sc.execute_provisioned_product_plan(PlanId=plan))) == ""
    with pytest.raises(ClientError) as again:
        sc.execute_provisioned_product_plan(PlanId=plan)
    assert code(again) == "InvalidStateException"
    blue = [{"Key": "Label", "Value": "blue"}]
    second = sc.create_provisioned_product_plan(**{**asked, "PlanName": "q", "ProvisioningParameters": blue})
    (change,) = sc.describe_provisioned_product_plan(PlanId=second["PlanId"])["ResourceChanges"]
    assert (change["LogicalResourceId"], change["Action"], change["Replacement"]) == (
        "Topic",
        "MODIFY",
        "FALSE",
    )
    assert [each["PlanName"] for each in sc.list_provisioned_product_plans()["ProvisionedProductPlans"]] == [
        "p",
        "q",
    ]
    sc.delete_provisioned_product_plan(PlanId=second["PlanId"])
    assert (
        open_shop.sc.describe_provisioned_product(Name="it")["ProvisionedProductDetail"]["Status"]
        == "AVAILABLE"
    )


def test_an_existing_stack_becomes_a_provisioned_product(open_shop: Shop) -> None:
    cloudformation, sc = open_shop.hub.client("cloudformation"), open_shop.sc
    stack = cloudformation.create_stack(
        StackName="old",
        TemplateBody=TEMPLATE,
        Parameters=[{"ParameterKey": "Label", "ParameterValue": "red"}],
    )["StackId"]
    asked = {
        "ProductId": open_shop.product,
        "ProvisioningArtifactId": open_shop.artifact,
        "ProvisionedProductName": "it",
        "PhysicalId": stack,
    }
    assert reasons(finished(sc, sc.import_as_provisioned_product(**asked))) == ""
    with pytest.raises(ClientError) as twice:
        sc.import_as_provisioned_product(**{**asked, "ProvisionedProductName": "again"})
    assert code(twice) == "DuplicateResourceException"
    updated = open_shop.update(ProvisioningParameters=[{"Key": "Label", "Value": "blue"}])
    assert reasons(updated) == ""
    assert updated["RecordDetail"]["LaunchRoleArn"].endswith("role/launch"), "constraints apply from here on"


def test_searching(open_shop: Shop) -> None:
    for name in ("alpha", "beta"):
        open_shop.launch(name, Tags=[{"Key": "team", "Value": f"team-{name}"}])
    search = open_shop.sc.search_provisioned_products
    found = search(Filters={"SearchQuery": ["name:alph"]})
    assert [each["Name"] for each in found["ProvisionedProducts"]] == ["alpha"]
    assert found["ProvisionedProducts"][0]["UserArn"] == USER
    assert search(Filters={"SearchQuery": ["team-beta"]})["TotalResultsCount"] == 1
    names = search(SortBy="name", SortOrder="DESCENDING", PageSize=1)
    assert [each["Name"] for each in names["ProvisionedProducts"]] == ["beta"]
    rest = search(SortBy="name", SortOrder="DESCENDING", PageSize=1, PageToken=names["NextPageToken"])
    assert [each["Name"] for each in rest["ProvisionedProducts"]] == ["alpha"]
    theirs = open_shop.hub.sc
    assert theirs.scan_provisioned_products()["ProvisionedProducts"] == []
    everybody = {"Key": "Account", "Value": "self"}
    assert len(theirs.scan_provisioned_products(AccessLevelFilter=everybody)["ProvisionedProducts"]) == 2


def test_properties(open_shop: Shop) -> None:
    open_shop.launch()
    ident = open_shop.sc.describe_provisioned_product(Name="it")["ProvisionedProductDetail"]["Id"]
    other = open_shop.role("sqs:*", "sns:*", name="other")
    owner = f"arn:aws:iam::{ACCOUNT}:role/successor"
    open_shop.sc.update_provisioned_product_properties(
        ProvisionedProductId=ident, ProvisionedProductProperties={"OWNER": owner, "LAUNCH_ROLE": other}
    )
    assert open_shop.sc.scan_provisioned_products()["ProvisionedProducts"] == []
    assert open_shop.terminate()["RecordDetail"]["LaunchRoleArn"] == other


def test_a_launch_is_in_progress_for_a_while(local: LocalAws, open_shop: Shop) -> None:
    def slow(request: Any, **_: Any) -> None:
        request.headers["x-catalog-weather"] = "settle=2"

    # Only who comes from outside has weather.
    open_shop.hub.sc.associate_principal_with_portfolio(
        PortfolioId=open_shop.portfolio,
        PrincipalARN=f"arn:aws:iam::{ACCOUNT}:user/administrator",
        PrincipalType="IAM",
    )
    sc: Any = open_shop.hub.sc
    sc.meta.events.register("before-sign", slow)
    answer = sc.provision_product(**open_shop.ask())
    statuses = [finished(sc, answer)["RecordDetail"]["Status"] for _ in range(3)]
    assert [answer["RecordDetail"]["Status"], *statuses] == [
        "CREATED",
        "IN_PROGRESS",
        "IN_PROGRESS",
        "SUCCEEDED",
    ]


def test_products_of_other_engines_say_so(shop: Shop) -> None:
    product = shop.hub.sc.create_product(
        Name="Terraform",
        Owner="me",
        ProductType="EXTERNAL",
        ProvisioningArtifactParameters={**shop.hub.version("1"), "Type": "EXTERNAL"},
    )["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    shop.hub.sc.associate_product_with_portfolio(PortfolioId=shop.portfolio, ProductId=product)
    with pytest.raises(ClientError, match="an external engine, which the local AWS does not offer"):
        shop.launch(ProductId=product, ProvisioningArtifactId=shop.hub.artifact(product))
