"""What KMS keys and aliases need, reviewed by hand against the KMS permissions reference. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, tags_by

_PAGE = authorization("awskeymanagementservice")
_ALIASES = "https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html"

KEY = Reviewed(
    "AWS::KMS::Key",
    "arn:{partition}:kms:{region}:{account}:key/{name}",
    _PAGE,
    (
        # There is no key yet to be asked about.
        Call("kms:CreateKey", "c", "*", tagging="sends"),
        Call("kms:DescribeKey", "rud"),
        Call(
            "kms:EnableKeyRotation",
            "cu",
            when=("EnableKeyRotation=true",),
            changed=("EnableKeyRotation", "RotationPeriodInDays"),
        ),
        Call(
            "kms:DisableKeyRotation", "u", when=("!EnableKeyRotation=true",), changed=("EnableKeyRotation",)
        ),
        Call("kms:DisableKey", "cu", when=("Enabled=false",), changed=("Enabled",)),
        Call("kms:EnableKey", "u", when=("!Enabled=false",), changed=("Enabled",)),
        Call("kms:PutKeyPolicy", "u", changed=("KeyPolicy",)),
        Call("kms:UpdateKeyDescription", "u", changed=("Description",)),
        Call("kms:GetKeyPolicy", "r"),
        Call("kms:GetKeyRotationStatus", "r"),
        Call("kms:ScheduleKeyDeletion", "d"),
        *tags_by("kms:TagResource", "kms:UntagResource", lists="kms:ListResourceTags"),
    ),
)

_ON_KEY = "{each}"
ALIAS = Reviewed(
    "AWS::KMS::Alias",
    "arn:{partition}:kms:{region}:{account}:{AliasName}",
    _ALIASES,
    (
        # Aliases are authorised twice: on the alias and on every key that it leaves or joins.
        Call("kms:CreateAlias", "c"),
        Call("kms:CreateAlias", "c", _ON_KEY, each="TargetKeyId", to=key_arn),
        Call("kms:UpdateAlias", "u", changed=("TargetKeyId",)),
        Call("kms:UpdateAlias", "u", _ON_KEY, each="TargetKeyId", to=key_arn, changed=("TargetKeyId",)),
        Call(
            "kms:UpdateAlias",
            "u",
            _ON_KEY,
            each="TargetKeyId",
            to=key_arn,
            delta="went",
            changed=("TargetKeyId",),
        ),
        Call("kms:ListAliases", "r", "*", source=_PAGE),
        Call("kms:DeleteAlias", "d"),
        Call("kms:DeleteAlias", "d", _ON_KEY, each="TargetKeyId", to=key_arn),
    ),
    name="AliasName",
    tags="",
)

TYPES = (KEY, ALIAS)
