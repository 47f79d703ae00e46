"""Project templates and personas published with the publisher's policy and nothing else, judged by the local AWS."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests import catalogues
from tests.publish.conftest import Catalogue
from tests.publish.test_s3_delivery import PROJECT, TEMPLATE
from tests.roles.test_publisher_works import ACCOUNT, ROLE, endpoint, iam_of, made, publisher

__all__ = ["endpoint", "made"]
PERSONA = f"arn:aws:iam::{ACCOUNT}:policy/catalog/catalog-persona-acme-shelf-data-scientist"


def test_the_publisher_writes_them_by_cloudformations_hand_only(made: Catalogue, endpoint: str) -> None:
    governance = "  governance: {personas: [data-scientist]}\n"
    made.write("products/portfolios.yaml", catalogues.PORTFOLIOS + governance)
    made.write("products/project.yaml", PROJECT)
    made.write("products/templates/project.yaml", TEMPLATE)
    publisher(made, endpoint)
    first = made.run("publish", "--target", "prod", "--yes")
    assert first.code == 0, first.err
    made.edit("products/portfolios.yaml", "[data-scientist]", "[data-scientist], required_tags: [cost]")
    made.edit("products/project.yaml", "version: 1.0.0", "version: 1.0.1\ndeprecated_versions: [1.0.0]")
    second = made.run("publish", "--target", "prod", "--yes")
    assert second.code == 0, second.err
    assert made.run("plan", "--target", "prod", "--detailed-exitcode").code == 0
    written = [each for each in iam_of(endpoint).list_policies()["Policies"] if PERSONA in each["Arn"]]
    assert "v2" in [each["DefaultVersionId"] for each in written]  # the denial stands in one of its documents
    iam = session_of_the_publisher(endpoint).client("iam", endpoint_url=endpoint)
    everything = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.create_policy_version(PolicyArn=PERSONA, PolicyDocument=json.dumps(everything), SetAsDefault=True)


LOG = """\
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: !Sub sagemaker-${SageMakerProjectId}
      RetentionInDays: 7
      Tags:
        - {Key: sagemaker:project-name, Value: !Ref SageMakerProjectName}
        - {Key: sagemaker:project-id, Value: !Ref SageMakerProjectId}
"""


def without_looking(document: dict[str, Any]) -> dict[str, Any]:
    """The publisher's policy as it was before projects were asked."""
    for statement in document["Statement"]:
        if isinstance(statement["Action"], list) and "cloudformation:ListStacks" in statement["Action"]:
            statement["Action"].remove("cloudformation:ListStacks")
    return document


@pytest.mark.parametrize("may_look", [True, False])
def test_projects_are_asked_before_their_role_loses_anything(
    made: Catalogue, endpoint: str, may_look: bool
) -> None:
    made.write("products/project.yaml", PROJECT)
    made.write("products/templates/project.yaml", TEMPLATE + LOG)
    publisher(made, endpoint, lambda document: document if may_look else without_looking(document))
    assert made.run("publish", "--target", "prod", "--yes").code == 0
    keys: dict[str, Any] = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
    root: Any = boto3.Session(region_name="eu-west-1", **keys)
    cloudformation = root.client("cloudformation", endpoint_url=endpoint)
    cloudformation.create_stack(
        StackName="SP-shop-p-abcdefghijkl",
        TemplateBody=TEMPLATE,
        RoleARN=f"arn:aws:iam::{ACCOUNT}:role/catalog-launch-acme-project-sp",
        Parameters=[
            {"ParameterKey": "SageMakerProjectName", "ParameterValue": "shop"},
            {"ParameterKey": "SageMakerProjectId", "ParameterValue": "p-abcdefghijkl"},
        ],
    )
    made.write("products/templates/project.yaml", TEMPLATE)
    made.edit("products/project.yaml", "version: 1.0.0", "version: 2.0.0\ninactive_versions: [1.0.0]")
    assert made.run("publish", "--target", "prod", "--yes").code == 0
    pruned = made.run("publish", "--target", "prod", "--prune-roles", "--yes")
    assert pruned.code == 0, pruned.err
    assert ("project@" in pruned.out) is may_look
    told = "its projects cannot be listed in eu-west-1 (aws ListStacks: AccessDenied"
    assert (told in pruned.out) is not may_look
    assert made.run("plan", "--target", "prod", "--prune-roles", "--detailed-exitcode").code == 0, (
        "nothing more goes"
    )


def session_of_the_publisher(url: str) -> Any:
    keys: dict[str, Any] = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
    sts: Any = boto3.Session(region_name="eu-west-1", **keys).client("sts", endpoint_url=url)
    found = sts.assume_role(RoleArn=ROLE, RoleSessionName="work")["Credentials"]
    return boto3.Session(
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        region_name="eu-west-1",
    )
