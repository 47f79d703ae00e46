"""What state machines need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, passes, tags_by

_PAGE = authorization("awsstepfunctions")
_KEYS = "https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html"
_DEFINITION = "arn:{partition}:s3:::{DefinitionS3Location.Bucket}/{DefinitionS3Location.Key}"

STATE_MACHINE = Reviewed(
    "AWS::StepFunctions::StateMachine",
    "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    _PAGE,
    (
        Call("states:CreateStateMachine", "c", tagging="sends"),
        Call("states:DescribeStateMachine", "crd"),
        passes("RoleArn", "states.amazonaws.com", "cu"),
        Call(
            "s3:GetObject",
            "cu",
            _DEFINITION,
            when=("DefinitionS3Location", "!DefinitionS3Location.Version"),
            changed=("DefinitionS3Location",),
        ),
        Call(
            "s3:GetObjectVersion",
            "cu",
            _DEFINITION,
            when=("DefinitionS3Location.Version",),
            changed=("DefinitionS3Location",),
        ),
        Call(
            "kms:DescribeKey",
            "cu",
            "{each}",
            each="EncryptionConfiguration.KmsKeyId",
            to=key_arn,
            changed=("EncryptionConfiguration",),
            source=_KEYS,
        ),
        Call(
            "kms:GenerateDataKey",
            "cu",
            "{each}",
            each="EncryptionConfiguration.KmsKeyId",
            to=key_arn,
            source=_KEYS,
            keys={"kms:ViaService": "states.{region}.amazonaws.com"},
        ),
        Call("states:UpdateStateMachine", "u"),
        Call("states:DeleteStateMachine", "d"),
        *tags_by("states:TagResource", "states:UntagResource", lists="states:ListTagsForResource"),
    ),
    name="StateMachineName",
)

TYPES = (STATE_MACHINE,)
