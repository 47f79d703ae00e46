"""Our role against policies of today: what they allow too much, what they lack, and how narrowly ours is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from generator.launch_role import Difference, Grant, LaunchRole, compare, scoped_writes, widened

ROLE = LaunchRole(
    "r",
    "acme",
    "sample",
    frozenset(
        {
            Grant("sqs:CreateQueue", "arn:${AWS::Partition}:sqs:eu-west-1:${AWS::AccountId}:SC-*-jobs-*"),
            Grant("iam:PassRole", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/SC-*"),
            Grant("kms:CreateKey", "*"),
            Grant("sqs:ListQueues", "*"),
        }
    ),
    ("eu-west-1",),
)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **statement} for statement in statements],
    }


def test_a_service_wide_policy_is_too_much_and_lacks_the_rest() -> None:
    too_much, lacking = compare(ROLE, [policy({"Action": "sqs:*", "Resource": "*"})])
    assert Difference("sqs", "medium", "sqs:DeleteQueue", "*") in too_much
    assert Difference("sqs", "medium", "sqs:CreateQueue", "*") in too_much  # wider than the product's queues
    assert Difference("sqs", "high", "sqs:AddPermission", "*") in too_much
    assert Difference("sqs", "low", "sqs:ListQueues", "*") not in too_much
    assert {(found.action, found.severity) for found in lacking} == {
        ("iam:PassRole", "high"),
        ("kms:CreateKey", "medium"),
    }


def test_an_administrator_lacks_nothing() -> None:
    too_much, lacking = compare(ROLE, [policy({"Action": "*", "Resource": "*"})])
    assert lacking == ()
    assert [(found.action, found.severity) for found in too_much] == [("*", "high")]


def test_not_action_and_not_resource_count_as_everything_they_leave_open() -> None:
    too_much, _ = compare(ROLE, [policy({"NotAction": "iam:*", "Resource": "*"})])
    assert [found.action for found in too_much] == ["*"]
    too_much, _ = compare(ROLE, [policy({"Action": "sqs:CreateQueue", "NotResource": "arn:aws:sqs:*:*:x"})])
    assert [found.resource for found in too_much] == ["*"]


def test_the_same_arn_in_other_words_is_no_difference() -> None:
    same = policy(
        {"Action": "SQS:createqueue", "Resource": "arn:aws:sqs:eu-west-1:111122223333:SC-*-jobs-*"},
        {"Action": "iam:PassRole", "Resource": ["arn:aws:iam::111122223333:role/SC-*"]},
        {"Action": ["kms:CreateKey", "sqs:ListQueues"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
    )
    assert compare(ROLE, [same]) == ((), ())


def test_writing_is_scoped_when_every_pattern_is_narrower_than_its_service() -> None:
    found = scoped_writes(ROLE)
    assert (found.total, found.scoped, found.rest) == (3, 2, ("kms:CreateKey",))
    wide = replace(ROLE, grants=ROLE.grants | {Grant("sqs:CreateQueue", "arn:aws:sqs:*:*:*")})
    assert scoped_writes(wide).rest == ("kms:CreateKey", "sqs:CreateQueue")
    assert scoped_writes(replace(ROLE, grants=frozenset())).share == 1.0


def test_a_role_is_wider_by_what_no_older_grant_covers() -> None:
    region = ("StringEquals", "aws:RequestedRegion", ("eu-west-1",))
    older = replace(
        ROLE,
        grants=frozenset(
            {Grant("sqs:CreateQueue", "arn:aws:sqs:*:*:SC-*"), Grant("kms:CreateKey", "*", (region,))}
        ),
    )
    newer = replace(
        ROLE,
        grants=frozenset(
            {
                Grant("sqs:CreateQueue", "arn:aws:sqs:*:*:SC-*-jobs", (region,)),  # narrower twice over
                Grant("kms:CreateKey", "*"),  # a condition less
                Grant("sqs:DeleteQueue", "arn:aws:sqs:*:*:SC-*"),
            }
        ),
    )
    assert [grant.action for grant in widened(older, newer)] == ["kms:CreateKey", "sqs:DeleteQueue"]
    assert widened(newer, newer) == ()
    assert [grant.action for grant in widened(newer, older)] == ["sqs:CreateQueue"]
