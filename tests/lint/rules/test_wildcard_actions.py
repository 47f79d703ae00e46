from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lint.rules.judge import IT, faults, one


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("*", "/Action"),
        ("s3:*", "/Action"),
        (["s3:GetObject", "s3:Put*"], "/Action/1"),
        ("s3:Get?bject", "/Action"),
        ({"Fn::If": ["Broad", "sagemaker:*", "sagemaker:ListTags"]}, "/Action/Fn::If/1"),
    ],
)
def test_a_granted_wildcard_is_refused(action: Any, path: str) -> None:
    managed = one("AWS::IAM::ManagedPolicy", {"PolicyDocument": policy(allow(action))})
    assert list(faults("wildcard_actions", managed)) == [f"{IT}/PolicyDocument/Statement/0{path}"]
    role = one("AWS::IAM::Role", {"Policies": [{"PolicyName": "p", "PolicyDocument": policy(allow(action))}]})
    assert list(faults("wildcard_actions", role)) == [f"{IT}/Policies/0/PolicyDocument/Statement/0{path}"]


def test_a_single_statement_and_a_policy_as_text_are_read() -> None:
    single = {"Version": "2012-10-17", "Statement": allow("s3:*")}
    assert list(faults("wildcard_actions", one("AWS::IAM::Policy", {"PolicyDocument": single}))) == [
        f"{IT}/PolicyDocument/Statement/Action"
    ]
    text = one("AWS::SSO::PermissionSet", {"InlinePolicy": json.dumps(policy(allow("s3:*")))})
    assert list(faults("wildcard_actions", text)) == [f"{IT}/InlinePolicy"]


def test_allow_with_not_action_is_refused() -> None:
    broad = {"Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "*"}
    assert "NotAction" in next(
        iter(faults("wildcard_actions", one("AWS::IAM::Policy", {"PolicyDocument": policy(broad)})))
    )


def test_administrator_access_is_refused() -> None:
    arns = [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"}]
    assert faults("wildcard_actions", one("AWS::IAM::Role", {"ManagedPolicyArns": arns}))
    arns = [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}]
    assert faults("wildcard_actions", one("AWS::IAM::Role", {"ManagedPolicyArns": arns})) == {}


@pytest.mark.parametrize(
    "statement",
    [
        allow(["s3:GetObject", "sagemaker:CreateModel"]),
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"},
        allow("s3:GetObject", Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    ],
)
def test_named_actions_and_denials_pass(statement: dict[str, Any]) -> None:
    assert (
        faults("wildcard_actions", one("AWS::IAM::ManagedPolicy", {"PolicyDocument": policy(statement)}))
        == {}
    )


def test_key_and_bucket_policies_are_not_meant() -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": "x"}, "Action": "kms:*", "Resource": "*"}
    assert faults("wildcard_actions", one("AWS::KMS::Key", {"KeyPolicy": policy(root)})) == {}
    assert faults("wildcard_actions", one("AWS::S3::BucketPolicy", {"PolicyDocument": policy(root)})) == {}
