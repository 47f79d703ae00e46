"""The end user's operations, on small products: what is refused, what the records say, and as whom stacks are made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT, LocalAws, open_state
from tests.local.conftest import REGION, Catalog, code, held_to_the_model

from .conftest import finished, reasons

USER = f"arn:aws:iam::{ACCOUNT}:role/analyst"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "servicecatalog.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:servicecatalog:{REGION}:{ACCOUNT}:*"},
            },
        }
    ],
}
STACK = [
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:DeleteStack",
    "cloudformation:Describe*",
    "cloudformation:GetTemplateSummary",
    "cloudformation:SetStackPolicy",
    "cloudformation:TagResource",
    "cloudformation:ValidateTemplate",
    "cloudformation:*ChangeSet*",
    "s3:GetObject",
]
TEMPLATE = """\
Parameters:
  Delay: {Type: Number, Default: 1, MaxValue: 900}
  Label: {Type: String, AllowedValues: [red, blue], Description: Its colour.}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Delay}
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: Queue
    Properties: {DisplayName: !Ref Label}
Outputs:
  QueueUrl: {Value: !Ref Queue, Description: Where to send.}
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state")
    yield opened
    opened.close()


@dataclass
class Shop:
    """A product in a portfolio, and somebody who may launch it."""

    hub: Catalog
    portfolio: str
    product: str

    @property
    def sc(self) -> Any:
        session: Any = self.hub.local.session_as(USER, REGION)
        return held_to_the_model(session.client("servicecatalog"))

    @property
    def artifact(self) -> str:
        return self.hub.artifact(self.product)

    def add(self, name: str, text: str = TEMPLATE) -> str:
        made = self.hub.sc.create_provisioning_artifact(
            ProductId=self.product,
            Parameters={
                "Name": name,
                "Type": "CLOUD_FORMATION_TEMPLATE",
                "Info": {"LoadTemplateFromURL": self.hub.template(text, f"{name}.yaml")},
            },
        )
        return str(made["ProvisioningArtifactDetail"]["Id"])

    def constrain(self, kind: str, parameters: Mapping[str, Any]) -> None:
        self.hub.sc.create_constraint(
            PortfolioId=self.portfolio, ProductId=self.product, Type=kind, Parameters=json.dumps(parameters)
        )

    def role(self, *actions: str, name: str = "launch", trust: Mapping[str, Any] = TRUST, **more: Any) -> str:
        """A launch role with these actions, beside what every stack needs."""
        iam = self.hub.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **more)["Role"][
            "Arn"
        ]
        self.allow(*actions, name=name)
        return str(made)

    def allow(self, *actions: str, name: str = "launch") -> None:
        allowed = [{"Effect": "Allow", "Action": [*STACK, *actions], "Resource": "*"}]
        self.hub.client("iam").put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}),
        )

    def ask(self, name: str = "it", **more: Any) -> dict[str, Any]:
        return {
            "ProductId": self.product,
            "ProvisioningArtifactId": self.artifact,
            "ProvisionedProductName": name,
            "ProvisioningParameters": [{"Key": "Label", "Value": "red"}],
        } | more

    def launch(self, name: str = "it", **more: Any) -> dict[str, Any]:
        return finished(self.sc, self.sc.provision_product(**self.ask(name, **more)))

    def update(self, name: str = "it", **more: Any) -> dict[str, Any]:
        kept = {"ProvisioningParameters": [{"Key": "Label", "UsePreviousValue": True}]}
        answer = self.sc.update_provisioned_product(ProvisionedProductName=name, **(kept | more))
        return finished(self.sc, answer)

    def terminate(self, name: str = "it", **more: Any) -> dict[str, Any]:
        answer = self.sc.terminate_provisioned_product(ProvisionedProductName=name, **more)
        return finished(self.sc, answer)

    def stack(self, record: Mapping[str, Any]) -> dict[str, Any]:
        outputs = {o["OutputKey"]: o["OutputValue"] for o in record["RecordOutputs"]}
        found = self.hub.client("cloudformation").describe_stacks(StackName=outputs["CloudformationStackARN"])
        return dict(found["Stacks"][0])

    def stacks(self) -> list[str]:
        found = self.hub.client("cloudformation").describe_stacks()["Stacks"]
        return [f"{each['StackStatus']}" for each in found]


@pytest.fixture
def shop(local: LocalAws) -> Shop:
    hub = Catalog(local)
    made = Shop(hub, hub.portfolio(Tags=[{"Key": "domain", "Value": "a"}]), hub.product())
    hub.sc.associate_product_with_portfolio(PortfolioId=made.portfolio, ProductId=made.product)
    hub.sc.associate_principal_with_portfolio(
        PortfolioId=made.portfolio, PrincipalARN=USER, PrincipalType="IAM"
    )
    made.add("2.0.0")
    return made


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    """With a launch role that may do all that the product needs."""
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*", "sns:*")})
    return shop


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


def test_a_missing_permission_fails_the_record_and_rolls_back(shop: Shop) -> None:
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*")})
    record = shop.launch()
    assert record["RecordDetail"]["Status"] == "FAILED"
    said = reasons(record)
    assert "is not authorized to perform: sns:CreateTopic on resource: arn:aws:sns:" in said
    assert '"Effect": "Allow", "Action": "sns:CreateTopic"' in said
    assert shop.stacks() == ["ROLLBACK_COMPLETE"]
    assert shop.hub.client("sqs").list_queues().get("QueueUrls", []) == []
    found = shop.sc.describe_provisioned_product(Name="it")["ProvisionedProductDetail"]
    assert (found["Status"], found["StatusMessage"]) == ("ERROR", said)
    assert reasons(shop.terminate()) == ""
    shop.allow("sqs:*", "sns:*")
    assert reasons(shop.launch()) == ""
    shop.allow("sqs:*", "sns:Get*", "sns:CreateTopic", "sns:TagResource", "sns:List*")
    update = shop.update(ProvisioningParameters=[{"Key": "Label", "Value": "blue"}])
    assert "sns:SetTopicAttributes" in reasons(update)
    assert shop.sc.describe_provisioned_product(Name="it")["ProvisionedProductDetail"]["Status"] == "TAINTED"
    assert shop.stacks() == ["UPDATE_ROLLBACK_COMPLETE"]
    assert "sns:DeleteTopic" in reasons(shop.terminate())
    shop.allow("sqs:*", "sns:*")
    assert reasons(shop.terminate()) == ""
    assert shop.stacks() == []


def test_service_catalogs_own_calls_are_judged_too(shop: Shop) -> None:
    shop.constrain("LAUNCH", {"RoleArn": shop.role()})
    policy = {"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    shop.hub.client("iam").put_role_policy(RoleName="launch", PolicyName="all", PolicyDocument=document)
    assert "perform: cloudformation:CreateStack" in reasons(shop.launch())
    assert shop.stacks() == []


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            {"Principal": {"Service": "cloudformation.amazonaws.com"}},
            '"Service": "servicecatalog.amazonaws.com"',
        ),
        (
            {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
            "cannot assume the launch role",
        ),
        (
            {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:servicecatalog:eu-west-1:*"}}},
            "cannot assume",
        ),
    ],
)
def test_the_role_must_trust_service_catalog_here(shop: Shop, statement: dict[str, Any], says: str) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{**TRUST["Statement"][0], **statement}]}  # type: ignore[dict-item]
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*", "sns:*", trust=trust)})
    record = shop.launch()
    assert record["RecordDetail"]["Status"] == "FAILED"
    assert says in reasons(record)
    assert reasons(shop.terminate()) == ""


def test_a_role_that_is_not_there_fails_the_record(shop: Shop) -> None:
    shop.constrain("LAUNCH", {"LocalRoleName": "nobody"})
    assert f"There is no such role in account {ACCOUNT}" in reasons(shop.launch())


def test_the_role_of_the_launch_stays(open_shop: Shop) -> None:
    assert reasons(open_shop.launch()) == ""
    constraint = open_shop.hub.sc.list_constraints_for_portfolio(PortfolioId=open_shop.portfolio)
    ident = constraint["ConstraintDetails"][0]["ConstraintId"]
    other = open_shop.role(name="other")
    open_shop.hub.sc.update_constraint(Id=ident, Parameters=json.dumps({"RoleArn": other}))
    updated = open_shop.update(ProvisioningParameters=[{"Key": "Label", "Value": "blue"}])
    assert updated["RecordDetail"]["LaunchRoleArn"].endswith("role/launch")
    assert reasons(updated) == ""
    assert "sqs:CreateQueue" in reasons(open_shop.launch("new"))
    assert reasons(open_shop.terminate()) == ""


def test_boundaries_limit_a_launch_role(shop: Shop) -> None:
    allowed = {"Effect": "Allow", "NotAction": "sns:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    boundary = shop.hub.client("iam").create_policy(PolicyName="limit", PolicyDocument=document)["Policy"][
        "Arn"
    ]
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*", "sns:*", PermissionsBoundary=boundary)})
    assert "because no permissions boundary allows the sns:" in reasons(shop.launch())


def test_service_control_policies_limit_launch_roles_of_member_accounts(local: LocalAws) -> None:
    organizations = Catalog(local).client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    created = organizations.create_account(AccountName="member", Email="m@example.com")
    member = str(created["CreateAccountStatus"]["AccountId"])
    hub = Catalog(local, member)
    shop = Shop(hub, hub.portfolio(), hub.product())
    hub.sc.associate_product_with_portfolio(PortfolioId=shop.portfolio, ProductId=shop.product)
    principal = f"arn:aws:iam::{member}:role/analyst"
    hub.sc.associate_principal_with_portfolio(
        PortfolioId=shop.portfolio, PrincipalARN=principal, PrincipalType="IAM"
    )
    shop.add("2.0.0")
    trust = json.loads(json.dumps(TRUST).replace(ACCOUNT, member))
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*", "sns:*", trust=trust)})
    session: Any = local.session_as(principal, REGION)
    sc = session.client("servicecatalog")
    first = finished(sc, sc.provision_product(**shop.ask("first")))
    assert reasons(first) == ""
    deny = {"Effect": "Deny", "Action": "sns:*", "Resource": "*"}
    policy = organizations.create_policy(
        Name="no-topics",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=root)
    second = finished(sc, sc.provision_product(**shop.ask("second")))
    assert "with an explicit deny in a service control policy" in reasons(second)
    assert "No Allow overrides a denial" in reasons(second)


def test_without_a_launch_constraint_it_is_the_caller_who_launches(shop: Shop) -> None:
    assert "assumed-role/analyst" in reasons(shop.launch())
    assert reasons(shop.terminate()) == ""
    shop.role("sqs:*", "sns:*", name="analyst")
    record = shop.launch()
    assert reasons(record) == ""
    assert "LaunchRoleArn" not in record["RecordDetail"]


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
