from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, NO_VALUE, PROJECT, faults, one

ACTION = "s3:GetObject"
STATEMENT = len('{"Action":"s3:GetObject","Resource":""},')
AROUND = len('{"Version":"2012-10-17","Statement":[]}') - 1  # the last statement has no comma


def document(*resources: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Action": ACTION, "Resource": resource} for resource in resources],
    }


def role(*resources: Any) -> dict[str, Any]:
    return {"Policies": [{"PolicyName": "a", "PolicyDocument": document(resource)} for resource in resources]}


@pytest.mark.parametrize(
    ("kind", "name", "limit"),
    [
        ("AWS::IAM::ManagedPolicy", "PolicyDocument", 6_144),
        ("AWS::S3::BucketPolicy", "PolicyDocument", 20_480),
        ("AWS::KMS::Key", "KeyPolicy", 32_768),
    ],
)
def test_a_policy_has_its_limit_to_the_character(kind: str, name: str, limit: int) -> None:
    resource = "x" * (limit - AROUND - STATEMENT)
    assert faults("policy_sizes", one(kind, {name: document(resource)})) == {}
    message = faults("policy_sizes", one(kind, {name: document(f"{resource}x")}))[f"{IT}/{name}"]
    assert f"can reach {limit + 1:,} characters and the limit is {limit:,}" in message


def test_inline_policies_of_a_role_count_together() -> None:
    half = "x" * (10_240 // 2 - AROUND - STATEMENT)
    assert faults("policy_sizes", one("AWS::IAM::Role", role(half, half))) == {}
    message = faults("policy_sizes", one("AWS::IAM::Role", role(half, f"{half}x")))[f"{IT}/Policies"]
    assert "10,241" in message
    assert "say statements that differ in their resources alone once" in message


def test_expressions_count_with_the_longest_parameters() -> None:
    text = {"Fn::Sub": "${SageMakerProjectName}" + "x" * (10_240 - AROUND - STATEMENT - 32)}
    assert faults("policy_sizes", one("AWS::IAM::Role", role(text), Parameters=PROJECT)) == {}
    longer = {"Fn::Sub": text["Fn::Sub"] + "x"}
    assert faults("policy_sizes", one("AWS::IAM::Role", role(longer), Parameters=PROJECT)) != {}
    branches = {"Fn::If": ["Some", longer, NO_VALUE]}
    assert faults("policy_sizes", one("AWS::IAM::Role", role(branches), Parameters=PROJECT)) != {}


@pytest.mark.parametrize("written", [{"Fn::GetAtt": ["Store", "Arn"]}, {"Fn::Sub": "${Store.Arn}"}], ids=str)
def test_arns_of_the_templates_own_buckets_count(written: Any) -> None:
    arn = "arn:aws:s3:::store"
    rest = "x" * (10_240 - AROUND - 2 * STATEMENT - len(arn))
    template = one(
        "AWS::IAM::Role", {"Policies": [{"PolicyName": "a", "PolicyDocument": document(written, rest)}]}
    )
    template["Resources"]["Store"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "store"}}
    assert faults("policy_sizes", template) == {}
    template["Resources"]["Store"]["Properties"]["BucketName"] = "stores"
    assert faults("policy_sizes", template) != {}
