from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, NO_VALUE, faults, one

AES = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::S3::Bucket", {"BucketEncryption": AES}),
        ("AWS::S3::Bucket", {"BucketEncryption": {"Fn::If": ["Own", AES, AES]}}),
        ("AWS::SNS::Topic", {"KmsMasterKeyId": {"Ref": "Key"}}),
        ("AWS::SQS::Queue", {}),
        ("AWS::SQS::Queue", {"SqsManagedSseEnabled": True}),
        ("AWS::SQS::Queue", {"SqsManagedSseEnabled": False, "KmsMasterKeyId": "alias/queue"}),
        ("AWS::EC2::Volume", {"Encrypted": True}),
        ("AWS::EC2::Volume", {"Encrypted": "true"}),
        ("AWS::EFS::FileSystem", {"Encrypted": {"Ref": "Encrypt"}}),
        ("AWS::RDS::DBInstance", {"StorageEncrypted": True}),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": {"Ref": "Cluster"}}),
        ("AWS::RDS::DBInstance", {"SourceDBInstanceIdentifier": "x"}),
        ("AWS::RDS::DBCluster", {"StorageEncrypted": True, "DBClusterIdentifier": "x"}),
        ("AWS::OpenSearchService::Domain", {"EncryptionAtRestOptions": {"Enabled": True}}),
        ("AWS::EC2::Instance", {}),
        ("AWS::EC2::Instance", {"BlockDeviceMappings": [{"DeviceName": "a", "Ebs": {"Encrypted": True}}, {"NoDevice": {}}]}),
        ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"Encrypted": True}}]}}),
        ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"ImageId": "x"}}),
        ("AWS::DynamoDB::Table", {}),
    ],
)  # fmt: skip
def test_what_is_encrypted_passes(kind: str, properties: dict[str, Any]) -> None:
    assert faults("encryption", one(kind, properties)) == {}


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("AWS::S3::Bucket", {}, ""),
        (
            "AWS::S3::Bucket",
            {"BucketEncryption": {"Fn::If": ["Own", AES, NO_VALUE]}},
            "/BucketEncryption/Fn::If/2",
        ),
        ("AWS::SNS::Topic", {"KmsMasterKeyId": NO_VALUE}, "/KmsMasterKeyId"),
        ("AWS::SQS::Queue", {"SqsManagedSseEnabled": False}, "/SqsManagedSseEnabled"),
        ("AWS::EC2::Volume", {}, ""),
        ("AWS::EC2::Volume", {"Encrypted": "false"}, "/Encrypted"),
        ("AWS::EFS::FileSystem", {}, ""),
        ("AWS::RDS::DBInstance", {"StorageEncrypted": False}, "/StorageEncrypted"),
        ("AWS::RDS::DBCluster", {"DBClusterIdentifier": "x"}, ""),
        ("AWS::OpenSearchService::Domain", {"EncryptionAtRestOptions": {}}, "/EncryptionAtRestOptions"),
        ("AWS::Kinesis::Stream", {}, ""),
        (
            "AWS::EC2::Instance",
            {"BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}]},
            "/BlockDeviceMappings/0/Ebs",
        ),
    ],
)
def test_what_is_not_encrypted_is_refused(kind: str, properties: dict[str, Any], path: str) -> None:
    assert list(faults("encryption", one(kind, properties))) == [IT + path]
