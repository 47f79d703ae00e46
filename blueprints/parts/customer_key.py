"""A customer key of a product's own, whose policy names every action: no `kms:*`, and use through named services only.

Owns the key and the statements for those who use it. Which roles of the account may use it, IAM decides; that they do so
through the named services and nothing else, the key's policy.
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import GetAtt, Sub, Template, kms

from .access import Statement, allow
from .retention import Retention

# What an administrator may do to the key itself. Never to what it encrypts.
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")


def _via(services: Sequence[str]) -> list[Sub]:
    return [Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") for service in services]


def customer_key(
    template: Template, title: str, description: str, *, services: Sequence[str], kept: bool
) -> GetAtt:
    """A key rotated every year, used through `services` (such as sagemaker) only; its ARN.

    A key that is not kept waits 30 days for its deletion, time enough to cancel it.
    """
    account = {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}
    template.add_resource(
        kms.Key(
            title,
            Description=description,
            EnableKeyRotation=True,
            PendingWindowInDays=30,
            KeyPolicy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Administration",
                        "Effect": "Allow",
                        "Principal": account,
                        "Action": list(ADMINISTRATION),
                        "Resource": "*",
                    },
                    {
                        "Sid": "UseThroughServices",
                        "Effect": "Allow",
                        "Principal": account,
                        "Action": list(USE),
                        "Resource": "*",
                        "Condition": {"StringEquals": {"kms:ViaService": _via(services)}},
                    },
                    {
                        # Volumes are mounted by AWS, on a grant that whoever creates the resource hands over.
                        "Sid": "GrantsForVolumes",
                        "Effect": "Allow",
                        "Principal": account,
                        "Action": ["kms:CreateGrant"],
                        "Resource": "*",
                        "Condition": {
                            "StringEquals": {"kms:ViaService": _via(services)},
                            "Bool": {"kms:GrantIsForAWSResource": "true"},
                        },
                    },
                ],
            },
            **Retention(kept).attributes(),
        )
    )
    return GetAtt(title, "Arn")


def use_through(key: object, service: str, *, write: bool) -> Statement:
    """For a role that reads, or also writes, what a service encrypts with the key."""
    actions = ["kms:Decrypt", "kms:DescribeKey", *(["kms:GenerateDataKey"] if write else [])]
    return allow(actions, [key], {"StringEquals": {"kms:ViaService": _via([service])[0]}})
