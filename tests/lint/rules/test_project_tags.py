from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, PROJECT, faults, one

NAME, NUMBER = {"Ref": "SageMakerProjectName"}, {"Fn::Sub": "${SageMakerProjectId}"}
TAGS = [{"Key": "sagemaker:project-name", "Value": NAME}, {"Key": "sagemaker:project-id", "Value": NUMBER}]
AS_MAP = {"sagemaker:project-name": NAME, "sagemaker:project-id": NUMBER}


def project(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return one(kind, properties, Parameters=PROJECT)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::S3::Bucket", {"Tags": TAGS}),
        ("AWS::S3::Bucket", {"Tags": {"Fn::If": ["C", TAGS, [*TAGS, {"Key": "a", "Value": "b"}]]}}),
        ("AWS::SSM::Parameter", {"Tags": AS_MAP}),
        ("AWS::EFS::FileSystem", {"FileSystemTags": TAGS}),
        ("AWS::Lex::Bot", {"BotTags": TAGS}),
        ("AWS::CodeBuild::Project", {"Tags": TAGS}),
        ("AWS::IAM::Policy", {}),
        ("AWS::Lambda::Permission", {}),
        ("AWS::S3::BucketPolicy", {}),
        ("Custom::Seed", {}),
        (
            "AWS::EC2::LaunchTemplate",
            {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": TAGS}]},
        ),
    ],
)
def test_tagged_and_untaggable_resources_pass(kind: str, properties: dict[str, Any]) -> None:
    assert faults("project_tags", project(kind, properties)) == {}


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("AWS::S3::Bucket", {}, ""),
        ("AWS::S3::Bucket", {"Tags": TAGS[:1]}, "/Tags"),
        ("AWS::S3::Bucket", {"Tags": {"Fn::If": ["C", TAGS, {"Ref": "AWS::NoValue"}]}}, "/Tags/Fn::If/2"),
        ("AWS::SSM::Parameter", {"Tags": {"a": "b"}}, "/Tags"),
        ("AWS::CodeBuild::Project", {}, ""),
        ("AWS::SageMaker::ModelPackageGroup", {}, ""),
    ],
)
def test_missing_tags_are_named_with_their_values(kind: str, properties: dict[str, Any], path: str) -> None:
    found = faults("project_tags", project(kind, properties))
    assert list(found) == [IT + path]
    assert "sagemaker:project-id: !Ref SageMakerProjectId" in found[IT + path]


def test_a_tag_with_another_value_is_found() -> None:
    tags = [TAGS[0], {"Key": "sagemaker:project-id", "Value": "p-123"}]
    assert "own value" in faults("project_tags", project("AWS::S3::Bucket", {"Tags": tags}))[f"{IT}/Tags"]


def test_templates_that_are_no_projects_are_left_alone() -> None:
    assert faults("project_tags", one("AWS::S3::Bucket", {})) == {}
