"""E9009: buckets that leave public access open."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, resources

SETTINGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


class PublicBuckets(HouseRule):
    id = "E9009"
    shortdesc = "Bucket that does not block public access"
    description = (
        "AWS blocks public access to new buckets by default; a product says so, since an account may not."
    )
    source_url = (
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
    )
    tags = ["s3"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template, "AWS::S3::Bucket"):
            for block in at(Placed(resource.path, resource.properties), "PublicAccessBlockConfiguration"):
                missing = [
                    name
                    for name in SETTINGS
                    if block.value is None
                    or any(found.value in (None, False, "false", "False") for found in at(block, name))
                ]
                if missing:
                    yield Fault(
                        block.path,
                        f"The bucket does not block all public access. Set {', '.join(missing)} in "
                        "PublicAccessBlockConfiguration to true.",
                    )
