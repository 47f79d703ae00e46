"""SageMaker's side of one region: project templates in the artifact bucket, its CORS, and the tag of Studio domains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from generator import project_templates
from generator.aws.bucket import Bucket
from generator.aws.session import Sessions
from generator.catalogue import Target
from generator.errors import AwsError, Problem, Where
from generator.model import ProjectTemplate

RULE = "CatalogSageMakerStudio"
# Studio's pages read with the rights of their user; a page of another origin is refused by the browser.
ORIGINS = {
    "ID": RULE,
    "AllowedOrigins": ["https://*.sagemaker.aws"],
    "AllowedMethods": ["GET", "HEAD"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag", "x-amz-request-id", "x-amz-id-2", "x-amz-version-id"],
}


class Studio:
    """What SageMaker reads in one region."""

    def __init__(self, sessions: Sessions, bucket: Bucket, region: str, target: Target) -> None:
        self._sessions, self._bucket, self._region, self._target = sessions, bucket, region, target
        self._s3 = sessions.client("s3", region)
        self._found: dict[str, dict[str, ProjectTemplate]] = {}

    def _sagemaker(self) -> Any:
        return self._sessions.client("sagemaker", self._region)

    # --- reading

    def templates(self, catalogue: str) -> dict[str, dict[str, ProjectTemplate]]:
        """The catalogue's project templates by product and version; objects of others are left out."""
        found: dict[str, dict[str, ProjectTemplate]] = {}
        for key in self._keys():
            told = project_templates.template_of(catalogue, self._tags(key))
            if told:
                found.setdefault(told[0], {})[told[1].version] = told[1]
        self._found = found
        return found

    def text(self, product: str, version: str) -> str | None:
        """A published version's template; None where there is none."""
        if version not in self._found.get(product, {}):
            return None
        place = {"Bucket": self._bucket.name, "Key": project_templates.key(product, version)}
        return str(self._s3.get_object(**place, **self._bucket.owner)["Body"].read().decode())

    def _keys(self) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2")
        place = {"Bucket": self._bucket.name, "Prefix": project_templates.PREFIX, **self._bucket.owner}
        for page in pages.paginate(**place):
            yield from (each["Key"] for each in page.get("Contents", []))

    def _tags(self, key: str) -> dict[str, str]:
        answer = self._s3.get_object_tagging(Bucket=self._bucket.name, Key=key, **self._bucket.owner)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def _rules(self) -> list[dict[str, Any]]:
        try:
            answer = self._s3.get_bucket_cors(Bucket=self._bucket.name, **self._bucket.owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchCORSConfiguration":
                raise
            return []
        return list(answer["CORSRules"])

    def reads(self) -> bool:
        """Whether Studio's pages may read the bucket."""
        return any(
            each.get("ID") == RULE and each["AllowedOrigins"] == ORIGINS["AllowedOrigins"]
            for each in self._rules()
        )

    def domains(self, named: list[str]) -> frozenset[str]:
        """Those of the domains that look for project templates here."""
        here = project_templates.location(self._bucket.name)
        return frozenset(domain for domain in named if here in self._locations(domain))

    def _locations(self, domain: str) -> list[str]:
        pages = self._sagemaker().get_paginator("list_tags").paginate(ResourceArn=self._arn(domain))
        found = (tag for page in pages for tag in page["Tags"])
        return [tag["Value"] for tag in found if tag["Key"] == project_templates.LOCATION]

    def _arn(self, domain: str) -> str:
        account = self._target.spec.account
        return f"arn:{self._target.partition}:sagemaker:{self._region}:{account}:domain/{domain}"

    # --- writing

    def allow(self) -> None:
        rules = [each for each in self._rules() if each.get("ID") != RULE]
        configuration = {"CORSRules": [*rules, ORIGINS]}
        self._s3.put_bucket_cors(
            Bucket=self._bucket.name, CORSConfiguration=configuration, **self._bucket.owner
        )

    def publish(self, key: str, content: bytes, template: ProjectTemplate) -> None:
        """Write a version's object with its tags, at once, and only where there is none."""
        tags = project_templates.tags(template)
        try:
            self._s3.put_object(
                Bucket=self._bucket.name,
                Key=key,
                Body=content,
                ContentType="application/yaml",
                Tagging=urlencode(tags),
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                **self._bucket.owner,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "412"):
                raise
            if self._tags(key) != tags:  # the same tags are our own earlier call, whose answer was lost
                raise AwsError(
                    Problem(
                        Where(f"s3://{self._bucket.name}/{key}"),
                        "somebody else's object stands there",
                        "Remove it, or raise the product's version.",
                    )
                ) from error

    def show(self, key: str, template: ProjectTemplate) -> None:
        tags = self._tags(key) | project_templates.tags(template)  # those of others stay
        found = [{"Key": name, "Value": value} for name, value in sorted(tags.items())]
        self._s3.put_object_tagging(
            Bucket=self._bucket.name, Key=key, Tagging={"TagSet": found}, **self._bucket.owner
        )

    def set_location(self, domain: str, location: str) -> None:
        tag = {"Key": project_templates.LOCATION, "Value": location}
        self._sagemaker().add_tags(ResourceArn=self._arn(domain), Tags=[tag])
