"""What secrets and their policies need, reviewed by hand.

Owns facts only. A secret's ARN ends in six letters of the service's choice, which creation is asked about too:
a policy on the bare name lets nothing be created.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import (
    Call,
    Place,
    Reviewed,
    authorization,
    key_arn,
    tags_by,
)

_PAGE = authorization("awssecretsmanager")
_SUFFIX = "https://github.com/iann0036/iam-dataset/pull/22"
_KEYS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
_VIA = {"kms:ViaService": "secretsmanager.{region}.amazonaws.com"}

SECRET = Reviewed(
    "AWS::SecretsManager::Secret",
    "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-??????",
    _PAGE,
    (
        Call(
            "secretsmanager:CreateSecret",
            "c",
            tagging="sends",
            keys={"secretsmanager:Name": "{Name}"},
            source=_SUFFIX,
        ),
        Call(
            "secretsmanager:GetRandomPassword",
            "cu",
            "*",
            when=("GenerateSecretString",),
            changed=("GenerateSecretString",),
        ),
        Call(
            "kms:GenerateDataKey",
            "cu",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            keys=_VIA,
            source=_KEYS,
            changed=("KmsKeyId", "SecretString", "GenerateSecretString"),
        ),
        Call(
            "kms:Decrypt",
            "cu",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            keys=_VIA,
            source=_KEYS,
            changed=("KmsKeyId", "SecretString", "GenerateSecretString"),
        ),
        Call("secretsmanager:DescribeSecret", "rd"),
        Call("secretsmanager:GetSecretValue", "r"),
        Call(
            "secretsmanager:UpdateSecret",
            "u",
            changed=("Description", "KmsKeyId", "SecretString", "GenerateSecretString"),
        ),
        Call(
            "secretsmanager:ReplicateSecretToRegions",
            "cu",
            when=("ReplicaRegions",),
            changed=("ReplicaRegions",),
        ),
        Call(
            "secretsmanager:RemoveRegionsFromReplication",
            "u",
            each="ReplicaRegions[].Region",
            delta="went",
            changed=("ReplicaRegions",),
        ),
        Call("secretsmanager:DeleteSecret", "d"),
        *tags_by("secretsmanager:TagResource", "secretsmanager:UntagResource"),
    ),
    name="Name",
)


def _secret_arn(value: str, place: Place) -> str:
    """A secret by ARN or by name, whose ARN ends in letters of the service's choice."""
    if value.startswith("arn:"):
        return value
    return f"arn:{place.partition}:secretsmanager:{place.region}:{place.account}:secret:{value}-??????"


RESOURCE_POLICY = Reviewed(
    "AWS::SecretsManager::ResourcePolicy",
    "{SecretId}",
    _PAGE,
    (
        Call("secretsmanager:PutResourcePolicy", "cu", "{each}", each="SecretId", to=_secret_arn),
        Call("secretsmanager:GetResourcePolicy", "r", "{each}", each="SecretId", to=_secret_arn),
        Call("secretsmanager:DeleteResourcePolicy", "d", "{each}", each="SecretId", to=_secret_arn),
    ),
    tags="",
)

TYPES = (SECRET, RESOURCE_POLICY)
