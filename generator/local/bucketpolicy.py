"""Requests to S3 as the actions of IAM, and moto's own verdict on bucket policies out of the way.

moto reads no conditions, so that the usual "TLS only" statement would shut everybody out there. Who judges instead is
`authorization.objects`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

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
    "policyStatus": "BucketPolicyStatus",
    "object-lock": "BucketObjectLockConfiguration",
    "logging": "BucketLogging",
    "website": "BucketWebsite",
}
_OF_OBJECTS = {"tagging": "ObjectTagging", "acl": "ObjectAcl", "retention": "ObjectRetention"}
# Taking these away has a permission of its own; taking others away is putting nothing.
_DELETED = frozenset({"policy", "website"})
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
            if verb == "Delete" and not key and name not in _DELETED:
                return f"s3:Put{noun}"
            return f"s3:{verb}{noun}"
    if "uploads" in asked and request.method == "GET":
        return "s3:ListBucketMultipartUploads"
    if "uploadId" in asked and verb in ("Get", "Delete"):
        return "s3:ListMultipartUploadParts" if verb == "Get" else "s3:AbortMultipartUpload"
    version = "Version" if "versionId" in asked else ""
    if key:
        return f"s3:{verb}Object{version if verb != 'Put' else ''}"
    if request.method in ("GET", "HEAD"):
        return "s3:ListBucketVersions" if "versions" in asked else "s3:ListBucket"
    return "s3:DeleteObject" if "delete" in asked else f"s3:{'Create' if verb == 'Put' else 'Delete'}Bucket"
