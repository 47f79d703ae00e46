from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, PROJECT, faults, one


def test_a_name_that_fits_today_and_not_with_the_longest_parameter_is_refused() -> None:
    name = {"Fn::Sub": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-model-approved"}
    message = faults("long_names", one("AWS::Events::Rule", {"Name": name}, Parameters=PROJECT))[f"{IT}/Name"]
    assert "can reach 78 characters and the limit is 64" in message
    assert "SageMakerProjectId, SageMakerProjectName" in message


def test_the_same_name_within_its_limit_passes() -> None:
    name = {"Fn::Sub": "sagemaker-${SageMakerProjectId}-approved"}
    assert faults("long_names", one("AWS::Events::Rule", {"Name": name}, Parameters=PROJECT)) == {}


@pytest.mark.parametrize(
    ("kind", "name", "limit"),
    [
        ("AWS::IAM::Role", "RoleName", 64),
        ("AWS::S3::Bucket", "BucketName", 63),
        ("AWS::Lambda::Function", "FunctionName", 64),
        ("AWS::SQS::Queue", "QueueName", 80),
        ("AWS::CodePipeline::Pipeline", "Name", 100),
        ("AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupName", 63),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
        ("AWS::DynamoDB::Table", "TableName", 255),
    ],
)
def test_limits_come_from_the_schema_or_the_reviewed_table(kind: str, name: str, limit: int) -> None:
    def template(length: int) -> dict[str, Any]:
        return one(
            kind,
            {name: {"Ref": "P"}},
            Parameters={"P": {"Type": "String", "MaxLength": length, "AllowedPattern": "[a-z]+"}},
        )

    assert faults("long_names", template(limit)) == {}
    assert f"the limit is {limit}" in faults("long_names", template(limit + 1))[f"{IT}/{name}"]


def test_texts_deep_inside_are_measured_too() -> None:
    target = {
        "Id": {"Fn::Sub": "start-the-deployment-pipeline-of-${SageMakerProjectName}"},
        "Arn": "arn:aws:x",
    }
    found = faults("long_names", one("AWS::Events::Rule", {"Targets": [target]}, Parameters=PROJECT))
    assert list(found) == [f"{IT}/Targets/0/Id"]


def test_a_bucket_named_after_a_service_catalog_stack_has_capitals() -> None:
    found = faults(
        "long_names", one("AWS::S3::Bucket", {"BucketName": {"Fn::Sub": "${AWS::StackName}-data"}})
    )
    assert "upper-case" in found[f"{IT}/BucketName"]
    assert (
        faults(
            "long_names",
            one("AWS::S3::Bucket", {"BucketName": {"Fn::Sub": "data-${AWS::AccountId}-${AWS::Region}"}}),
        )
        == {}
    )


def test_the_partition_decides_how_long_a_region_is() -> None:
    # 63 - 12 - 1 = 50 characters for the rest; the longest region has 14 in aws and 15 among the isolated ones.
    template = one("AWS::S3::Bucket", {"BucketName": {"Fn::Sub": "a" * 49 + "${AWS::Region}"}})
    assert faults("long_names", template) == {}
    assert faults("long_names", template, regions=["us-isof-south-1"])


def test_what_the_template_cannot_tell_is_not_guessed() -> None:
    value = {"Fn::Sub": "${Other.Name}-${Imported}"}
    assert faults("long_names", one("AWS::Events::Rule", {"Name": value})) == {}
    assert faults("long_names", one("AWS::Events::Rule", {"Name": {"Fn::ImportValue": "x"}})) == {}
    assert faults("long_names", one("Custom::Thing", {"Name": "x" * 500})) == {}
