"""Serverless templates: expanded by AWS's own translator, made as what they stand for."""

from __future__ import annotations

from typing import Any

from .conftest import Stacks

TEMPLATE: dict[str, Any] = {
    "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
    "Parameters": {"Stage": {"Type": "String"}},
    "Globals": {"Function": {"Timeout": 7, "Runtime": "python3.13", "Handler": "index.handler"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Fn::ForEach::Functions": [
            "Name",
            ["First", "Second"],
            {
                "${Name}": {
                    "Type": "AWS::Serverless::Function",
                    "Properties": {
                        "FunctionName": {"Fn::Sub": "${Name}-${Stage}"},
                        "InlineCode": "def handler(event, context): return 1",
                        "Policies": [
                            "AWSLambdaBasicExecutionRole",
                            {"SQSSendMessagePolicy": {"QueueName": "q"}},
                        ],
                        "Events": {
                            "Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
                            "Work": {
                                "Type": "SQS",
                                "Properties": {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}},
                            },
                        },
                    },
                }
            },
        ],
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["First", "Arn"]}}},
}


def test_a_serverless_template_is_expanded_and_made(stacks: Stacks) -> None:
    assert stacks.create("s", TEMPLATE, Parameters={"Stage": "test"}) == "CREATE_COMPLETE", stacks.reasons(
        "s"
    )
    found = stacks.api.describe_stack_resources(StackName="s")["StackResources"]
    kinds = {each["LogicalResourceId"]: each["ResourceType"] for each in found}
    assert kinds == {
        "Queue": "AWS::SQS::Queue",
        **{
            f"{name}{suffix}": kind
            for name in ("First", "Second")
            for suffix, kind in (
                ("", "AWS::Lambda::Function"),
                ("Role", "AWS::IAM::Role"),
                ("Daily", "AWS::Events::Rule"),
                ("DailyPermission", "AWS::Lambda::Permission"),
                ("Work", "AWS::Lambda::EventSourceMapping"),
            )
        },
    }
    role = stacks.ids("s")["FirstRole"]
    policies = stacks.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert {each["PolicyArn"].rpartition("/")[2] for each in policies} == {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
    }
    function = stacks.client("lambda").get_function_configuration(FunctionName="First-test")
    assert (function["Timeout"], function["Handler"]) == (7, "index.handler")
    processed = stacks.api.get_template(StackName="s", TemplateStage="Processed")["TemplateBody"]
    assert "Serverless" not in str(processed)
    changed = {**TEMPLATE, "Globals": {"Function": {**TEMPLATE["Globals"]["Function"], "Timeout": 8}}}
    assert stacks.update("s", changed, Parameters={"Stage": "test"}) == "UPDATE_COMPLETE"
    assert stacks.client("lambda").get_function_configuration(FunctionName="Second-test")["Timeout"] == 8
    assert stacks.delete("s") == "DELETE_COMPLETE"
    assert stacks.client("lambda").list_functions()["Functions"] == []
