"""As whom a stack is made, and what follows when that one may not: roles, their trust, and all that limits them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws
from tests.local.conftest import REGION, Catalog

from .shop import TRUST, Shop, finished, reasons


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


def test_types_without_reviewed_permissions_are_told_of(shop: Shop) -> None:
    shop.constrain("LAUNCH", {"RoleArn": shop.role()})
    text = "Resources: {Group: {Type: AWS::Athena::WorkGroup, Properties: {Name: team}}}"
    told: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("catalog.local").addHandler(listener)
    record = shop.launch(ProvisioningArtifactId=shop.add("9", text), ProvisioningParameters=[])
    logging.getLogger("catalog.local").removeHandler(listener)
    assert reasons(record) == ""
    assert any("AWS::Athena::WorkGroup have not been reviewed" in line for line in told)


def test_nested_stacks_are_made_as_the_launch_role_too(shop: Shop) -> None:
    inner = shop.hub.template("Resources: {Topic: {Type: AWS::SNS::Topic}}", "inner.yaml")
    outer = (
        f"Resources: {{Inner: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: '{inner}'}}}}}}"
    )
    shop.constrain("LAUNCH", {"RoleArn": shop.role()})
    artifact = shop.add("9", outer)
    record = shop.launch(ProvisioningArtifactId=artifact, ProvisioningParameters=[])
    assert "was not successfully created" in reasons(record)
    assert "perform: sns:CreateTopic on resource" in reasons(record)
    assert '"Effect": "Allow", "Action": "sns:CreateTopic"' in reasons(record)
    shop.terminate()
    shop.allow("sns:*")
    assert reasons(shop.launch(ProvisioningArtifactId=artifact, ProvisioningParameters=[])) == ""
    assert reasons(shop.terminate()) == ""
