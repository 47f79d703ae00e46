"""Encryption at rest: one customer key for a project, or each service's own key.

Owns the key, its policy and the permissions of its users. The account's IAM policies decide who else may use the key;
the key's own policy opens it to CloudWatch Logs, which asks no role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import GetAtt, Ref, Sub, kms

from .access import Statement, allow, arn
from .project import PREFIX, PROJECT_ID, PROJECT_NAME, Project
from .retention import Retention


@dataclass(frozen=True)
class Encryption:
    """How a project's resources are encrypted; without a key each service uses its own."""

    key_arn: GetAtt | Ref | None = None

    def properties(self, name: str) -> dict[str, GetAtt | Ref]:
        """The property that names the key, for resources that have one: `**encryption.properties("KmsKeyId")`."""
        return {name: self.key_arn} if self.key_arn else {}

    def use(self) -> list[Statement]:
        """To read and write what the key encrypts."""
        if not self.key_arn:
            return []
        actions = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
        return [allow([f"kms:{action}" for action in actions], [self.key_arn])]

    def attach(self) -> list[Statement]:
        """To have AWS mount volumes that the key encrypts."""
        if not self.key_arn:
            return []
        return [
            allow(["kms:GenerateDataKeyWithoutPlaintext"], [self.key_arn]),
            allow(["kms:CreateGrant"], [self.key_arn], {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        ]


def project_key(project: Project, retention: Retention, shared_with: Sequence[Statement] = ()) -> Encryption:
    """The project's key, rotated every year; `shared_with` are statements for other accounts."""
    key = project.add(
        kms.Key(
            "ProjectKey",
            Description=Sub("Encrypts what SageMaker project ${SageMakerProjectName} stores."),
            EnableKeyRotation=True,
            PendingWindowInDays=30,
            KeyPolicy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "IamDecides",
                        "Effect": "Allow",
                        "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
                        "Action": "kms:*",
                        "Resource": "*",
                    },
                    {
                        "Sid": "LogGroupsOfTheProject",
                        "Effect": "Allow",
                        "Principal": {"Service": Sub("logs.${AWS::Region}.amazonaws.com")},
                        "Action": [
                            "kms:Decrypt",
                            "kms:DescribeKey",
                            "kms:Encrypt",
                            "kms:GenerateDataKey",
                            "kms:ReEncryptFrom",
                            "kms:ReEncryptTo",
                        ],
                        "Resource": "*",
                        "Condition": {
                            "ArnLike": {
                                "kms:EncryptionContext:aws:logs:arn": arn(
                                    "logs", f"log-group:/aws/*/{PREFIX}*${{{PROJECT_ID}}}-*"
                                )
                            }
                        },
                    },
                    *shared_with,
                ],
            },
            **retention.attributes(),
        )
    )
    project.add(
        kms.Alias(
            "ProjectKeyAlias",
            AliasName=Sub(f"alias/{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}"),
            TargetKeyId=key.ref(),
        )
    )
    return Encryption(key.get_att("Arn"))
