"""How large a policy may be, as data, and how IAM counts.

Owns the numbers and the count; refusing is the business of whoever stores the policy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

_IAM_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"


@dataclass(frozen=True)
class Limit:
    """A number of characters (or of things, for counts), whether AWS raises it on request, and its source."""

    most: int
    adjustable: bool
    white_space_counts: bool
    source: str


SIZES: Mapping[str, Limit] = {
    "managed": Limit(6_144, False, False, _IAM_QUOTAS),
    # Inline policies are limited by the sum over all of one identity's inline policies.
    "inline:user": Limit(2_048, False, False, _IAM_QUOTAS),
    "inline:group": Limit(5_120, False, False, _IAM_QUOTAS),
    "inline:role": Limit(10_240, False, False, _IAM_QUOTAS),
    "trust": Limit(2_048, True, False, _IAM_QUOTAS),
    "session": Limit(2_048, False, True, _IAM_QUOTAS),
    "service_control": Limit(5_120, False, True, _ORGANIZATIONS),
    "resource_control": Limit(5_120, False, True, _ORGANIZATIONS),
    "resource:s3": Limit(
        20_480, False, True, "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"
    ),
    "resource:kms": Limit(
        32_768, False, True, "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"
    ),
    "endpoint": Limit(
        20_480,
        False,
        True,
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html",
    ),
}

COUNTS: Mapping[str, Limit] = {
    "managed policies attached to a role": Limit(10, True, False, _IAM_QUOTAS),
    "managed policies attached to a user": Limit(10, True, False, _IAM_QUOTAS),
    "versions of a managed policy": Limit(5, False, False, _IAM_QUOTAS),
    "service control policies on a target": Limit(5, False, False, _ORGANIZATIONS),
    "resource control policies on a target": Limit(5, False, False, _ORGANIZATIONS),
}


def size(document: str | Mapping[str, object], *, white_space_counts: bool = False) -> int:
    """Its size as AWS counts it: IAM leaves white space between elements out, Organizations does not."""
    if white_space_counts:
        return len(document if isinstance(document, str) else json.dumps(document, separators=(",", ":")))
    parsed = json.loads(document) if isinstance(document, str) else document
    # Re-serialising drops only the white space between elements; spaces inside strings stay and count.
    return len(json.dumps(parsed, separators=(",", ":"), ensure_ascii=False))


def excess(document: str | Mapping[str, object], slot: str, *, already: int = 0) -> int:
    """By how many characters the document, on top of `already`, passes the limit of its slot; 0 if it fits."""
    limit = SIZES[slot]
    return max(0, already + size(document, white_space_counts=limit.white_space_counts) - limit.most)
