"""The artifact bucket: a project's pipeline artifacts, data, models and reports.

Owns the bucket and its policy. Objects of finished pipelines stay, since models are among them; only versions that were
overwritten or deleted expire.
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import Sub, s3

from .access import Statement, allow
from .encryption import Encryption
from .project import PREFIX, PROJECT_ID, Project
from .retention import Retention

TITLE = "ArtifactBucket"
ARN = f"${{{TITLE}.Arn}}"  # as it stands in a Sub


def artifact_bucket(
    project: Project,
    encryption: Encryption,
    retention: Retention,
    *,
    overwritten_days: int,
    shared_with: Sequence[Statement] = (),
) -> s3.Bucket:
    """An encrypted, versioned, private bucket that answers over TLS only; `shared_with` are statements for other accounts."""
    if encryption.key_arn:
        default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=encryption.key_arn)
        # A bucket key saves nearly all requests to KMS; only customer keys have one.
        rule = s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=default, BucketKeyEnabled=True)
    else:
        rule = s3.ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
        )
    bucket = project.add(
        s3.Bucket(
            TITLE,
            # Bucket names are lower case, which a project's name need not be, and unique in the world: 58 of 63
            # characters with the longest id and region.
            BucketName=Sub(f"{PREFIX}${{{PROJECT_ID}}}-${{AWS::AccountId}}-${{AWS::Region}}"),
            BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule]),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="overwritten-versions",
                        Status="Enabled",
                        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                            NoncurrentDays=overwritten_days
                        ),
                        ExpiredObjectDeleteMarker=True,
                        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
                            DaysAfterInitiation=7
                        ),
                    )
                ]
            ),
            **retention.attributes(),
        )
    )
    project.add(
        s3.BucketPolicy(
            f"{TITLE}Policy",
            Bucket=bucket.ref(),
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [bucket.get_att("Arn"), Sub(f"${{{TITLE}.Arn}}/*")],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                    *shared_with,
                ],
            },
            # While the bucket stays, so does what protects it.
            **retention.attributes(),
        )
    )
    return bucket


def use(written: str = "", put_out: str = "") -> list[Statement]:
    """To read the bucket's objects, and to write those whose keys begin so; deleting them takes another role.

    The bucket holds code that is to be deployed, too: what pushes are brought to, and artifacts of CodePipeline, of which a
    build that may not write everywhere may `put_out` one by its name.
    """
    allowed = [f"{ARN}/{written}*", *([f"{ARN}/{PREFIX}*/{put_out}/*"] if written and put_out else [])]
    return [
        allow(
            ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"], [Sub(f"${{{TITLE}.Arn}}")]
        ),
        allow(["s3:GetObject", "s3:GetObjectVersion"], [Sub(f"{ARN}/*")]),
        allow(["s3:AbortMultipartUpload", "s3:PutObject"], [Sub(one) for one in allowed]),
    ]
