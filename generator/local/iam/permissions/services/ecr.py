"""What container repositories need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, tags_by

_PAGE = authorization("amazonelasticcontainerregistry")
_KEYS = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html"
_VIA = {"kms:ViaService": "ecr.{region}.amazonaws.com"}

REPOSITORY = Reviewed(
    "AWS::ECR::Repository",
    "arn:{partition}:ecr:{region}:{account}:repository/{name}",
    _PAGE,
    (
        Call("ecr:CreateRepository", "c", tagging="sends"),
        Call("ecr:DescribeRepositories", "r"),
        Call("ecr:PutLifecyclePolicy", "cu", when=("LifecyclePolicy",), changed=("LifecyclePolicy",)),
        Call("ecr:DeleteLifecyclePolicy", "u", when=("!LifecyclePolicy",), changed=("LifecyclePolicy",)),
        Call("ecr:GetLifecyclePolicy", "r"),
        Call(
            "ecr:SetRepositoryPolicy", "cu", when=("RepositoryPolicyText",), changed=("RepositoryPolicyText",)
        ),
        Call(
            "ecr:DeleteRepositoryPolicy",
            "u",
            when=("!RepositoryPolicyText",),
            changed=("RepositoryPolicyText",),
        ),
        Call("ecr:GetRepositoryPolicy", "r"),
        Call("ecr:PutImageTagMutability", "u", changed=("ImageTagMutability",)),
        Call("ecr:PutImageScanningConfiguration", "u", changed=("ImageScanningConfiguration",)),
        # The repository's images are encrypted through a grant that the caller makes, and retires.
        Call(
            "kms:CreateGrant",
            "c",
            "{each}",
            each="EncryptionConfiguration.KmsKey",
            to=key_arn,
            keys=_VIA,
            source=_KEYS,
        ),
        Call(
            "kms:DescribeKey",
            "c",
            "{each}",
            each="EncryptionConfiguration.KmsKey",
            to=key_arn,
            keys=_VIA,
            source=_KEYS,
        ),
        Call(
            "kms:RetireGrant",
            "d",
            "{each}",
            each="EncryptionConfiguration.KmsKey",
            to=key_arn,
            keys=_VIA,
            source=_KEYS,
        ),
        Call("ecr:DeleteRepository", "d"),
        *tags_by("ecr:TagResource", "ecr:UntagResource", lists="ecr:ListTagsForResource"),
    ),
    name="RepositoryName",
)

TYPES = (REPOSITORY,)
