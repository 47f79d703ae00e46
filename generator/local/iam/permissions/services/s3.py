"""What buckets and bucket policies need, reviewed by hand: one action for each part of the configuration.

Owns facts only. Deleting a part is the same permission as putting it, but for website and policy.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes

_PAGE = authorization("amazons3")
_ACTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"

# Property, the action that writes it, and the one that reads it.
_PARTS = (
    ("AccelerateConfiguration", "PutAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("AccessControl", "PutBucketAcl", "GetBucketAcl"),
    ("AnalyticsConfigurations", "PutAnalyticsConfiguration", "GetAnalyticsConfiguration"),
    ("BucketEncryption", "PutEncryptionConfiguration", "GetEncryptionConfiguration"),
    ("CorsConfiguration", "PutBucketCORS", "GetBucketCORS"),
    (
        "IntelligentTieringConfigurations",
        "PutIntelligentTieringConfiguration",
        "GetIntelligentTieringConfiguration",
    ),
    ("InventoryConfigurations", "PutInventoryConfiguration", "GetInventoryConfiguration"),
    ("LifecycleConfiguration", "PutLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("LoggingConfiguration", "PutBucketLogging", "GetBucketLogging"),
    ("MetricsConfigurations", "PutMetricsConfiguration", "GetMetricsConfiguration"),
    ("NotificationConfiguration", "PutBucketNotification", "GetBucketNotification"),
    ("ObjectLockConfiguration", "PutBucketObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("OwnershipControls", "PutBucketOwnershipControls", "GetBucketOwnershipControls"),
    ("PublicAccessBlockConfiguration", "PutBucketPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("ReplicationConfiguration", "PutReplicationConfiguration", "GetReplicationConfiguration"),
    ("Tags", "PutBucketTagging", "GetBucketTagging"),
    ("VersioningConfiguration", "PutBucketVersioning", "GetBucketVersioning"),
    ("WebsiteConfiguration", "PutBucketWebsite", "GetBucketWebsite"),
)


def _part(name: str, put: str, get: str) -> tuple[Call, ...]:
    written = Call(f"s3:{put}", "c", when=(name,), source=_ACTIONS)
    changed = Call(f"s3:{put}", "u", changed=(name,), source=_ACTIONS)
    if name == "WebsiteConfiguration":
        changed = Call(f"s3:{put}", "u", when=(name,), changed=(name,), source=_ACTIONS)
    return (written, changed, Call(f"s3:{get}", "r", when=(name,), source=_ACTIONS))


BUCKET = Reviewed(
    "AWS::S3::Bucket",
    "arn:{partition}:s3:::{name}",
    _PAGE,
    (
        Call("s3:CreateBucket", "c"),
        *(call for part in _PARTS for call in _part(*part)),
        Call(
            "s3:DeleteBucketWebsite", "u", when=("!WebsiteConfiguration",), changed=("WebsiteConfiguration",)
        ),
        # Object lock is switched on with the bucket, and brings versioning with it.
        Call(
            "s3:PutBucketObjectLockConfiguration",
            "c",
            when=("ObjectLockEnabled=true",),
            source="https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html",
        ),
        Call(
            "s3:PutBucketVersioning",
            "c",
            when=("ObjectLockEnabled=true",),
            source="https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html",
        ),
        passes(
            "ReplicationConfiguration.Role", "s3.amazonaws.com", "cu", changed=("ReplicationConfiguration",)
        ),
        Call("s3:DeleteBucket", "d"),
    ),
    name="BucketName",
)

BUCKET_POLICY = Reviewed(
    "AWS::S3::BucketPolicy",
    "arn:{partition}:s3:::{Bucket}",
    _PAGE,
    (
        Call("s3:PutBucketPolicy", "cu"),
        Call("s3:GetBucketPolicy", "crd"),
        Call("s3:DeleteBucketPolicy", "d"),
    ),
    name="Bucket",
    tags="",
)

TYPES = (BUCKET, BUCKET_POLICY)
