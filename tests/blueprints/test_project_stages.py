"""The stack of a stage, made as CloudFormation makes it in a project: the seed's template under the blueprint's deploy role.

The local AWS judges what a stack's role may do. What is sufficient for one project must not be for another's names.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.errors import Where
from generator.local import ACCOUNT, LocalAws, open_state
from generator.local.stacks.account import parsed
from generator.seed import render
from tests.blueprints.building import ROOT, build

REGION = "us-east-1"
NAME, ID = "Churn-Of-2026", "p-a1b2c3d4e5f6"
SAMPLE = ("asynchronous", "batch", "edge")
HOSTINGS = (
    *SAMPLE,
    *(
        pytest.param(hosting, marks=pytest.mark.proof)
        for hosting in ("endpoint", "serverless", "multi-model", "serial", "multi-container")
    ),
)
PACKAGE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/sagemaker-{ID}-rings/1"
# What build.py and a stage's configuration give; parameters that are not here have a default or differ by hosting.
GIVEN = {
    "SageMakerProjectName": NAME,
    "SageMakerProjectId": ID,
    "StageName": "staging",
    "ModelPackageArn": PACKAGE,
    "ModelPackageArns": f"{PACKAGE},{PACKAGE}",
    "ModelVersion": "1",
    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/models@sha256:" + "0" * 64,
    "ModelDataUrl": "s3://models/staging/",
    "ModelArchive": "model.tar.gz",
    "ComponentUrl": "s3://models/edge",
    "ThingGroupName": "gates",
    "Port": "8080",
    "ModelExecutionRoleName": f"sagemaker-{ID}-model",
    "WorkflowRoleName": f"sagemaker-{ID}-workflow",
    "InstanceType": "ml.m5.large",
    "InstanceCount": "1",
    "MinInstanceCount": "1",
    "MaxInstanceCount": "2",
    "ContentType": "text/csv",
    "ScheduleExpression": "rate(1 day)",
    "MemorySizeInMB": "2048",
    "DataCapturePercent": "10",
    "LogRetentionDays": "90",
    "DataCaptureUri": "s3://data-capture/staging",
    "OutputUri": "s3://asynchronous/staging",
    "BatchUri": "s3://batch/staging",
}


@dataclass
class Account:
    """An account with one project in it, made by an administrator."""

    aws: LocalAws
    hosting: str
    key: str = ""

    @property
    def cloudformation(self) -> Any:
        session: Any = self.aws.session(REGION)
        return session.client("cloudformation")

    def found(self) -> None:
        session: Any = self.aws.session(REGION)
        template = build("sagemaker-project", "mlops", repositories=["deploy"], hosting=self.hosting)
        template["Mappings"] = {"Catalog": {REGION: {"AssetBucket": "assets"}}}
        s3 = session.client("s3")
        s3.create_bucket(Bucket="assets")
        for key in sorted(set(re.findall(r"assets/[a-z-]+/[0-9a-f]{64}\.zip", json.dumps(template)))):
            s3.put_object(Bucket="assets", Key=key, Body=archive())
        given = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID}
        self.cloudformation.create_stack(
            StackName="project",
            TemplateBody=json.dumps(template),
            Parameters=parameters(given),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = self.cloudformation.describe_stacks(StackName="project")["Stacks"][0]
        events = self.cloudformation.describe_stack_events(StackName="project")["StackEvents"]
        failed = [each.get("ResourceStatusReason") for each in events if "FAILED" in each["ResourceStatus"]]
        assert failed == []
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        self.key = next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "KeyArn")

    def stage(self, release: str, **other: str) -> dict[str, Any]:
        """The arguments that CodePipeline's action gives for a release."""
        text = stage_template(self.hosting)
        known = {**GIVEN, "KmsKeyArn": self.key, "Release": release, **other}
        wanted = {
            name: known.get(name, "100")
            for name, parameter in parsed(text)["Parameters"].items()
            if name in known or "Default" not in parameter
        }
        return {
            "StackName": f"sagemaker-{NAME}-{ID}-deploy-staging",
            "TemplateBody": text,
            "Parameters": parameters(wanted),
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{ID}-deploy",
            "Tags": [
                {"Key": "sagemaker:project-name", "Value": NAME},
                {"Key": "sagemaker:project-id", "Value": ID},
            ],
        }

    def outcome(self) -> tuple[str, list[str]]:
        """The status of the stage's stack, and why what failed did."""
        name = f"sagemaker-{NAME}-{ID}-deploy-staging"
        stack = next(
            each for each in self.cloudformation.list_stacks()["StackSummaries"] if each["StackName"] == name
        )
        events = self.cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        return stack["StackStatus"], [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
            for each in events
            if each["ResourceStatus"].endswith("_FAILED")
        ]


def archive() -> bytes:
    """A zip that CodeCommit takes a first commit from."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        zipped.writestr("README.md", "# A seed\n")
    return content.getvalue()


def parameters(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def stage_template(hosting: str) -> str:
    """`template.yaml` as the seed has it for this way of hosting."""
    answers = {"hosting": hosting, "ci": "codebuild"}
    if hosting in ("multi-model", "serial", "multi-container"):
        answers["models"] = "features,rings"
    tree = render(ROOT / "seedcode" / "model-deploy", answers, where=Where("test"))
    return next(content.decode() for name, content, _ in tree.files if name == "template.yaml")


@pytest.fixture
def account(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Account]:
    aws = open_state(tmp_path / "state")
    made = Account(aws, request.param)
    made.found()
    yield made
    aws.close()


def ended(account: Account, wanted: str) -> None:
    status, reasons = account.outcome()
    assert "; ".join(reasons) == ""
    assert status == wanted


@pytest.mark.parametrize("account", HOSTINGS, indirect=True, ids=str)
def test_the_deploy_role_makes_changes_and_deletes_what_a_stage_consists_of(account: Account) -> None:
    cloudformation = account.cloudformation
    cloudformation.create_stack(**account.stage("0123456789"))
    ended(account, "CREATE_COMPLETE")
    cloudformation.update_stack(**account.stage("9876543210", MaxErrors="7"))
    ended(account, "UPDATE_COMPLETE")
    cloudformation.delete_stack(StackName=f"sagemaker-{NAME}-{ID}-deploy-staging")
    ended(account, "DELETE_COMPLETE")


@pytest.mark.parametrize("account", ["batch"], indirect=True, ids=str)
def test_it_makes_nothing_of_another_project(account: Account) -> None:
    account.cloudformation.create_stack(**account.stage("0123456789", SageMakerProjectId="p-000000000000"))
    status, reasons = account.outcome()
    assert status == "ROLLBACK_COMPLETE"
    assert any("is not authorized to perform" in reason for reason in reasons), reasons
