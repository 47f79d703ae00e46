"""E9007: names in a SageMaker project that do not start with `sagemaker-`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, call, parameters, resources
from generator.lint.names import own_name
from generator.lint.rules.project_tags import TAGS

PREFIX = "sagemaker-"
# Types that AWS's own launch and use roles for project templates admit under this prefix only.
SCOPED = (
    "AWS::CodeBuild::Project",
    "AWS::CodeCommit::Repository",
    "AWS::CodePipeline::Pipeline",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
)


class ProjectNames(HouseRule):
    id = "E9007"
    shortdesc = "Name without the sagemaker- prefix"
    description = "AWS's policies for SageMaker projects are scoped to names that start with sagemaker-."
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/security-iam-awsmanpol-sc.html"
    tags = ["sagemaker", "names"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        if not set(TAGS.values()) <= set(parameters(subject.template)):
            return
        for resource in resources(subject.template, *SCOPED):
            name = own_name(resource.type)
            for found in at(Placed(resource.path, resource.properties), name or "Name"):
                start = _start(found.value)
                # A start that is shorter than the prefix goes on with a parameter: nothing is known of it.
                if start is not None and start != PREFIX[: len(start)] and not start.startswith(PREFIX):
                    yield Fault(
                        found.path, f"The name starts with '{start[:20]}'. Let it start with {PREFIX}."
                    )


def _start(value: Any) -> str | None:
    """The literal text that a name starts with, as far as it is known."""
    if isinstance(value, str):
        return value
    called = call(value)
    if called and called[0] == "Fn::Sub":
        text = called[1][0] if isinstance(called[1], list) and called[1] else called[1]
        return text.split("${")[0] if isinstance(text, str) and not text.startswith("${") else None
    if called and called[0] == "Fn::Join" and isinstance(called[1], list) and len(called[1]) == 2:
        separator, parts = called[1]
        if isinstance(parts, list) and parts and isinstance(parts[0], str):
            return parts[0] + (separator if isinstance(separator, str) and len(parts) > 1 else "")
    return None
