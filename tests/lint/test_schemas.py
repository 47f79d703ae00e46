"""The schemas: what they carry, where types exist, and what happens when a name is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import FactoryError
from generator.lint import schemas


def test_a_schema_carries_what_launch_roles_and_diffs_need() -> None:
    bucket = schemas.schema("AWS::S3::Bucket")
    assert "s3:CreateBucket" in bucket["handlers"]["create"]["permissions"]
    assert "/properties/BucketName" in bucket["createOnlyProperties"]
    assert "/properties/Arn" in bucket["readOnlyProperties"]
    assert bucket["primaryIdentifier"] == ["/properties/BucketName"]
    assert bucket["tagging"]["taggable"] is True


def test_a_custom_resource_has_cloudformations_own_schema() -> None:
    assert schemas.schema("Custom::Seed")["typeName"] == "AWS::CloudFormation::CustomResource"


def test_types_differ_by_region() -> None:
    assert "AWS::SageMaker::Project" in schemas.types("eu-west-1")
    assert schemas.types("ap-southeast-7") < schemas.types()
    missing = next(iter(sorted(schemas.types() - schemas.types("ap-southeast-7"))))
    assert "ap-southeast-7" not in schemas.regions_of(missing)
    assert "us-east-1" in schemas.regions_of(missing)
    with pytest.raises(FactoryError, match=r"does not exist in ap-southeast-7\. It exists in"):
        schemas.schema(missing, "ap-southeast-7")


def test_a_list_that_is_a_copy_says_nothing_of_its_region() -> None:
    assert {"us-east-1", "us-east-2", "eu-west-1", "cn-north-1", "us-gov-west-1"} <= schemas.listed()
    isolated = {region for region in schemas.regions() if region.startswith(("us-iso", "eu-iso", "eusc-"))}
    assert schemas.regions() - schemas.listed() == isolated


def test_every_schema_can_be_read() -> None:
    for name in sorted(schemas.types()):
        assert schemas.schema(name)["typeName"] == name


@pytest.mark.parametrize(
    ("name", "region", "remedy"),
    [
        ("AWS::S3::Buket", "us-east-1", "Did you mean 'AWS::S3::Bucket'"),
        ("Nonsense", "us-east-1", "See the CloudFormation resource type reference"),
        ("AWS::S3::Bucket", "eu-west-9", "Did you mean 'eu-west-"),
    ],
)
def test_an_unknown_name_is_answered_with_a_remedy(name: str, region: str, remedy: str) -> None:
    with pytest.raises(FactoryError, match=remedy):
        schemas.schema(name, region)


def test_no_region_has_an_unknown_type() -> None:
    assert schemas.regions_of("AWS::Nothing::AtAll") == frozenset()


def test_a_newer_schema_in_the_users_cache_is_not_read(tmp_path: Path) -> None:
    cached = tmp_path / "aws" / "cfn-lint" / "schemas"
    (cached / "providers").mkdir(parents=True)
    (cached / "providers" / "us-east-1.json").write_text("{}")
    (cached / "version.json").write_text(json.dumps({"schema_date": "2999-01-01T00:00:00Z"}))
    script = "import sys; from generator.lint import schemas; print(len(schemas.types())); assert 'cfnlint' not in sys.modules"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) == len(schemas.types()) > 1800
