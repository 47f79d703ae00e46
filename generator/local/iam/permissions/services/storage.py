"""What DynamoDB's tables need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, tags_by

_PAGE = authorization("amazondynamodb")
_KEYS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_KEY, _TTL, _PITR = (
    "SSESpecification.KMSMasterKeyId",
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
)

TABLE = Reviewed(
    "AWS::DynamoDB::Table",
    "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    _PAGE,
    (
        Call("dynamodb:CreateTable", "c", tagging="sends"),
        Call("dynamodb:DescribeTable", "crud"),
        *(
            Call(
                action,
                "cu",
                "{each}",
                each=_KEY,
                to=key_arn,
                changed=("SSESpecification",),
                source=_KEYS,
                keys={"kms:ViaService": "dynamodb.{region}.amazonaws.com"},
            )
            for action in ("kms:DescribeKey", "kms:CreateGrant")
        ),
        Call("dynamodb:UpdateTimeToLive", "cu", when=(_TTL,), changed=(_TTL,)),
        Call("dynamodb:DescribeTimeToLive", "r"),
        Call("dynamodb:UpdateContinuousBackups", "cu", when=(_PITR,), changed=(_PITR,)),
        Call("dynamodb:DescribeContinuousBackups", "r"),
        Call(
            "dynamodb:UpdateTable",
            "u",
            changed=(
                "AttributeDefinitions",
                "BillingMode",
                "DeletionProtectionEnabled",
                "GlobalSecondaryIndexes",
                "ProvisionedThroughput",
                "SSESpecification",
                "StreamSpecification",
                "TableClass",
            ),
        ),
        Call("dynamodb:DeleteTable", "d"),
        *tags_by("dynamodb:TagResource", "dynamodb:UntagResource", lists="dynamodb:ListTagsOfResource"),
    ),
    name="TableName",
)

TYPES = (TABLE,)
