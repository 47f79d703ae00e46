"""Who may do what with a bucket: its policy, judged by our own evaluator before moto sees the request.

moto reads no conditions, so that the usual "TLS only" statement would shut everybody out there; its verdict is
switched off. Callers within an account are taken to have every identity permission: what a launch role may do is
judged where stacks are made.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from generator.local import iam
from generator.local.identity import EVERYTHING, policy_caller
from generator.local.service import Identity, ServiceError
from generator.local.wire import Request

# Sub-resources of a bucket by query key, as the actions of IAM name them.
_SUBRESOURCES = {
    "policy": "BucketPolicy",
    "versioning": "BucketVersioning",
    "encryption": "EncryptionConfiguration",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "notification": "BucketNotification",
    "ownershipControls": "BucketOwnershipControls",
}
_OF_OBJECTS = {"tagging": "ObjectTagging", "acl": "ObjectAcl", "retention": "ObjectRetention"}
_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}


def silence_moto() -> None:
    """Make moto's own reading of bucket policies neutral, for S3 backends of this process."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def neutral(*_: Any, **__: Any) -> PermissionResult:
        return PermissionResult.NEUTRAL

    setattr(FakeBucket, "get_permission", neutral)  # noqa: B010 - an assignment to a method, which mypy refuses


def action(request: Request, key: str) -> str:
    """The IAM action of a request to S3."""
    asked = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    verb = _VERBS.get(request.method, "Get")
    for name, noun in (_OF_OBJECTS if key else _SUBRESOURCES).items():
        if name in asked:
            return f"s3:{verb}{noun}"
    version = "Version" if "versionId" in asked else ""
    if key:
        return f"s3:{verb}Object{version if verb != 'Put' else ''}"
    if request.method in ("GET", "HEAD"):
        return "s3:ListBucketVersions" if "versions" in asked else "s3:ListBucket"
    return "s3:DeleteObject" if "delete" in asked else f"s3:{'Create' if verb == 'Put' else 'Delete'}Bucket"


def check(request: Request, identity: Identity, bucket: str, owner: str, policy: str | None) -> None:
    """Raises AccessDenied when the bucket's policy denies the caller, or does not let another account in."""
    path = urlsplit(request.url).path.lstrip("/")
    in_host = urlsplit(request.url).netloc.startswith(f"{bucket}.")
    key = unquote(path if in_host else path.partition("/")[2])
    decision = iam.evaluate(
        iam.Request(
            policy_caller(identity),
            action(request, key),
            f"arn:aws:s3:::{bucket}{f'/{key}' if key else ''}",
            {"aws:SecureTransport": True},  # loopback stands for TLS
            resource_account=owner,
        ),
        iam.Policies.of(identity=[EVERYTHING], resource=policy),
    )
    if not decision.allowed:
        raise ServiceError("AccessDenied", "Access Denied", 403)
