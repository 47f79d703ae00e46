"""The policies that `catalog policies` writes for end users, at work: each with credentials of their own, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator import policies
from generator.catalogue import LOCAL
from generator.local import ACCOUNT, LocalAws, serve
from generator.role_report import resolved
from tests.local.conftest import NO_RETRIES

from .conftest import REGION, Person, Shelf
from .shop import finished, reasons

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    },
}


@dataclass(frozen=True)
class Office:
    """The published catalogue behind a port, and the roles of its portfolios with their policies."""

    aws: LocalAws
    url: str

    def somebody(self, role: str, session: str) -> Any:
        """A session's way to each service."""
        sts: Any = self.aws.session(REGION).client("sts")
        keys = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName=session)[
            "Credentials"
        ]
        made: Any = boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=REGION,
        )
        return lambda service: made.client(service, endpoint_url=self.url, config=NO_RETRIES)


@pytest.fixture
def office(shelf: Shelf, aws: LocalAws) -> Iterator[Office]:
    target = shelf.catalogue.target(LOCAL)
    iam: Any = aws.session(REGION).client("iam")
    written = {each.name: each for each in policies.end_users(shelf.catalogue, target)}
    for portfolio in shelf.catalogue.portfolios.values():
        policy = written[f"catalog-user-{shelf.catalogue.name}-{portfolio.id}"]
        for role in (each.role for each in portfolio.spec.access if each.role):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
            for name, document in policies.as_files(policy).items():
                text = json.dumps(resolved(document, target))
                arn = iam.create_policy(PolicyName=f"{role}-{name}", PolicyDocument=text)["Policy"]["Arn"]
                iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    with serve(aws, 0) as server:
        yield Office(aws, server.url)


def denied(ask: Callable[[], Any]) -> str:
    """The action that must be refused."""
    with pytest.raises(ClientError) as error:
        ask()
    found: Mapping[str, Any] = error.value.response["Error"]
    assert found["Code"] in ("AccessDeniedException", "AccessDenied")
    return str(found["Message"]).partition("perform: ")[2].partition(" ")[0]


def test_end_users_launch_and_end_their_own_and_nothing_else(office: Office, shelf: Shelf) -> None:
    ana, bob = (office.somebody("analyst", name) for name in ("ana", "bob"))
    sc, others = ana("servicecatalog"), bob("servicecatalog")
    name = shelf.catalogue.products["analyst-notebook"].spec.name
    (found,) = sc.search_products()["ProductViewSummaries"]
    assert found["Name"] == name
    person = Person(office.aws, found["ProductId"], sc)
    launched = person.launch("anas")
    assert reasons(launched) == ""
    ident = launched["RecordDetail"]["ProvisionedProductId"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in launched["RecordOutputs"]}
    stack = outputs["CloudformationStackARN"]

    # What she made she sees, in CloudFormation too; a colleague of the same role sees neither.
    assert [p["Name"] for p in sc.scan_provisioned_products()["ProvisionedProducts"]] == ["anas"]
    assert ana("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackId"] == stack
    assert others.scan_provisioned_products()["ProvisionedProducts"] == []
    assert (
        denied(lambda: others.describe_provisioned_product(Id=ident))
        == "servicecatalog:DescribeProvisionedProduct"
    )
    assert denied(lambda: others.terminate_provisioned_product(ProvisionedProductName="anas")) == (
        "servicecatalog:TerminateProvisionedProduct"
    )
    wide = {"Key": "Account", "Value": "self"}
    assert denied(lambda: sc.scan_provisioned_products(AccessLevelFilter=wide)) == (
        "servicecatalog:ScanProvisionedProducts"
    )

    # Nor may she do the administrators' work, or what her products do under their launch role.
    make = {"DisplayName": "p", "ProviderName": "x"}
    assert denied(lambda: sc.create_portfolio(**make)) == "servicecatalog:CreatePortfolio"
    assert denied(lambda: sc.search_products_as_admin()) == "servicecatalog:SearchProductsAsAdmin"
    assert denied(lambda: ana("cloudformation").delete_stack(StackName=stack)) == "cloudformation:DeleteStack"
    assert denied(lambda: ana("iam").list_roles()) == "iam:ListRoles"
    assert denied(lambda: ana("s3").list_buckets()) == "s3:ListAllMyBuckets"

    assert reasons(person.terminate("anas")) == ""
    assert sc.scan_provisioned_products()["ProvisionedProducts"] == []


def test_products_of_another_portfolio_are_out_of_reach(office: Office, shelf: Shelf) -> None:
    """Told apart twice: the portfolio does not show them, and the policy does not let them be asked for."""
    analyst = office.somebody("analyst", "ana")("servicecatalog")
    admin: Any = office.aws.session(REGION).client("servicecatalog")
    names = {
        each["ProductViewSummary"]["Name"]: each["ProductViewSummary"]["ProductId"]
        for each in admin.search_products_as_admin()["ProductViewDetails"]
    }
    theirs = names[shelf.catalogue.products["churn-endpoint"].spec.name]
    assert theirs not in [p["ProductId"] for p in analyst.search_products()["ProductViewSummaries"]]
    assert denied(lambda: analyst.describe_product(Id=theirs)) == "servicecatalog:DescribeProduct"
    assert denied(lambda: analyst.list_launch_paths(ProductId=theirs)) == "servicecatalog:ListLaunchPaths"
    version = admin.list_provisioning_artifacts(ProductId=theirs)["ProvisioningArtifactDetails"][0]["Id"]
    form = {"ProductId": theirs, "ProvisioningArtifactId": version, "ProvisionedProductName": "it"}
    assert denied(lambda: analyst.provision_product(**form)) == "servicecatalog:ProvisionProduct"


def test_a_principal_without_a_policy_sees_nothing(office: Office) -> None:
    """Being a principal of the portfolio is one half of the permission."""
    iam: Any = office.aws.session(REGION).client("iam")
    for attached in iam.list_attached_role_policies(RoleName="analyst")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="analyst", PolicyArn=attached["PolicyArn"])
    analyst = office.somebody("analyst", "ana")("servicecatalog")
    assert denied(lambda: analyst.search_products()) == "servicecatalog:SearchProducts"


def test_a_plan_is_refused_and_an_update_of_ones_own_is_not(office: Office) -> None:
    sc = office.somebody("analyst", "ana")("servicecatalog")
    person = Person(office.aws, sc.search_products()["ProductViewSummaries"][0]["ProductId"], sc)
    form = person.form(person.newest())
    plan = {"PlanName": "p", "PlanType": "CLOUDFORMATION", "ProvisionedProductName": "it"}
    assert denied(lambda: sc.create_provisioned_product_plan(**plan, **form)) == (
        "servicecatalog:CreateProvisionedProductPlan"
    )
    person.launch("it")
    kept = [{"Key": each["Key"], "UsePreviousValue": True} for each in form["ProvisioningParameters"]]
    answer = sc.update_provisioned_product(ProvisionedProductName="it", ProvisioningParameters=kept)
    assert reasons(finished(sc, answer)) == ""
