"""Two accounts walk the whole way over HTTP, from nothing to launched to terminated: the AWS CLI, and boto3.

The hub publishes and shares. The spoke imports, opens the product to its analysts, and launches under a role of its own:
in one story the one that the hub's constraint names (LocalRoleName), in the other that of a portfolio of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from generator.local import ACCOUNT, LocalAws, serve

from .conftest import REGION, SPOKE

ANALYST = f"arn:aws:iam::{SPOKE}:role/analyst"
FIRST = """\
Parameters: {Seconds: {Type: Number, Default: 60, Description: How long messages are kept.}}
Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: !Ref Seconds}}}
Outputs: {Url: {Value: !Ref Queue, Description: Where to send.}}
"""
SECOND = FIRST.replace(
    "Resources: {", "Resources: {Alerts: {Type: AWS::SNS::Topic, Properties: {DisplayName: Alerts}}, "
)


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**who: str) -> str:
    return document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})


LAUNCH_TRUST = trust(Service="servicecatalog.amazonaws.com")
LAUNCH_POLICY = document(
    {"Effect": "Allow", "Action": ["cloudformation:*", "s3:GetObject", "sqs:*", "sns:*"], "Resource": "*"}
)
USER_TRUST = trust(AWS=f"arn:aws:iam::{SPOKE}:root")
USER_POLICY = document(
    {
        "Effect": "Allow",
        "Action": [
            "servicecatalog:DescribeProduct",
            "servicecatalog:DescribeProvisioningParameters",
            "servicecatalog:GetProvisionedProductOutputs",
            "servicecatalog:ListLaunchPaths",
            "servicecatalog:ProvisionProduct",
            "servicecatalog:SearchProducts",
        ],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": [
            "servicecatalog:DescribeRecord",
            "servicecatalog:ScanProvisionedProducts",
            "servicecatalog:TerminateProvisionedProduct",
            "servicecatalog:UpdateProvisionedProduct",
        ],
        "Resource": "*",
        "Condition": {"StringEquals": {"servicecatalog:userLevel": "self"}},
    },
)


@pytest.fixture
def url(local: LocalAws) -> Iterator[str]:
    with serve(local, 0) as server:
        yield server.url


class Aws:
    """The AWS CLI with the credentials of somebody."""

    def __init__(self, url: str, home: Path, **credentials: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SECRET_ACCESS_KEY": "x",
            **credentials,
        }

    def __call__(self, line: str, **arguments: str) -> dict[str, Any]:
        """`aws("service command", option_name="value")`; the answer."""
        words = [word for key, value in arguments.items() for word in (f"--{key.replace('_', '-')}", value)]
        command = [str(Path(sys.executable).parent / "aws"), *line.split(), *words]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return found


def test_the_aws_cli_walks_from_empty_to_terminated(url: str, tmp_path: Path) -> None:
    hub, spoke = (Aws(url, tmp_path, AWS_ACCESS_KEY_ID=account) for account in (ACCOUNT, SPOKE))
    for name, text in (("1.yaml", FIRST), ("2.yaml", SECOND)):
        (tmp_path / name).write_text(text)

    # The hub: a bucket with the template, a product of it, a portfolio around it.
    assert hub("servicecatalog list-portfolios")["PortfolioDetails"] == []
    hub("s3 mb s3://artifacts")
    hub(f"s3 cp --recursive {tmp_path} s3://artifacts/ --exclude * --include *.yaml")
    place = f"https://artifacts.s3.{REGION}.amazonaws.com"
    first = {
        "Name": "1.0.0",
        "Info": {"LoadTemplateFromURL": f"{place}/1.yaml"},
        "Type": "CLOUD_FORMATION_TEMPLATE",
    }
    made = hub(
        "servicecatalog create-product --name Queue --owner Platform --product-type CLOUD_FORMATION_TEMPLATE",
        provisioning_artifact_parameters=json.dumps(first),
    )
    product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    portfolio = hub("servicecatalog create-portfolio --display-name Shelf --provider-name Platform")[
        "PortfolioDetail"
    ]["Id"]
    inside = {"portfolio_id": portfolio, "product_id": product}
    hub("servicecatalog associate-product-with-portfolio", **inside)
    hub(
        "servicecatalog create-constraint --type LAUNCH",
        parameters='{"LocalRoleName": "launch-queue"}',
        **inside,
    )
    hub("servicecatalog create-portfolio-share", portfolio_id=portfolio, account_id=SPOKE)

    # The spoke: it imports the portfolio, makes the role to launch with, and lets its analysts in.
    spoke("servicecatalog accept-portfolio-share", portfolio_id=portfolio)
    imported = spoke("servicecatalog list-accepted-portfolio-shares")["PortfolioDetails"]
    assert [each["DisplayName"] for each in imported] == ["Shelf"]
    for role, trusts, policy in (
        ("launch-queue", LAUNCH_TRUST, LAUNCH_POLICY),
        ("analyst", USER_TRUST, USER_POLICY),
    ):
        spoke("iam create-role", role_name=role, assume_role_policy_document=trusts)
        spoke("iam put-role-policy --policy-name own", role_name=role, policy_document=policy)
    spoke(
        "servicecatalog associate-principal-with-portfolio --principal-type IAM",
        portfolio_id=portfolio,
        principal_arn=ANALYST,
    )

    # An analyst of the spoke: finds it, launches it, and sees where it is.
    keys = spoke("sts assume-role --role-session-name ana", role_arn=ANALYST)["Credentials"]
    ana = Aws(
        url,
        tmp_path,
        AWS_ACCESS_KEY_ID=keys["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
        AWS_SESSION_TOKEN=keys["SessionToken"],
    )
    (found,) = ana("servicecatalog search-products")["ProductViewSummaries"]
    assert (found["Name"], found["ProductId"]) == ("Queue", product)
    launch = ana(
        "servicecatalog provision-product --provisioned-product-name mine --provisioning-artifact-name 1.0.0",
        product_id=product,
        provisioning_parameters="Key=Seconds,Value=120",
    )["RecordDetail"]["RecordId"]
    record = ana("servicecatalog describe-record", id=launch)["RecordDetail"]
    assert (record["Status"], record["LaunchRoleArn"]) == (
        "SUCCEEDED",
        f"arn:aws:iam::{SPOKE}:role/launch-queue",
    )
    outputs = ana("servicecatalog get-provisioned-product-outputs --provisioned-product-name mine")["Outputs"]
    queue = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "Url")
    assert f"/{SPOKE}/" in queue
    (stack,) = spoke("cloudformation describe-stacks")["Stacks"]
    assert stack["Parameters"] == [{"ParameterKey": "Seconds", "ParameterValue": "120"}]

    # The hub publishes a second version; the analyst takes it, and ends it.
    second = {**first, "Name": "2.0.0", "Info": {"LoadTemplateFromURL": f"{place}/2.yaml"}}
    hub("servicecatalog create-provisioning-artifact", product_id=product, parameters=json.dumps(second))
    update = ana(
        "servicecatalog update-provisioned-product --provisioned-product-name mine --provisioning-artifact-name 2.0.0",
        product_id=product,
        provisioning_parameters="Key=Seconds,UsePreviousValue=true",
    )["RecordDetail"]["RecordId"]
    assert ana("servicecatalog describe-record", id=update)["RecordDetail"]["Status"] == "SUCCEEDED"
    ana("servicecatalog terminate-provisioned-product --provisioned-product-name mine")
    assert ana("servicecatalog scan-provisioned-products")["ProvisionedProducts"] == []
    assert spoke("cloudformation describe-stacks")["Stacks"] == []
    assert spoke("sns list-topics")["Topics"] == []


def test_boto3_walks_from_empty_to_terminated(url: str) -> None:
    def client(service: str, key: str, secret: str = "x", token: str | None = None) -> Any:
        session: Any = boto3.Session(key, secret, token, REGION)
        return session.client(service, endpoint_url=url)

    # The hub: as in the other story, but with no say in how the spoke launches.
    hub, s3 = client("servicecatalog", ACCOUNT), client("s3", ACCOUNT)
    s3.create_bucket(Bucket="artifacts")
    for name, text in (("1.yaml", FIRST), ("2.yaml", SECOND)):
        s3.put_object(Bucket="artifacts", Key=name, Body=text.encode())
    place = f"https://artifacts.s3.{REGION}.amazonaws.com"
    first = {
        "Name": "1.0.0",
        "Info": {"LoadTemplateFromURL": f"{place}/1.yaml"},
        "Type": "CLOUD_FORMATION_TEMPLATE",
    }
    product = hub.create_product(
        Name="Queue",
        Owner="Platform",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters=first,
    )["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    portfolio = hub.create_portfolio(DisplayName="Shelf", ProviderName="Platform")["PortfolioDetail"]["Id"]
    hub.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    hub.create_portfolio_share(PortfolioId=portfolio, AccountId=SPOKE)

    # The spoke: the imported product in a portfolio of its own, under a constraint of its own.
    spoke, iam = client("servicecatalog", SPOKE), client("iam", SPOKE)
    spoke.accept_portfolio_share(PortfolioId=portfolio)
    launch = iam.create_role(RoleName="launch-queue", AssumeRolePolicyDocument=LAUNCH_TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="launch-queue", PolicyName="own", PolicyDocument=LAUNCH_POLICY)
    iam.create_role(RoleName="analyst", AssumeRolePolicyDocument=USER_TRUST)
    iam.put_role_policy(RoleName="analyst", PolicyName="own", PolicyDocument=USER_POLICY)
    own = spoke.create_portfolio(DisplayName="Ours", ProviderName="Team")["PortfolioDetail"]["Id"]
    spoke.associate_product_with_portfolio(PortfolioId=own, ProductId=product, SourcePortfolioId=portfolio)
    spoke.create_constraint(
        PortfolioId=own, ProductId=product, Type="LAUNCH", Parameters=json.dumps({"RoleArn": launch})
    )
    spoke.associate_principal_with_portfolio(PortfolioId=own, PrincipalARN=ANALYST, PrincipalType="IAM")

    # An analyst: what the form asks, the launch, and what came of it.
    keys = client("sts", SPOKE).assume_role(RoleArn=ANALYST, RoleSessionName="ana")["Credentials"]
    ana = client("servicecatalog", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    version = ana.describe_product(Id=product)["ProvisioningArtifacts"][0]["Id"]
    (path,) = ana.list_launch_paths(ProductId=product)["LaunchPathSummaries"]
    assert (path["Name"], [each["Type"] for each in path["ConstraintSummaries"]]) == ("Ours", ["LAUNCH"])
    asked = {"ProductId": product, "ProvisioningArtifactId": version, "PathId": path["Id"]}
    form = ana.describe_provisioning_parameters(**asked)["ProvisioningArtifactParameters"]
    assert [(each["ParameterKey"], each["DefaultValue"]) for each in form] == [("Seconds", "60")]

    def finished(answer: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = ana.describe_record(Id=answer["RecordDetail"]["RecordId"])
        assert found["RecordDetail"]["RecordErrors"] == []
        return found

    launched = finished(ana.provision_product(ProvisionedProductName="mine", **asked))
    assert launched["RecordDetail"]["LaunchRoleArn"] == launch
    outputs = {each["OutputKey"]: each["OutputValue"] for each in launched["RecordOutputs"]}
    assert f":{SPOKE}:stack/SC-{SPOKE}-pp-" in outputs["CloudformationStackARN"]
    (stack,) = client("cloudformation", SPOKE).describe_stacks()["Stacks"]
    tags = {each["Key"]: each["Value"] for each in stack["Tags"]}
    assert tags["aws:servicecatalog:provisioningPrincipalArn"].endswith(":assumed-role/analyst/ana")

    # The next version reaches the spoke by itself.
    hub.create_provisioning_artifact(
        ProductId=product,
        Parameters={**first, "Name": "2.0.0", "Info": {"LoadTemplateFromURL": f"{place}/2.yaml"}},
    )
    finished(
        ana.update_provisioned_product(
            ProvisionedProductName="mine", ProductId=product, ProvisioningArtifactName="2.0.0"
        )
    )
    assert len(client("sns", SPOKE).list_topics()["Topics"]) == 1
    everybody = {"Key": "Account", "Value": "self"}
    assert hub.scan_provisioned_products(AccessLevelFilter=everybody)["ProvisionedProducts"] == []
    finished(ana.terminate_provisioned_product(ProvisionedProductName="mine"))
    assert ana.scan_provisioned_products()["ProvisionedProducts"] == []
    assert client("cloudformation", SPOKE).describe_stacks()["Stacks"] == []
