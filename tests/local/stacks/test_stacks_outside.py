"""Stacks from outside of the process: over HTTP with boto3 and the AWS CLI, and from another process on the same state."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from generator.local import open_state, serve
from generator.local.aws import LocalAws

from .conftest import Stacks

ROOT = Path(__file__).parents[3]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
TEMPLATE = {
    "Parameters": {"Word": {"Type": "String", "Default": "one"}},
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "made", "AssumeRolePolicyDocument": TRUST},
        },
        "Note": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Word"}}},
    },
    "Outputs": {"Word": {"Value": {"Ref": "Word"}}},
}
KEYS: dict[str, Any] = {"aws_access_key_id": "AKIALOCL123456789012", "aws_secret_access_key": "local"}


def test_boto3_over_http(aws: LocalAws) -> None:
    with serve(aws, 0) as server:
        session = boto3.Session(region_name="eu-west-1", **KEYS)
        api = session.client("cloudformation", endpoint_url=server.url)
        api.create_stack(
            StackName="it", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        api.get_waiter("stack_create_complete").wait(StackName="it")
        with pytest.raises(api.exceptions.AlreadyExistsException):
            api.create_stack(
                StackName="it", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
            )
        with pytest.raises(api.exceptions.ClientError, match="No updates are to be performed"):
            api.update_stack(StackName="it", UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"])
        assert session.client("iam", endpoint_url=server.url).get_role(RoleName="made")
        api.delete_stack(StackName="it")
        api.get_waiter("stack_delete_complete").wait(StackName="it")


def test_the_cli_deploys_twice(aws: LocalAws, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    with serve(aws, 0) as server:
        environment = {
            "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_CONFIG_FILE": "/dev/null",
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        }

        def cli(*arguments: str) -> str:
            command = [sys.executable, "-m", "awscli", "cloudformation", *arguments]
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        deploy = [
            "deploy",
            "--stack-name",
            "cli",
            "--template-file",
            str(file),
            "--capabilities",
            "CAPABILITY_NAMED_IAM",
        ]
        assert "Successfully created/updated stack - cli" in cli(*deploy)
        time.sleep(1.1)  # the CLI names its change sets by the second
        assert "Successfully created/updated stack - cli" in cli(*deploy, "--parameter-overrides", "Word=two")
        time.sleep(1.1)
        assert "No changes to deploy" in cli(
            *deploy, "--parameter-overrides", "Word=two", "--no-fail-on-empty-changeset"
        )
    assert Stacks(aws).outputs("cli") == {"Word": "two"}


OTHER = """
import json, sys
from pathlib import Path
from generator.local import open_state
aws = open_state(Path(sys.argv[1]))
session = aws.session("eu-west-1")
api = session.client("cloudformation")
before = api.describe_stacks(StackName="it")["Stacks"][0]["Outputs"][0]["OutputValue"]
api.update_stack(
    StackName="it", UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"],
    Parameters=[{"ParameterKey": "Word", "ParameterValue": "two"}],
)
print(json.dumps([before, session.client("iam").get_role(RoleName="made")["Role"]["RoleId"]]))
aws.close()
"""


def test_another_process_sees_and_changes_the_stack(aws: LocalAws) -> None:
    stacks = Stacks(aws)
    assert stacks.create("it", TEMPLATE) == "CREATE_COMPLETE"
    role_id = stacks.client("iam").get_role(RoleName="made")["Role"]["RoleId"]
    ended = subprocess.run(
        [sys.executable, "-c", OTHER, str(aws.state.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == ["one", role_id]
    assert stacks.outputs("it") == {"Word": "two"}
    name = stacks.ids("it")["Note"]
    assert stacks.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "two"


def test_the_same_stack_has_the_same_names_in_a_new_state(tmp_path: Path) -> None:
    found: list[Any] = []
    for number in range(2):
        aws = open_state(tmp_path / str(number))
        stacks = Stacks(aws)
        stacks.create("it", TEMPLATE)
        found.append((stacks.stack("it")["StackId"], stacks.ids("it")))
        aws.close()
    assert found[0] == found[1]


KILLED = """
import os, sys, json
from pathlib import Path
from generator.local import open_state
from generator.local.stacks.resources import messaging
aws = open_state(Path(sys.argv[1]))
api = aws.session("eu-west-1").client("cloudformation")
made = messaging.Topic.create
def die(self, request):
    made(self, request)
    os._exit(9)
messaging.Topic.create = die
template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic", "DependsOn": "Q"}}}
api.create_stack(StackName="half", TemplateBody=json.dumps(template))
"""


def test_a_killed_process_leaves_no_half_of_a_stack(aws: LocalAws) -> None:
    """A stack operation is one transaction: the stack and all it made in other services, or nothing."""
    stacks = Stacks(aws)
    stacks.create("it", TEMPLATE)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(aws.state.folder)], cwd=ROOT, capture_output=True, check=False
    )
    assert ended.returncode == 9
    assert [stack["StackName"] for stack in stacks.api.list_stacks()["StackSummaries"]] == ["it"]
    assert "QueueUrls" not in stacks.client("sqs").list_queues()
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    assert stacks.create("half", template) == "CREATE_COMPLETE"
