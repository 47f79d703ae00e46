"""What the publisher needs of S3, in process and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator.local import serve

from .conftest import NO_RETRIES, REGION, Catalog, code


@pytest.fixture(params=["in process", "over HTTP"])
def s3(request: pytest.FixtureRequest, hub: Catalog) -> Iterator[Any]:
    if request.param == "in process":
        yield hub.client("s3")
        return
    with serve(hub.local, 0) as served:
        yield boto3.Session("any", "key", region_name=REGION).client(
            "s3", endpoint_url=served.url, config=NO_RETRIES
        )


def test_a_bucket_as_the_publisher_makes_it(s3: Any) -> None:
    s3.create_bucket(Bucket="artifacts")
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket="artifacts", ServerSideEncryptionConfiguration={"Rules": [rule]})
    closed = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    s3.put_public_access_block(Bucket="artifacts", PublicAccessBlockConfiguration=closed)
    tls = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",'
        ' "Resource": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"],'
        ' "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}'
    )
    s3.put_bucket_policy(Bucket="artifacts", Policy=tls)
    assert s3.get_bucket_policy(Bucket="artifacts")["Policy"] == tls
    assert s3.get_public_access_block(Bucket="artifacts")["PublicAccessBlockConfiguration"] == closed
    assert s3.get_bucket_versioning(Bucket="artifacts")["Status"] == "Enabled"
    s3.put_object(Bucket="artifacts", Key="k", Body=b"1")
    assert s3.get_object(Bucket="artifacts", Key="k")["Body"].read() == b"1"


def test_objects_are_written_once_tagged_and_versioned(s3: Any) -> None:
    s3.create_bucket(Bucket="artifacts")
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(
        Bucket="artifacts", Key="a/ü +&.yaml", Body=b"first", IfNoneMatch="*", Metadata={"sha": "1"}
    )
    with pytest.raises(ClientError) as exists:
        s3.put_object(Bucket="artifacts", Key="a/ü +&.yaml", Body=b"second", IfNoneMatch="*")
    assert code(exists) == "PreconditionFailed"
    s3.put_object(Bucket="artifacts", Key="a/ü +&.yaml", Body=b"second")
    s3.put_object_tagging(
        Bucket="artifacts", Key="a/ü +&.yaml", Tagging={"TagSet": [{"Key": "a", "Value": "b c"}]}
    )
    assert s3.get_object_tagging(Bucket="artifacts", Key="a/ü +&.yaml")["TagSet"] == [
        {"Key": "a", "Value": "b c"}
    ]
    versions = s3.list_object_versions(Bucket="artifacts")["Versions"]
    bodies = [
        s3.get_object(Bucket="artifacts", Key=v["Key"], VersionId=v["VersionId"])["Body"].read()
        for v in versions
    ]
    assert bodies == [b"second", b"first"]
    assert s3.head_object(Bucket="artifacts", Key="a/ü +&.yaml")["ContentLength"] == 6
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="artifacts", Key="none")
    assert code(missing) == "404"


def test_listing_by_prefix_in_pages(s3: Any) -> None:
    s3.create_bucket(Bucket="artifacts")
    for number in range(7):
        s3.put_object(Bucket="artifacts", Key=f"records/{number}.json", Body=b"{}")
    s3.put_object(Bucket="artifacts", Key="seeds/x.zip", Body=b"zip")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="artifacts", Prefix="records/", PaginationConfig={"PageSize": 3}
    )
    sizes = [[item["Key"] for item in page["Contents"]] for page in pages]
    assert [len(keys) for keys in sizes] == [3, 3, 1]
    assert sizes[0][0] == "records/0.json"


def test_the_expected_owner_is_checked(s3: Any, hub: Catalog, spoke: Catalog) -> None:
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="k", Body=b"1", ExpectedBucketOwner=hub.account)
    assert s3.get_object(Bucket="artifacts", Key="k", ExpectedBucketOwner=hub.account)["Body"].read() == b"1"
    other: dict[str, Any] = {"Bucket": "artifacts", "ExpectedBucketOwner": spoke.account}
    for call, ask in (
        (s3.get_object, {"Key": "k"}),
        (s3.put_object, {"Key": "k", "Body": b"2"}),
        (s3.list_objects_v2, {}),
        (s3.get_bucket_policy, {}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**other, **ask)
        assert code(refused) == "AccessDenied"
    with pytest.raises(ClientError) as head:
        s3.head_bucket(**other)
    assert code(head) == "403"


def test_another_account_needs_the_bucket_policy(hub: Catalog, spoke: Catalog) -> None:
    mine, theirs = hub.client("s3"), spoke.client("s3")
    mine.create_bucket(Bucket="artifacts")
    mine.put_object(Bucket="artifacts", Key="seed.zip", Body=b"zip", Tagging="a=b")
    with pytest.raises(ClientError) as refused:
        theirs.get_object(Bucket="artifacts", Key="seed.zip")
    assert code(refused) == "AccessDenied"
    with pytest.raises(ClientError) as taken:
        theirs.create_bucket(Bucket="artifacts")
    assert code(taken) == "BucketAlreadyExists"
    mine.put_bucket_policy(
        Bucket="artifacts",
        Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS":'
        f' "arn:aws:iam::{spoke.account}:root"}}, "Action": ["s3:GetObject", "s3:GetObjectTagging"],'
        ' "Resource": "arn:aws:s3:::artifacts/*"}]}',
    )
    assert theirs.get_object(Bucket="artifacts", Key="seed.zip")["Body"].read() == b"zip"
    assert theirs.get_object_tagging(Bucket="artifacts", Key="seed.zip")["TagSet"] == [
        {"Key": "a", "Value": "b"}
    ]
    with pytest.raises(ClientError):
        theirs.put_object(Bucket="artifacts", Key="seed.zip", Body=b"other")


def test_nothing_of_the_user_reaches_a_session(hub: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_PROFILE": "does-not-exist",
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": "http://192.0.2.1",
        "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTPS_PROXY": "http://192.0.2.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    session = hub.local.session("us-west-2")
    assert session.client("sts").get_caller_identity()["Account"] == hub.account
    s3 = session.client("s3")
    assert s3.meta.region_name == "us-west-2"
    assert s3.list_buckets()["Buckets"] == []
