"""What CodeCommit repositories need, reviewed by hand. Owns facts only. The ARN has the name, not the id."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, tags_by

_PAGE = authorization("awscodecommit")
_SEED = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-codecommit-repository-s3.html"

REPOSITORY = Reviewed(
    "AWS::CodeCommit::Repository",
    "arn:{partition}:codecommit:{region}:{account}:{name}",
    _PAGE,
    (
        Call("codecommit:CreateRepository", "c", tagging="sends"),
        Call("codecommit:GetRepository", "cr"),
        # A seed is read from its bucket and becomes the first commit.
        Call(
            "s3:GetObject",
            "c",
            "arn:{partition}:s3:::{Code.S3.Bucket}/{Code.S3.Key}",
            when=("Code.S3", "!Code.S3.ObjectVersion"),
            source=_SEED,
        ),
        Call(
            "s3:GetObjectVersion",
            "c",
            "arn:{partition}:s3:::{Code.S3.Bucket}/{Code.S3.Key}",
            when=("Code.S3.ObjectVersion",),
            source=_SEED,
        ),
        Call("codecommit:CreateCommit", "c", when=("Code",), source=_SEED),
        Call("codecommit:PutRepositoryTriggers", "c", when=("Triggers",)),
        Call("codecommit:PutRepositoryTriggers", "u", changed=("Triggers",)),
        Call("codecommit:GetRepositoryTriggers", "r"),
        Call("codecommit:UpdateRepositoryName", "u", changed=("RepositoryName",)),
        Call("codecommit:UpdateRepositoryDescription", "u", changed=("RepositoryDescription",)),
        Call("codecommit:UpdateRepositoryEncryptionKey", "u", when=("KmsKeyId",), changed=("KmsKeyId",)),
        Call(
            "kms:DescribeKey",
            "cu",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            changed=("KmsKeyId",),
            source="https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html",
        ),
        Call("codecommit:DeleteRepository", "d"),
        *tags_by(
            "codecommit:TagResource", "codecommit:UntagResource", lists="codecommit:ListTagsForResource"
        ),
    ),
    name="RepositoryName",
)

TYPES = (REPOSITORY,)
