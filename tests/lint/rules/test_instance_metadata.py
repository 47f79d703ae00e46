from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, faults, one

NOTEBOOK = "AWS::SageMaker::NotebookInstance"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (NOTEBOOK, {"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"}}),
        (NOTEBOOK, {"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 2}}),
        ("AWS::EC2::Instance", {"MetadataOptions": {"HttpTokens": "required"}}),
        ("AWS::EC2::Instance", {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "T"}, "Version": "1"}}),
        (
            "AWS::EC2::LaunchTemplate",
            {"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": {"Ref": "Tokens"}}}},
        ),
        ("AWS::Lambda::Function", {}),
    ],
)
def test_version_two_passes(kind: str, properties: dict[str, Any]) -> None:
    assert faults("instance_metadata", one(kind, properties)) == {}


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        (NOTEBOOK, {}, ""),
        (
            NOTEBOOK,
            {"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"}},
            "/InstanceMetadataServiceConfiguration/MinimumInstanceMetadataServiceVersion",
        ),
        (
            "AWS::EC2::Instance",
            {"MetadataOptions": {"HttpTokens": "optional"}},
            "/MetadataOptions/HttpTokens",
        ),
        ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {}}, "/LaunchTemplateData"),
    ],
)
def test_version_one_is_pointed_out(kind: str, properties: dict[str, Any], path: str) -> None:
    assert list(faults("instance_metadata", one(kind, properties))) == [IT + path]
