"""deploy.py: a stack is created, updated, left alone or replaced, and a failure says what failed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

import deploy
from deployment.settings import STAGES, Settings

Stubbed = tuple[Any, Stubber]
NAME = "sagemaker-demo-p-abcdefghijkl-deploy-staging"
RELEASE = {"Parameters": {"StageName": "staging"}, "Tags": {"sagemaker:stage": "staging"}}
REQUEST = {
    "StackName": NAME,
    "TemplateBody": "Resources: {}",
    "Parameters": [{"ParameterKey": "StageName", "ParameterValue": "staging"}],
    "Tags": [{"Key": "sagemaker:stage", "Value": "staging"}],
}
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def is_(answers: Stubber, status: str) -> None:
    """Let the stack be in a state, or absent."""
    if status:
        stack = {"StackName": NAME, "CreationTime": NOW, "StackStatus": status}
        answers.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": NAME})
    else:
        answers.add_client_error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")


def test_the_stack_is_named_after_project_and_stage(settings: Settings) -> None:
    assert settings.stack_name("staging") == NAME


def test_a_new_stack(cloudformation: Stubbed, capsys: pytest.CaptureFixture[str]) -> None:
    client, answers = cloudformation
    is_(answers, "")
    answers.add_response("create_stack", {"StackId": "x"}, REQUEST)
    is_(answers, "CREATE_COMPLETE")
    deploy.deploy(client, NAME, RELEASE, "Resources: {}")
    assert capsys.readouterr().out == f"{NAME} is created\n"


def test_an_update_under_a_role(cloudformation: Stubbed, environment: pytest.MonkeyPatch) -> None:
    client, answers = cloudformation
    role = "arn:aws:iam::111122223333:role/deploy"
    environment.setenv("DEPLOY_ROLE_ARN", role)
    is_(answers, "UPDATE_COMPLETE")
    answers.add_response("update_stack", {"StackId": "x"}, REQUEST | {"RoleARN": role})
    is_(answers, "UPDATE_COMPLETE")
    deploy.deploy(client, NAME, RELEASE, "Resources: {}")


def test_nothing_to_do(cloudformation: Stubbed, capsys: pytest.CaptureFixture[str]) -> None:
    client, answers = cloudformation
    is_(answers, "CREATE_COMPLETE")
    answers.add_client_error("update_stack", "ValidationError", "No updates are to be performed.")
    deploy.deploy(client, NAME, RELEASE, "Resources: {}")
    assert capsys.readouterr().out == f"{NAME} is as the release says\n"


@pytest.mark.parametrize("status", deploy.STILLBORN)
def test_a_stack_that_never_lived_is_made_anew(cloudformation: Stubbed, status: str) -> None:
    client, answers = cloudformation
    is_(answers, status)
    answers.add_response("delete_stack", {}, {"StackName": NAME})
    is_(answers, "")
    answers.add_response("create_stack", {"StackId": "x"}, REQUEST)
    is_(answers, "CREATE_COMPLETE")
    deploy.deploy(client, NAME, RELEASE, "Resources: {}")


def test_a_rolled_back_update_says_why(cloudformation: Stubbed) -> None:
    client, answers = cloudformation
    is_(answers, "CREATE_COMPLETE")
    answers.add_response("update_stack", {"StackId": "x"}, REQUEST)
    is_(answers, "UPDATE_ROLLBACK_COMPLETE")
    event = {"StackId": "x", "EventId": "1", "StackName": NAME, "Timestamp": NOW}
    failed = {"LogicalResourceId": "Endpoint", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "it rang"}
    done = {"LogicalResourceId": "Model", "ResourceStatus": "UPDATE_COMPLETE"}
    answers.add_response("describe_stack_events", {"StackEvents": [event | failed, event | done]}, {"StackName": NAME})
    with pytest.raises(deploy.NotDeployed, match=r"was not updated: Endpoint: it rang$"):
        deploy.deploy(client, NAME, RELEASE, "Resources: {}")


def test_without_a_release_nothing_is_asked(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setattr(deploy, "FOLDER", tmp_path)
    assert deploy.main([STAGES[0]]) == 1
    assert "run `make release` first" in capsys.readouterr().err


def test_what_aws_refuses_is_not_taken_for_absence(cloudformation: Stubbed) -> None:
    client, answers = cloudformation
    answers.add_client_error("describe_stacks", "AccessDenied", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        deploy.existing(client, NAME)
