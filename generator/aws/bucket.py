"""The artifact bucket: made private, encrypted and versioned; read and written only when it is the expected account's.

It holds templates, seeds, Lambda packages and the launch roles' stack, each under its content's digest, and the
release records. Its policy keeps what others wrote into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from generator.catalogue import Target
from generator.errors import AwsError, Problem, Where

READERS = "CatalogAssetReaders"
_ANY_PATH = "ForAnyValue:StringLike"  # the key is multivalued


class Bucket:
    """The artifact bucket of one region."""

    def __init__(self, s3: Any, name: str, region: str, target: Target) -> None:
        self._s3, self.name, self._region, self._target = s3, name, region, target
        self.owner = {"ExpectedBucketOwner": target.spec.account}

    def exists(self) -> bool:
        """Raises AwsError when the name is taken by another account."""
        try:
            self._s3.head_bucket(Bucket=self.name, **self.owner)
        except ClientError as error:
            metadata = error.response["ResponseMetadata"]
            if metadata["HTTPStatusCode"] == 404:
                return False
            if metadata["HTTPStatusCode"] in (301, 403):
                raise AwsError(
                    Problem(
                        Where(f"aws {self._region}"),
                        f"the bucket '{self.name}' is another account's, in another region, or closed to you"
                        f" (request {metadata.get('RequestId', 'unknown')})",
                        "Name another bucket in products/targets.yaml, or get access to this one.",
                    )
                ) from error
            raise
        return True

    def create(self) -> None:
        """Make it, or bring what an interrupted creation left to its end."""
        place = (
            {}
            if self._region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        )
        try:
            self._s3.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **place)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise
        self._s3.put_public_access_block(
            Bucket=self.name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            **self.owner,
        )
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
        self._s3.put_bucket_encryption(
            Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [default]}, **self.owner
        )
        self._s3.put_bucket_versioning(
            Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}, **self.owner
        )

    def policy(self) -> dict[str, Any]:
        """Its policy; an empty one when it has none."""
        try:
            answer = self._s3.get_bucket_policy(Bucket=self.name, **self.owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            return {"Version": "2012-10-17", "Statement": []}
        return dict(json.loads(answer["Policy"]))

    def readers(self) -> frozenset[str]:
        """The accounts, organisations and units (o-…/r-…/ou-…) that our statements let read assets."""
        readers: set[str] = set()
        for statement in self.policy()["Statement"]:
            if not str(statement.get("Sid", "")).startswith(READERS):
                continue
            principal = statement.get("Principal", {})
            roots = _list(principal.get("AWS", [])) if isinstance(principal, dict) else []
            # AWS gives a root principal back as its ARN, also where the bare account id was put.
            readers |= {root.split(":")[4] if root.startswith("arn:") else root for root in roots}
            condition = statement.get("Condition", {})
            paths = _list(condition.get(_ANY_PATH, {}).get("aws:PrincipalOrgPaths", []))
            readers |= {path.replace("/*ou-", "/ou-").removesuffix("/*") for path in paths}
            if not paths:
                readers |= set(_list(condition.get("StringEquals", {}).get("aws:PrincipalOrgID", [])))
        return frozenset(readers)

    def allow(self, readers: tuple[str, ...]) -> None:
        """Set our statements in the policy; those of others stay."""
        policy = self.policy()
        others = [one for one in policy["Statement"] if not str(one.get("Sid", "")).startswith("Catalog")]
        policy["Statement"] = others + bucket_statements(self._target.partition, self.name, readers)
        self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy, sort_keys=True), **self.owner)

    def upload(self, key: str, content: bytes, kind: str) -> None:
        """Put an object under its content's own key; what is there already is the same."""
        try:
            self._s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=content,
                ContentType=kind,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                **self.owner,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "412"):
                raise

    def texts(self, prefix: str) -> Iterator[str]:
        """The texts of the objects below a prefix, the newest first."""
        found = self._s3.list_objects_v2(Bucket=self.name, Prefix=prefix, **self.owner).get("Contents", [])
        for each in sorted(found, key=lambda one: one["LastModified"], reverse=True):
            answer = self._s3.get_object(Bucket=self.name, Key=each["Key"], **self.owner)
            yield str(answer["Body"].read().decode())

    def url(self, key: str) -> str:
        return f"{self._target.bucket_url(self._region)}/{key}"


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def bucket_statements(partition: str, bucket: str, readers: tuple[str, ...]) -> list[dict[str, Any]]:
    """The factory's own statements in the bucket's policy: TLS only, and who reads seeds and Lambda packages."""
    arn = f"arn:{partition}:s3:::{bucket}"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "CatalogTlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    accounts = [reader for reader in readers if reader.isdigit()]
    units = [reader for reader in readers if "/" in reader]
    organisations = [reader for reader in readers if not reader.isdigit() and reader not in units]
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/assets/*"}
    if accounts:  # accounts as principals: "*" with a condition on the account would count as public
        roots = [f"arn:{partition}:iam::{account}:root" for account in accounts]
        statements.append({"Sid": f"{READERS}Accounts", "Principal": {"AWS": roots}, **read})
    if organisations:
        condition: dict[str, Any] = {"StringEquals": {"aws:PrincipalOrgID": organisations}}
        statements.append(
            {"Sid": f"{READERS}Organisations", "Principal": "*", "Condition": condition, **read}
        )
    if units:
        condition = {
            # The organisation too: to S3, a policy whose only condition has a wildcard is a public one.
            "StringEquals": {"aws:PrincipalOrgID": sorted({unit.partition("/")[0] for unit in units})},
            _ANY_PATH: {"aws:PrincipalOrgPaths": [_path(unit) for unit in units]},
        }
        statements.append({"Sid": f"{READERS}Units", "Principal": "*", "Condition": condition, **read})
    return statements


def _path(unit: str) -> str:
    """The paths of accounts in a unit and in those below it; where the unit itself lies, nobody has to say."""
    root, _, name = unit.rpartition("/")
    return f"{root}/*{name}/*"
