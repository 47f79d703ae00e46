"""What a denial says: AWS's own sentences, and a remedy that does cure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.local.iam import Caller, Policies, Request, advice, evaluate, message, remedy
from generator.local.iam.limits import SIZES, excess, size

JOHN = Caller.user("arn:aws:iam::123456789012:user/John")
LIST = "codecommit:ListRepositories"
DEPLOYMENTS = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf"
ROLE = "arn:aws:iam::123456789012:role/HR"
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NOTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
OTHER = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "xray:*", "Resource": "*"}}
WHO = "User: arn:aws:iam::123456789012:user/John is not authorized to perform: "


def public(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"Statement": document["Statement"] | {"Principal": "*"}}


def trust(effect: str, principal: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": {"Effect": effect, "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"},
    }


# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
MESSAGES = [
    (
        LIST,
        "*",
        {"service_control": [[OTHER]]},
        f"{LIST} because no service control policy allows the {LIST} action",
    ),
    (
        LIST,
        "*",
        {"service_control": [[NOTHING]]},
        f"{LIST} with an explicit deny in a service control policy",
    ),
    (
        "secretsmanager:GetSecretValue",
        SECRET,
        {"resource_control": [[public(NOTHING)]]},
        f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a resource control policy",
    ),
    (
        LIST,
        "*",
        {"endpoint": public(OTHER)},
        f"{LIST} because no VPC endpoint policy allows the {LIST} action",
    ),
    (LIST, "*", {"endpoint": public(NOTHING)}, f"{LIST} with an explicit deny in a VPC endpoint policy"),
    (
        "codedeploy:ListDeployments",
        DEPLOYMENTS,
        {"identity": [EVERYTHING], "boundary": OTHER},
        f"codedeploy:ListDeployments on resource: {DEPLOYMENTS} because no permissions boundary allows the "
        "codedeploy:ListDeployments action",
    ),
    (
        "sagemaker:ListModels",
        "*",
        {"identity": [EVERYTHING], "boundary": NOTHING},
        "sagemaker:ListModels with an explicit deny in a permissions boundary",
    ),
    (
        LIST,
        "*",
        {"identity": [EVERYTHING], "session": [OTHER]},
        f"{LIST} because no session policy allows the {LIST} action",
    ),
    (
        LIST,
        "*",
        {"identity": [EVERYTHING], "session": [NOTHING]},
        f"{LIST} with an explicit deny in a session policy",
    ),
    (
        "kms:Decrypt",
        "arn:aws:kms:us-east-1:123456789012:key/k",
        {"identity": [EVERYTHING]},
        "kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/k because no resource-based policy allows "
        "the kms:Decrypt action",
    ),
    (
        "secretsmanager:GetSecretValue",
        SECRET,
        {"identity": [EVERYTHING], "resource": public(NOTHING)},
        f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a resource-based policy",
    ),
    (
        "sts:AssumeRole",
        ROLE,
        {"trust": trust("Allow", "999988887777")},
        f"sts:AssumeRole on resource: {ROLE} because no role trust policy allows the sts:AssumeRole action",
    ),
    (
        "sts:AssumeRole",
        ROLE,
        {"trust": trust("Deny", JOHN.arn)},
        f"sts:AssumeRole on resource: {ROLE} with an explicit deny in the role trust policy",
    ),
    (LIST, "*", {}, f"{LIST} because no identity-based policy allows the {LIST} action"),
    (
        "codedeploy:ListDeployments",
        DEPLOYMENTS,
        {"identity": [NOTHING]},
        f"codedeploy:ListDeployments on resource: {DEPLOYMENTS} with an explicit deny in an identity-based policy",
    ),
]


@pytest.mark.parametrize(("action", "resource", "policies", "expected"), MESSAGES)
def test_aws_words(action: str, resource: str, policies: dict[str, Any], expected: str) -> None:
    decision = evaluate(Request(JOHN, action, resource), Policies.of(**policies))
    assert message(decision) == WHO + expected
    assert advice(decision)


def test_root_may_not_assume_roles() -> None:
    decision = evaluate(Request(Caller.root("123456789012"), "sts:AssumeRole", ROLE), Policies())
    assert message(decision) == "Roles may not be assumed by root accounts."
    assert "IAM user" in advice(decision)


def test_allowed_calls_say_nothing() -> None:
    decision = evaluate(Request(JOHN, LIST), Policies.of(identity=[EVERYTHING]))
    assert (message(decision), advice(decision)) == ("", "")


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        (
            "s3:CreateBucket",
            "arn:aws:s3:::sagemaker-x",
            {"aws:RequestTag/team": "red", "aws:TagKeys": ["team"]},
        ),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/b"}),
        ("iam:CreateServiceLinkedRole", ROLE, {"iam:AWSServiceName": "sagemaker.amazonaws.com"}),
        ("kms:CreateGrant", "arn:aws:kms:us-east-1:123456789012:key/k", {"kms:GrantIsForAWSResource": True}),
        ("ec2:DescribeVpcs", "*", {}),
    ],
)
def test_the_remedy_cures_and_does_no_more(action: str, resource: str, context: dict[str, Any]) -> None:
    statement = remedy(action, resource, context)
    key_policy = public(EVERYTHING) if action.startswith("kms:") else None
    session = Caller.role("arn:aws:iam::123456789012:role/launch", "servicecatalog")
    policies = Policies.of(
        identity=[{"Version": "2012-10-17", "Statement": statement}],
        resource=key_policy
        and key_policy | {"Statement": key_policy["Statement"] | {"Principal": {"AWS": "123456789012"}}},
    )
    assert evaluate(Request(session, action, resource, context), policies).allowed
    assert not evaluate(Request(session, "ec2:RunInstances", resource, context), policies).allowed
    for key in context:
        if key.lower().startswith(("iam:", "kms:")):
            assert not evaluate(Request(session, action, resource, {}), policies).allowed
        else:
            assert key not in json.dumps(statement)


@pytest.mark.parametrize(
    ("caller", "policies", "principal"),
    [
        (
            Caller.service("servicecatalog.amazonaws.com"),
            {"trust": trust("Allow", "123456789012")},
            '{"Service": "servicecatalog.amazonaws.com"}',
        ),
        (
            Caller.identity_provider("accounts.google.com"),
            {"trust": trust("Allow", "123456789012")},
            '{"Federated": "accounts.google.com"}',
        ),
        (Caller.role(ROLE, "s"), {"trust": trust("Allow", "999988887777")}, f'{{"AWS": "{ROLE}"}}'),
        (Caller.anonymous(), {}, '{"AWS": "*"}'),
    ],
)
def test_advice_for_trust_policies(caller: Caller, policies: dict[str, Any], principal: str) -> None:
    decision = evaluate(Request(caller, "sts:AssumeRole", ROLE), Policies.of(**policies))
    said = advice(decision)
    assert said.startswith("Add to the role trust policy: ")
    statement = json.loads(said.partition(": ")[2])
    assert statement["Principal"] == json.loads(principal)
    assert "Resource" not in statement


def test_advice_for_a_denial_names_the_statement() -> None:
    denial = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "NoS3", "Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        ],
    }
    decision = evaluate(Request(JOHN, "s3:GetObject", "arn:aws:s3:::b/k"), Policies.of(identity=[denial]))
    assert decision.statement == "NoS3"
    assert "change NoS3 of the identity-based policy" in advice(decision)


def test_sizes_count_as_iam_counts() -> None:
    spaced = '{ "Version" : "2012-10-17",\n "Statement" : { "Sid": "a b" } }'
    assert size(spaced) == len('{"Version":"2012-10-17","Statement":{"Sid":"a b"}}')
    assert size(spaced, white_space_counts=True) == len(spaced)
    assert excess(spaced, "managed") == 0
    room = SIZES["inline:role"].most - size(spaced)
    assert excess(spaced, "inline:role", already=room) == 0
    assert excess(spaced, "inline:role", already=room + 3) == 3
