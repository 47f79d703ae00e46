"""A local AWS in a temporary folder, clients whose every answer is held against the model, and things to put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from generator.local import ACCOUNT, LocalAws, open_state
from generator.local.models import service_model
from generator.local.wire import validate

# botocore would retry LimitExceededException, with pauses.
NO_RETRIES = Config(retries={"max_attempts": 0})
REGION = "us-east-1"
SPOKE = "222233334444"
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Size: {Type: String, Default: small, AllowedValues: [small, large], Description: How big it is.}
  Secret: {Type: String, NoEcho: true, MinLength: 8}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Name: {Value: !GetAtt Topic.TopicName, Description: The topic.}
"""


def held_to_the_model(client: Any) -> Any:
    """The client, with every Service Catalog answer checked: required members, lengths, patterns, enums."""

    def check(model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        if "Error" in parsed or model.output_shape is None:
            return
        answer = {k: v for k, v in parsed.items() if k != "ResponseMetadata"}
        shape = service_model("servicecatalog").operation_model(model.name).output_shape
        assert shape is not None
        assert validate.violations(shape, answer) == []

    client.meta.events.register("after-call", check)
    return client


@dataclass(frozen=True)
class Catalog:
    """Service Catalog of one account and region, with short ways to fill it."""

    local: LocalAws
    account: str = ACCOUNT
    region: str = REGION

    def client(self, service: str) -> Any:
        session: Any = self.local.session(self.region, account=self.account)
        found = session.client(service, config=NO_RETRIES)
        return held_to_the_model(found) if service == "servicecatalog" else found

    @property
    def sc(self) -> Any:
        return self.client("servicecatalog")

    def template(self, text: str = TEMPLATE, key: str = "template.yaml") -> str:
        """Put a template into a bucket; its URL."""
        s3, bucket = self.client("s3"), f"artifacts-{self.account}-{self.region}"
        if bucket not in [b["Name"] for b in s3.list_buckets()["Buckets"]]:
            where = (
                {}
                if self.region == REGION
                else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            )
            s3.create_bucket(Bucket=bucket, **where)
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        return f"https://{bucket}.s3.{self.region}.amazonaws.com/{key}"

    def portfolio(self, name: str = "Analytics", **more: Any) -> str:
        answer = self.sc.create_portfolio(DisplayName=name, ProviderName="Data Platform", **more)
        return str(answer["PortfolioDetail"]["Id"])

    def product(self, name: str = "Notebook", **more: Any) -> str:
        answer = self.sc.create_product(
            Name=name,
            Owner="Data Platform",
            ProductType="CLOUD_FORMATION_TEMPLATE",
            ProvisioningArtifactParameters=self.version("1.0.0"),
            **more,
        )
        return str(answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"])

    def version(self, name: str) -> dict[str, Any]:
        return {
            "Name": name,
            "Info": {"LoadTemplateFromURL": self.template()},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        }

    def artifact(self, product: str) -> str:
        """The newest version of a product."""
        found = self.sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
        return str(found[-1]["Id"])


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def hub(local: LocalAws) -> Catalog:
    """The account that owns the portfolios."""
    return Catalog(local)


@pytest.fixture
def spoke(local: LocalAws) -> Catalog:
    """An account that portfolios are shared with."""
    return Catalog(local, SPOKE)


def code(refused: pytest.ExceptionInfo[Any]) -> str:
    """The error code of a ClientError."""
    return str(refused.value.response["Error"]["Code"])
