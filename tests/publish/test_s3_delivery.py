"""Project templates that SageMaker reads from S3: what is published, that it is frozen, and that a second time is empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator import local
from tests import catalogues
from tests.local.conftest import NO_RETRIES
from tests.publish.conftest import Catalogue

BUCKET = "catalog-123456789012-us-east-1"
TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: A project's queue
Parameters:
  SageMakerProjectName: {Type: String, AllowedPattern: '^[a-zA-Z](-*[a-zA-Z0-9])*', MaxLength: 32}
  SageMakerProjectId: {Type: String, AllowedPattern: '^p-[a-z0-9]{12}$', MaxLength: 14}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub sagemaker-${SageMakerProjectName}-${SageMakerProjectId}
      SqsManagedSseEnabled: true
      Tags:
        - {Key: sagemaker:project-name, Value: !Ref SageMakerProjectName}
        - {Key: sagemaker:project-id, Value: !Ref SageMakerProjectId}
"""
PROJECT = (
    catalogues.PRODUCT.replace("Store", "Project").replace("store.yaml", "project.yaml")
    + "delivery: [service-catalog, sagemaker-s3]\n"
)
ALONE = PROJECT.replace("[service-catalog, sagemaker-s3]", "[sagemaker-s3]").replace("Project", "Alone")
FILES: dict[str, str | bytes] = {
    "products/project.yaml": PROJECT,
    "products/templates/project.yaml": TEMPLATE,
}
GOVERNANCE = "  governance: {personas: [data-scientist]}\n"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}
KEY = "sagemaker-projects/project-1.0.0.yaml"


class Account:
    """The local AWS of a catalogue, as its own clients see it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._session = local.open_state(catalogue.state, account="123456789012").session("us-east-1")

    def client(self, service: str) -> Any:
        return self._session.client(service)  # type: ignore[call-overload]  # the stubs want a literal

    def tags(self, key: str) -> dict[str, str]:
        found = self.client("s3").get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def text(self, key: str) -> str:
        return str(self.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode())


Make = Callable[..., Catalogue]


def test_both_ways_from_one_bundle(catalogue: Make) -> None:
    made = catalogue(FILES)
    published = made.run("publish")
    assert published.code == 0, published.err
    account = Account(made)
    assert account.text(KEY) == TEMPLATE
    assert (
        account.tags(KEY).items()
        >= {
            "sagemaker:studio-visibility": "true",
            "catalog:product": "acme/project",
            "catalog:version": "1.0.0",
        }.items()
    )
    (rule,) = account.client("s3").get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["https://*.sagemaker.aws"], ["GET", "HEAD"])
    iam = account.client("iam")
    trusted = {
        name: iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        for name in ("catalog-launch-acme-project", "catalog-launch-acme-project-sp")
    }
    assert trusted == {
        "catalog-launch-acme-project": {"Service": "servicecatalog.amazonaws.com"},
        "catalog-launch-acme-project-sp": {"Service": "cloudformation.amazonaws.com"},
    }
    again = made.run("publish")
    assert "Nothing to do. Target local" in again.out
    assert again.out.count("unchanged: project 1.0.0") == 1
    assert (
        "in SageMaker Studio, project is made with the role"
        " arn:aws:iam::123456789012:role/catalog-launch-acme-project-sp"
    ) in again.out
    assert f"sagemaker:projectS3TemplatesLocation=s3://{BUCKET}/sagemaker-projects/" in again.out


def test_a_data_scientist_makes_a_project_and_nothing_else(catalogue: Make) -> None:
    """CloudFormation as SageMaker calls it for its user: the published template, under the role that the user names."""
    made = catalogue({**FILES, "products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE})
    assert made.run("publish").code == 0
    aws = local.open_state(made.state, account="123456789012")
    iam: Any = aws.session("us-east-1").client("iam")
    iam.create_role(RoleName="scientist", AssumeRolePolicyDocument=json.dumps(TRUST))
    for policy in iam.list_policies(Scope="Local", PathPrefix="/catalog/")["Policies"]:
        if policy["PolicyName"].startswith("catalog-persona-acme-shelf-data-scientist"):
            iam.attach_role_policy(RoleName="scientist", PolicyArn=policy["Arn"])
    with local.serve(aws, 0) as server:
        ana = somebody(aws, server.url, "scientist")
        cloudformation = ana("cloudformation")
        assert ana("s3").get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"]
        mine = {"Bucket": BUCKET, "Key": KEY, "Body": b"mine"}
        assert denied(lambda: ana("s3").put_object(**mine)) == "s3:PutObject"
        stack: dict[str, Any] = {
            "StackName": "SP-shop-p-abcdefghijkl",
            "RoleARN": "arn:aws:iam::123456789012:role/catalog-launch-acme-project-sp",
            "Parameters": [
                {"ParameterKey": "SageMakerProjectName", "ParameterValue": "shop"},
                {"ParameterKey": "SageMakerProjectId", "ParameterValue": "p-abcdefghijkl"},
            ],
        }
        ours = {"TemplateURL": f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{KEY}"}
        create = "cloudformation:CreateStack"
        for asked, action in (
            ({"TemplateBody": TEMPLATE}, create),
            ({**ours, "StackName": "mine"}, create),
            ({**ours, "RoleARN": stack["RoleARN"].removesuffix("-sp")}, "iam:PassRole"),
        ):
            assert denied(lambda: cloudformation.create_stack(**{**stack, **asked})) == action  # noqa: B023 - called at once
        cloudformation.create_stack(**stack, **ours)
        (there,) = cloudformation.describe_stacks(StackName=stack["StackName"])["Stacks"]
        assert there["StackStatus"] == "CREATE_COMPLETE", there.get("StackStatusReason")
        cloudformation.delete_stack(StackName=stack["StackName"])


def somebody(aws: Any, url: str, role: str) -> Callable[[str], Any]:
    """A session of a role: its way to each service."""
    sts: Any = aws.session("us-east-1").client("sts")
    assumed = sts.assume_role(RoleArn=f"arn:aws:iam::123456789012:role/{role}", RoleSessionName="ana")
    keys = assumed["Credentials"]
    session: Any = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name="us-east-1",
    )
    return lambda service: session.client(service, endpoint_url=url, config=NO_RETRIES)


def denied(ask: Callable[[], Any]) -> str:
    """The action that must be refused."""
    with pytest.raises(ClientError, match="AccessDenied") as error:
        ask()
    return str(error.value.response["Error"]["Message"]).partition("perform: ")[2].partition(" ")[0]


def test_studio_alone(catalogue: Make) -> None:
    """A product that Service Catalog does not have; the portfolio says who may, and frozen is frozen here too."""
    made = catalogue({**FILES, "products/project.yaml": ALONE})
    assert made.run("publish").code == 0
    account = Account(made)
    products = account.client("servicecatalog").search_products_as_admin()["ProductViewDetails"]
    assert [each["ProductViewSummary"]["Name"] for each in products] == ["Queue", "Store"]
    again = made.run("publish")
    assert "unchanged: project 1.0.0 sha256:" in again.out
    assert "Nothing to do. Target local" in again.out
    made.edit("products/templates/project.yaml", "A project's queue", "A queue")
    refused = made.run("publish")
    assert refused.code == 1
    assert "products/project.yaml:3:1: version 1.0.0 is already published with other content" in refused.err
    made.edit("products/templates/project.yaml", "MaxLength: 14}", "MaxLength: 14}\n  Size: {Type: String}")
    made.edit("products/project.yaml", "version: 1.0.0", "version: 1.0.1")
    small = made.run("plan")
    assert "too small a step from 1.0.0: MAJOR, since parameter Size is added and required" in small.err
    made.edit("products/project.yaml", "version: 1.0.1", "version: 2.0.0")
    assert "+  Size: {Type: String}\n" in made.run("diff", "project").out
    plan = made.run("plan", "--detailed-exitcode")
    assert plan.code == 2
    assert "  + SageMaker project template project 2.0.0\n" in plan.out
    assert made.run("publish").code == 0
    assert account.tags(KEY)["sagemaker:studio-visibility"] == "true"
    launched = made.run("launch", "project")
    assert launched.err.endswith(
        "is no product of Service Catalog. Make a project of it in SageMaker Studio.\n"
    )
    shown = made.run("show", "project").out
    assert shown.count("  SageMaker project template\n") == 2
    assert "  published      unchanged\n" in made.run("role", "project").out
    assert "Nothing to do. Target local" in made.run("publish").out


def test_retired_versions_are_hidden_and_never_deleted(catalogue: Make) -> None:
    made = catalogue(FILES)
    assert made.run("publish").code == 0
    account = Account(made)
    made.edit("products/project.yaml", "version: 1.0.0", "version: 1.1.0\ndeprecated_versions: [1.0.0]")
    assert "  ~ hide SageMaker project template project 1.0.0\n" in made.run("plan").out
    assert made.run("publish").code == 0
    visible = "sagemaker:studio-visibility"
    assert account.tags(KEY)[visible] == "false"
    assert account.tags(KEY.replace("1.0.0", "1.1.0"))[visible] == "true"
    made.edit("products/project.yaml", "\ndeprecated_versions: [1.0.0]", "")
    assert "  ~ show SageMaker project template project 1.0.0\n" in made.run("plan").out
    assert made.run("publish").code == 0
    (made.root / "products/project.yaml").unlink()
    assert made.run("publish").code == 0
    assert account.tags(KEY)[visible] == account.tags(KEY.replace("1.0.0", "1.1.0"))[visible] == "false"
    assert account.text(KEY) == TEMPLATE
    assert "Nothing to do. Target local" in made.run("publish").out


def test_switched_on_later_and_off_again(catalogue: Make) -> None:
    delivery = "delivery: [service-catalog, sagemaker-s3]\n"
    made = catalogue({**FILES, "products/project.yaml": PROJECT.replace(delivery, "")})
    assert made.run("publish").code == 0
    made.write("products/project.yaml", PROJECT)
    plan = made.run("plan")
    assert "+ SageMaker project template project 1.0.0" in plan.out
    assert "project@sagemaker: new" in plan.out
    assert made.run("publish").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out
    made.edit("products/project.yaml", delivery, "")
    assert "~ hide SageMaker project template project 1.0.0" in made.run("plan").out
    assert made.run("publish").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out


def test_a_domain_is_told_where_to_look(catalogue: Make) -> None:
    made = catalogue(FILES)
    assert made.run("publish").code == 0
    sagemaker = Account(made).client("sagemaker")
    domain = sagemaker.create_domain(
        DomainName="team",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/studio"},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
        Tags=[{"Key": "theirs", "Value": "kept"}],
    )["DomainArn"].rpartition("/")[2]
    targets = catalogues.TARGETS.replace("local: {}", f"local: {{studio_domains: {{us-east-1: [{domain}]}}}}")
    made.write("products/targets.yaml", targets)
    location = f"s3://{BUCKET}/sagemaker-projects/"
    assert f"~ SageMaker domain {domain} reads project templates from {location}" in made.run("plan").out
    assert made.run("publish").code == 0
    tags = sagemaker.list_tags(ResourceArn=f"arn:aws:sagemaker:us-east-1:123456789012:domain/{domain}")[
        "Tags"
    ]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "theirs": "kept",
        "sagemaker:projectS3TemplatesLocation": location,
    }
    again = made.run("publish")
    assert "Nothing to do. Target local" in again.out
    assert "studio_domains:" not in again.out


def test_what_others_have_there_stays(catalogue: Make) -> None:
    made = catalogue(FILES)
    assert made.run("publish", "store").code == 0
    s3 = Account(made).client("s3")
    theirs = {"ID": "theirs", "AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [theirs]})
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"theirs")
    refused = made.run("publish", "project")
    assert refused.code == 4
    assert f"s3://{BUCKET}/{KEY}: somebody else's object stands there." in refused.err
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert made.run("publish").code == 0
    rules = s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert [rule["ID"] for rule in rules] == ["theirs", "CatalogSageMakerStudio"]
    assert "Nothing to do. Target local" in made.run("publish").out


def test_a_domain_of_another_region_is_a_mistake(catalogue: Make) -> None:
    targets = catalogues.TARGETS.replace("local: {}", "local: {studio_domains: {us-east-2: [d-abc]}}")
    refused = catalogue({**FILES, "products/targets.yaml": targets}).run("check")
    assert refused.err == (
        "products/targets.yaml:3:26: nothing is published to 'us-east-2', so that its domains have no project"
        " templates. Did you mean 'us-east-1'?\n"
    )


@pytest.mark.parametrize(
    ("product", "told"),
    [
        (
            PROJECT.replace("project.yaml", "store.yaml"),
            "products/project.yaml:9:1: SageMaker projects are made of templates with the parameters"
            " SageMakerProjectName and SageMakerProjectId; this one has no SageMakerProjectName and no"
            " SageMakerProjectId. Leave sagemaker-s3 out, or use a blueprint for projects.",
        ),
        (
            PROJECT + "launch: {local_name: Kept}\n",
            "products/project.yaml:10:1: delivery sagemaker-s3 needs a launch role of its own, which CloudFormation"
            " assumes. Leave `launch:` out, or sagemaker-s3.",
        ),
        (PROJECT.replace("sagemaker-s3", "sagemaker"), "products/project.yaml:9:29: "),
    ],
)
def test_what_cannot_be_delivered_so(catalogue: Make, product: str, told: str) -> None:
    refused = catalogue({**FILES, "products/project.yaml": product}).run("plan")
    assert (refused.code, told in refused.err) == (1, True), refused.err


def test_the_build_has_the_second_role(catalogue: Make) -> None:
    made = catalogue(FILES)
    assert made.run("build", "project").code == 0
    folder = made.root / "build" / "project"
    described = json.loads((folder / "bundle.json").read_text())
    roles = described["launch_role"], described["sagemaker_launch_role"]
    assert roles == ("catalog-launch-acme-project", "catalog-launch-acme-project-sp")
    second = json.loads((folder / "launch-role-sagemaker.json").read_text())
    (made_role,) = [each for each in second["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert made_role["Properties"]["RoleName"] == roles[1]
    assert "stack/SC-" not in json.dumps(second)


@pytest.mark.proof
@pytest.mark.parametrize("number", range(1, 131, 3))
@pytest.mark.parametrize("how", ["die", "kill"])
def test_a_publish_killed_at_any_call_is_continued(how: str, number: int, catalogue: Make) -> None:
    """With project templates and personas: a new publish ends well, and then nothing is left to do."""
    made = catalogue({**FILES, "products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE})
    killed = made.spawn("publish", "--yes", CATALOG_WEATHER=f"{how}={number}")
    assert killed.code in (0, 137), killed.err  # 0 when it takes fewer calls
    assert made.run("publish", "--yes").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out
    assert Account(made).text(KEY) == TEMPLATE
