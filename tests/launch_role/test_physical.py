"""Names and ARNs of a template's resources: given, generated, cut, and made up by the service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.launch_role import Delivery
from generator.launch_role.physical import Physical, arn_types_of, generated_names, name_property, service_of
from tests.launch_role.reading import SCOPE, template

SP = replace(SCOPE, delivery=Delivery.SAGEMAKER)


@pytest.mark.parametrize(
    ("resource_type", "logical_id", "expected"),
    [
        ("AWS::IAM::Role", "Role", ("SC-${AWS::AccountId}-pp-*-Role-*",)),
        # 64 characters: 13 for the end, one dash, 32 for the stack; 25 are kept of a long logical id.
        ("AWS::IAM::Role", "A" * 30, ("SC-${AWS::AccountId}-pp-*-" + "A" * 25 + "*",)),
        ("AWS::IAM::Role", "A" * 18, ("SC-${AWS::AccountId}-pp-*-" + "A" * 18 + "-*",)),
        ("AWS::S3::Bucket", "Data", ("sc-${AWS::AccountId}-pp-*-data-*",)),
        ("AWS::SageMaker::Model", "Model", ("Model-*",)),
        ("AWS::SageMaker::Model", "M" * 70, ("M" * 50 + "*",)),
        ("AWS::CodeBuild::Project", "Build", ("Build-*",)),
        ("AWS::SSM::Parameter", "Flag", ("CFN-Flag-*",)),
        # 32 characters leave less of the stack's name than its account.
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Balancer", ("SC-*-Balancer-*",)),
    ],
)
def test_generated_names_follow_cloudformations_rules(
    resource_type: str, logical_id: str, expected: tuple[str, ...]
) -> None:
    assert generated_names(resource_type, logical_id, SCOPE) == expected


def test_a_type_whose_form_is_not_published_gets_both() -> None:
    assert generated_names("AWS::Glue::Job", "Clean", SCOPE) == (
        "SC-${AWS::AccountId}-pp-*-Clean-*",
        "Clean-*",
    )


def test_stacks_of_sagemaker_have_names_of_any_length() -> None:
    assert generated_names("AWS::IAM::Role", "A" * 30, SP) == ("SP-*" + "A" * 25 + "*",)


@pytest.mark.parametrize(
    ("resource_type", "service", "arn_types", "name"),
    [
        ("AWS::SageMaker::NotebookInstance", "sagemaker", ("notebook-instance",), "NotebookInstanceName"),
        ("AWS::StepFunctions::StateMachine", "states", ("statemachine",), "StateMachineName"),
        ("AWS::KMS::Key", "kms", ("key",), None),
        ("AWS::EC2::SecurityGroup", "ec2", ("security-group",), None),
        ("AWS::CodePipeline::Pipeline", "codepipeline", ("pipeline",), "Name"),
        ("AWS::Logs::LogGroup", "logs", ("log-group",), "LogGroupName"),
        ("AWS::IAM::Policy", "iam", (), "PolicyName"),
        ("AWS::SecretsManager::Secret", "secretsmanager", ("secret",), "Name"),
    ],
)
def test_types_know_their_service_their_arns_and_their_name(
    resource_type: str, service: str, arn_types: tuple[str, ...], name: str | None
) -> None:
    assert service_of(resource_type) == service
    assert arn_types_of(resource_type) == arn_types
    assert name_property(resource_type) == name


def arns(resource_type: str, properties: dict[str, Any], **sections: Any) -> tuple[str, ...]:
    return Physical(template(("Thing", resource_type, properties), **sections), SCOPE).arns("Thing")


def arn(rest: str) -> str:
    service, _, tail = rest.partition(":")
    return f"arn:${{AWS::Partition}}:{service}:eu-west-1:${{AWS::AccountId}}:{tail}"


@pytest.mark.parametrize(
    ("resource_type", "properties", "expected"),
    [
        ("AWS::SQS::Queue", {"QueueName": "jobs"}, (arn("sqs:jobs"),)),
        ("AWS::KMS::Key", {}, (arn("kms:key/*"),)),
        ("AWS::KMS::Alias", {"AliasName": "alias/acme", "TargetKeyId": "x"}, (arn("kms:alias/acme"),)),
        ("AWS::SecretsManager::Secret", {"Name": "db"}, (arn("secretsmanager:secret:db-*"),)),
        ("AWS::SSM::Parameter", {"Name": "/acme/flag"}, (arn("ssm:parameter/acme/flag"),)),
        (
            "AWS::IAM::Role",
            {"RoleName": "r", "Path": "/team/"},
            ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/team/r",),
        ),
        ("AWS::Events::Rule", {"Name": "r"}, (arn("events:rule/r"),)),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": "b"}, (arn("events:rule/b/r"),)),
        (
            "AWS::Events::Rule",
            {"Name": "r", "EventBusName": "arn:aws:events:eu-west-1:111122223333:event-bus/b"},
            (arn("events:rule/b/r"),),
        ),
        (
            "AWS::Logs::LogGroup",
            {"LogGroupName": "/a"},
            (arn("logs:log-group:/a"), arn("logs:log-group:/a:*")),
        ),
        (
            "AWS::SageMaker::Endpoint",
            {"EndpointName": "Live"},
            (arn("sagemaker:endpoint/Live"), arn("sagemaker:endpoint/live")),
        ),
        ("AWS::Cognito::UserPool", {"UserPoolName": "people"}, (arn("cognito-idp:userpool/*"),)),
        (
            "AWS::CloudFormation::Stack",
            {},
            (arn("cloudformation:stack/SC-${AWS::AccountId}-pp-*-Thing-*/*"),),
        ),
    ],
)
def test_arns_hold_what_the_template_fixes(
    resource_type: str, properties: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert arns(resource_type, properties) == tuple(sorted(expected))


def test_a_name_that_is_left_out_in_one_branch_is_generated_there() -> None:
    properties = {"QueueName": {"Fn::If": ["Named", "jobs", {"Ref": "AWS::NoValue"}]}}
    assert arns("AWS::SQS::Queue", properties) == (
        arn("sqs:SC-${AWS::AccountId}-pp-*-Thing-*"),
        arn("sqs:jobs"),
    )


def test_several_regions_are_one_wildcard() -> None:
    scope = replace(SCOPE, regions=("eu-west-1", "us-east-1"))
    found = Physical(template(("Q", "AWS::SQS::Queue", {"QueueName": "jobs"})), scope).arns("Q")
    assert found == ("arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:jobs",)


def test_a_name_made_from_another_resource_follows_it() -> None:
    physical = Physical(
        template(
            ("Group", "AWS::Logs::LogGroup", {"LogGroupName": {"Fn::Sub": "/aws/lambda/${Function}"}}),
            ("Function", "AWS::Lambda::Function", {"FunctionName": "work"}),
        ),
        SCOPE,
    )
    assert physical.names("Group") == ("/aws/lambda/work",)


def test_names_in_a_circle_end() -> None:
    physical = Physical(
        template(
            ("A", "AWS::SQS::Queue", {"QueueName": {"Fn::GetAtt": ["B", "QueueName"]}}),
            ("B", "AWS::SQS::Queue", {"QueueName": {"Fn::GetAtt": ["A", "QueueName"]}}),
        ),
        SCOPE,
    )
    assert physical.names("A") == ("*",)
