"""Access denied in the words of many services, read; the sentences are AWS's own, with other accounts in them."""

from __future__ import annotations

import pytest

from generator.denial import denials

ROLE = "arn:aws:sts::111122223333:assumed-role/catalog-launch-acme-store/servicecatalog"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:orders"


@pytest.mark.parametrize(
    ("said", "action", "resource", "layer"),
    [
        (
            f"User: {ROLE} is not authorized to perform: SNS:CreateTopic on resource: {TOPIC} because no identity-based"
            " policy allows the SNS:CreateTopic action (Service: Sns, Status Code: 403, Request ID: 0a1b)",
            "sns:CreateTopic",
            TOPIC,
            "identity-based policy",
        ),
        (
            f'Resource handler returned message: "User: {ROLE} is not authorized to perform: iam:PassRole on resource:'
            ' arn:aws:iam::111122223333:role/use because no permissions boundary allows the iam:PassRole action"'
            " (RequestToken: 0a1b, HandlerErrorCode: AccessDenied)",
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/use",
            "permissions boundary",
        ),
        (
            "You are not authorized to perform this operation. User: "
            f"{ROLE} is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:eu-west-1:111122223333:vpc/*"
            " because no identity-based policy allows the ec2:CreateVpc action. Encoded authorization failure message: Xy",
            "ec2:CreateVpc",
            "arn:aws:ec2:eu-west-1:111122223333:vpc/*",
            "identity-based policy",
        ),
        (
            f"User: {ROLE} is not authorized to perform: logs:CreateLogGroup",
            "logs:CreateLogGroup",
            "",
            "identity-based policy",
        ),
    ],
)
def test_the_statement_that_would_allow_it(said: str, action: str, resource: str, layer: str) -> None:
    (found,) = denials(said)
    assert (found.action, found.resource, found.layer) == (action, resource, layer)
    assert found.statement == {"Effect": "Allow", "Action": action, "Resource": resource or "*"}
    assert layer in found.remedy


def test_an_explicit_denial_is_not_allowed_away() -> None:
    (found,) = denials(
        f"User: {ROLE} is not authorized to perform: s3:PutBucketPolicy on resource: arn:aws:s3:::x with an explicit"
        " deny in a service control policy"
    )
    assert (found.explicit, found.layer, found.statement) == (True, "service control policy", None)
    assert "change the service control policy" in found.remedy


def test_a_nameless_denial_is_one_all_the_same() -> None:
    (found,) = denials("Access Denied (Service: S3, Status Code: 403, Request ID: 0a1b)")
    assert (found.action, found.statement) == ("", None)
    assert "CloudTrail" in found.remedy


def test_two_in_one_message_are_two() -> None:
    one = "User: {who} is not authorized to perform: {action} on resource: * because no identity-based policy allows"
    text = " ".join(f"{one.format(who=ROLE, action=action)} the action." for action in ("s3:A", "s3:B"))
    assert [each.action for each in denials(text)] == ["s3:A", "s3:B"]


@pytest.mark.parametrize(
    "said", ["Stack already exists", "Rate exceeded (Service: SageMaker, Status Code: 400)", ""]
)
def test_other_failures_are_none(said: str) -> None:
    assert denials(said) == ()
