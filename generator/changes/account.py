"""What a catalogue needs beside Service Catalog and the launch roles: the artifact bucket."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import BUCKETS, Change


@dataclass(frozen=True)
class CreateBucket(Change):
    """The artifact bucket: versioned, encrypted, private."""

    bucket: str
    sign = "+"
    operations = (
        "s3:CreateBucket",
        "s3:PutPublicAccessBlock",
        "s3:PutBucketEncryption",
        "s3:PutBucketVersioning",
        "s3:PutBucketTagging",
    )
    permissions = (
        ("s3:CreateBucket", BUCKETS),
        ("s3:PutBucketPublicAccessBlock", BUCKETS),
        ("s3:PutEncryptionConfiguration", BUCKETS),
        ("s3:PutBucketVersioning", BUCKETS),
        ("s3:PutBucketTagging", BUCKETS),
    )

    @property
    def about(self) -> str:
        return f"artifact bucket {self.bucket}"


@dataclass(frozen=True)
class SetBucketPolicy(Change):
    """TLS only, and the accounts and organisations whose launch roles read seeds and Lambda packages from it.

    Statements of others in the policy stay.
    """

    bucket: str
    readers: tuple[str, ...]
    operations = ("s3:GetBucketPolicy", "s3:PutBucketPolicy")
    permissions = (("s3:GetBucketPolicy", BUCKETS), ("s3:PutBucketPolicy", BUCKETS))

    @property
    def about(self) -> str:
        return f"policy of bucket {self.bucket}"

    @property
    def details(self) -> tuple[str, ...]:
        return ("TLS only", *(f"assets readable by {reader}" for reader in self.readers))
