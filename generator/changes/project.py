"""Project templates for SageMaker, which reads them from the artifact bucket: their objects, and who finds them there."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import BUCKETS, DOMAINS, OBJECTS, Change
from generator.model import ProjectTemplate


@dataclass(frozen=True)
class AllowStudio(Change):
    """Let the pages of SageMaker Studio read the bucket, as far as their user may; rules of others stay."""

    bucket: str
    operations = ("s3:GetBucketCors", "s3:PutBucketCors")
    permissions = (("s3:GetBucketCORS", BUCKETS), ("s3:PutBucketCORS", BUCKETS))

    @property
    def about(self) -> str:
        return f"SageMaker Studio reads bucket {self.bucket} (CORS)"


@dataclass(frozen=True)
class PublishProjectTemplate(Change):
    """A version of a product as a SageMaker project template; its object is never written again."""

    product: str
    template: ProjectTemplate
    key: str
    sign = "+"
    operations = ("s3:PutObject", "s3:GetObjectTagging")
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:PutObjectTagging", OBJECTS),
        ("s3:GetObjectTagging", OBJECTS),
    )

    @property
    def about(self) -> str:
        return f"SageMaker project template {self.product} {self.template.version}"

    @property
    def product_id(self) -> str:
        return self.product

    @property
    def details(self) -> tuple[str, ...]:
        hidden = () if self.template.visible else ("not shown in Studio",)
        return (f"sha256:{self.template.fingerprint}", f"s3 key {self.key}", *hidden)


@dataclass(frozen=True)
class ShowProjectTemplate(Change):
    """Whether Studio offers a version for new projects; projects made from it can be updated either way."""

    product: str
    template: ProjectTemplate
    key: str
    operations = ("s3:GetObjectTagging", "s3:PutObjectTagging")
    permissions = (("s3:GetObjectTagging", OBJECTS), ("s3:PutObjectTagging", OBJECTS))

    @property
    def about(self) -> str:
        verb = "show" if self.template.visible else "hide"
        return f"{verb} SageMaker project template {self.product} {self.template.version}"

    @property
    def product_id(self) -> str:
        return self.product


@dataclass(frozen=True)
class SetTemplatesLocation(Change):
    """Tell a Studio domain where its project templates lie; a domain has one such place."""

    domain: str
    location: str
    operations = ("sagemaker:AddTags",)
    permissions = (("sagemaker:AddTags", DOMAINS),)

    @property
    def about(self) -> str:
        return f"SageMaker domain {self.domain} reads project templates from {self.location}"
