"""What a catalogue needs beside Service Catalog: the artifact bucket and the launch roles."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import (
    BUCKETS,
    OBJECTS,
    POLICIES,
    ROLES,
    STACKS,
    Change,
)


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


@dataclass(frozen=True)
class DeployLaunchRoles(Change):
    """The stack of launch roles.

    `products` are those whose role is new or changed, with the number of grants added; `known` those of them whose
    role is deployed already, so that a broadened one stands out.
    """

    stack: str
    exists: bool
    products: tuple[tuple[str, int], ...]
    known: tuple[str, ...]
    template_sha256: str
    operations = ("s3:PutObject", "cloudformation:CreateStack", "cloudformation:UpdateStack")
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        ("cloudformation:CreateStack", STACKS),
        ("cloudformation:UpdateStack", STACKS),
        ("cloudformation:DescribeStackEvents", STACKS),
        ("cloudformation:TagResource", STACKS),
        *(
            (f"iam:{action}", ROLES)
            for action in (
                "AttachRolePolicy",
                "CreateRole",
                "DetachRolePolicy",
                "GetRole",
                "ListAttachedRolePolicies",
                "ListRolePolicies",
                "ListRoleTags",
                "PutRolePermissionsBoundary",
                "TagRole",
                "UntagRole",
                "UpdateAssumeRolePolicy",
                "UpdateRole",
                "UpdateRoleDescription",
            )
        ),
        *(
            (f"iam:{action}", POLICIES)
            for action in (
                "CreatePolicy",
                "CreatePolicyVersion",
                "DeletePolicyVersion",
                "GetPolicy",
                "GetPolicyVersion",
                "ListEntitiesForPolicy",
                "ListPolicyVersions",
            )
        ),
    )

    @property
    def about(self) -> str:
        return f"launch roles of {len(self.products)} products (stack {self.stack})"

    @property
    def details(self) -> tuple[str, ...]:
        return tuple(
            f"{product}: new, {added} grants"
            if product not in self.known
            else f"{product}: BROADENED by {added} grants"
            if added
            else f"{product}: rewritten"
            for product, added in self.products
        )
