from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, PROJECT, faults, one


@pytest.mark.parametrize(
    "name",
    [
        {"Fn::Sub": "sagemaker-${SageMakerProjectId}-build"},
        {"Fn::Sub": ["sagemaker-${P}", {"P": "x"}]},
        {"Fn::Join": ["-", ["sagemaker", {"Ref": "SageMakerProjectId"}]]},
        {"Fn::If": ["C", "sagemaker-a", {"Ref": "AWS::NoValue"}]},
        {"Ref": "Name"},
        {"Fn::Sub": "${Name}-x"},
    ],
)
def test_prefixed_and_unknown_names_pass(name: Any) -> None:
    assert faults("project_names", one("AWS::CodeBuild::Project", {"Name": name}, Parameters=PROJECT)) == {}


@pytest.mark.parametrize(
    ("kind", "property_", "name"),
    [
        ("AWS::CodeBuild::Project", "Name", "build"),
        ("AWS::Events::Rule", "Name", {"Fn::Sub": "rule-${SageMakerProjectId}"}),
        ("AWS::S3::Bucket", "BucketName", {"Fn::Join": ["-", ["mlops", {"Ref": "SageMakerProjectId"}]]}),
        ("AWS::IAM::Role", "RoleName", {"Fn::Join": ["", ["sagemakerrole", {"Ref": "SageMakerProjectId"}]]}),
    ],
)
def test_other_names_are_refused(kind: str, property_: str, name: Any) -> None:
    assert list(faults("project_names", one(kind, {property_: name}, Parameters=PROJECT))) == [
        f"{IT}/{property_}"
    ]


def test_unnamed_resources_and_other_templates_are_left_alone() -> None:
    assert faults("project_names", one("AWS::CodeBuild::Project", {}, Parameters=PROJECT)) == {}
    assert faults("project_names", one("AWS::CodeBuild::Project", {"Name": "build"})) == {}
