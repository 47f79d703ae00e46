"""Which actions a resource needs: narrowed by its properties, corrected, supplemented; every type of the registry."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from generator.errors import FactoryError
from generator.launch_role import actions as table
from generator.launch_role.needs import HANDLERS, corrected, needs
from generator.lint import schemas

TYPES = sorted(name for name in schemas.types() if not name.startswith("AWS::Serverless::"))


def needed(resource_type: str, properties: dict[str, Any], settings: tuple[str, ...] = ()) -> set[str]:
    return {need.action for need in needs(resource_type, properties, settings)}


def test_a_bucket_without_metadata_tables_needs_no_tables() -> None:
    plain = needed("AWS::S3::Bucket", {"BucketName": "x"})
    assert not any(name.startswith("s3tables:") for name in plain)
    assert "iam:PassRole" not in plain
    assert not plain & {
        "s3:PutReplicationConfiguration",
        "s3:PutBucketCORS",
        "s3:PutObjectAcl",
        "s3:DeleteObject",
    }
    assert {"s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketTagging", "s3:TagResource"} <= plain
    tables = needed("AWS::S3::Bucket", {"MetadataTableConfiguration": {}})
    assert "s3tables:CreateTable" in tables


@pytest.mark.parametrize(
    ("resource_type", "properties", "with_it"),
    [
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}, "s3:PutBucketVersioning"),
        ("AWS::S3::Bucket", {"CorsConfiguration": {}}, "s3:PutBucketCORS"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Role": "r"}}, "iam:PassRole"),
        ("AWS::IAM::Role", {"Policies": []}, "iam:PutRolePolicy"),
        ("AWS::IAM::Role", {"ManagedPolicyArns": []}, "iam:AttachRolePolicy"),
        ("AWS::IAM::Role", {"PermissionsBoundary": "b"}, "iam:PutRolePermissionsBoundary"),
        ("AWS::SageMaker::NotebookInstance", {"KmsKeyId": "k"}, "kms:CreateGrant"),
        ("AWS::SageMaker::NotebookInstance", {"SubnetId": "s"}, "ec2:CreateNetworkInterface"),
        ("AWS::Lambda::Function", {"VpcConfig": {}}, "ec2:DescribeSubnets"),
        ("AWS::Lambda::Function", {"ReservedConcurrentExecutions": 1}, "lambda:PutFunctionConcurrency"),
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": "b", "S3Key": "k"}}, "s3:GetObject"),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 7}, "logs:PutRetentionPolicy"),
        ("AWS::Logs::LogGroup", {"KmsKeyId": "k"}, "logs:AssociateKmsKey"),
        ("AWS::SecretsManager::Secret", {"GenerateSecretString": {}}, "secretsmanager:GetRandomPassword"),
        (
            "AWS::CodeCommit::Repository",
            {"Code": {"S3": {"Bucket": "b", "Key": "k"}}},
            "codecommit:CreateCommit",
        ),
        ("AWS::SNS::Topic", {"Subscription": []}, "sns:Subscribe"),
        ("AWS::StepFunctions::StateMachine", {"EncryptionConfiguration": {}}, "kms:GenerateDataKey"),
    ],
)
def test_an_action_comes_with_its_property_and_not_without(
    resource_type: str, properties: dict[str, Any], with_it: str
) -> None:
    assert with_it in needed(resource_type, properties)
    assert with_it not in needed(resource_type, {})


def test_what_decides_may_be_a_value_or_an_attribute() -> None:
    volume = "AWS::EC2::Volume"
    assert "ec2:CreateSnapshot" in needed(volume, {}, ("@DeletionPolicy=Snapshot",))
    assert "ec2:CreateSnapshot" not in needed(volume, {}, ("@DeletionPolicy=Retain",))


def test_a_property_without_a_value_asks_for_nothing() -> None:
    assert "s3:PutBucketCORS" not in needed("AWS::S3::Bucket", {"CorsConfiguration": {"Ref": "AWS::NoValue"}})


def test_settings_inside_a_document_are_not_the_resources_own() -> None:
    role = {"AssumeRolePolicyDocument": {"Policies": "x", "KmsKeyId": "y"}}
    assert needed("AWS::IAM::Role", role) == needed("AWS::IAM::Role", {"AssumeRolePolicyDocument": {}})


def test_the_reason_names_the_property() -> None:
    found = needs("AWS::SageMaker::NotebookInstance", {"SubnetId": "s"})
    assert {need.because for need in found if need.action == "ec2:CreateNetworkInterface"} == {
        f"SubnetId (schema of {schemas.date()[:10]})"
    }


def test_an_unknown_type_names_itself_and_the_remedy() -> None:
    with pytest.raises(
        FactoryError, match=r"AWS::AppMesh::Mesh: nothing says which permissions.*supplement\.json"
    ):
        needs("AWS::AppMesh::Mesh", {})


def test_a_type_that_makes_nothing_needs_nothing() -> None:
    assert {need.action for need in needs("AWS::CloudFormation::WaitConditionHandle", {})} == {""}


def test_wildcards_are_expanded() -> None:
    assert {str(found) for found in corrected("kinesis:Describe*", "x")} >= {"kinesis:DescribeStream"}
    assert {str(found) for found in corrected("s3:PutBucketReplication", "x")} == {
        "s3:PutReplicationConfiguration"
    }
    assert not list(corrected("noservice:NoAction", "x"))


def test_a_name_that_nobody_knows_is_an_error_with_its_remedy() -> None:
    with pytest.raises(FactoryError, match=r"'s3:Nonsense', which is no IAM action.*corrections\.json"):
        list(corrected("s3:Nonsense", "AWS::S3::Bucket"))


def test_every_name_in_every_schema_is_an_action_or_corrected() -> None:
    unknown = []
    for resource_type in TYPES:
        declared = schemas.schema(resource_type)
        names = {
            name
            for handler in HANDLERS
            for name in declared.get("handlers", {}).get(handler, {}).get("permissions") or ()
        } | set((declared.get("tagging") or {}).get("permissions") or ())
        for name in names:
            try:
                list(corrected(name, resource_type))
            except FactoryError:
                unknown.append(name)
    assert unknown == []


def entries(name: str) -> Any:
    return json.loads((resources.files("generator.launch_role") / f"{name}.json").read_text("utf-8"))


def test_corrections_are_needed_and_right() -> None:
    for name, entry in entries("corrections")["actions"].items():
        assert entry["source"]
        assert table.action(name) is None, f"{name} is an action by now: take the correction out"
        for one in entry["to"]:
            known = table.action(one)
            assert known is not None
            assert str(known) == one


@pytest.mark.parametrize(
    "name", ["supplement", "narrowing", "names", "passing", "linked_roles", "newer_actions", "corrections"]
)
def test_every_entry_of_a_table_has_its_source(name: str) -> None:
    def check(value: Any) -> None:
        for entry in value if isinstance(value, list) else [value]:
            assert entry["source"], entry

    for section in entries(name).values():
        for entry in section.values() if "source" not in section else [section]:
            check(entry)


def test_supplements_are_actions() -> None:
    for resource_type, entry in entries("supplement")["types"].items():
        names = [name for handler in entry.get("handlers", {}).values() for name in handler]
        names += [name for found in entry.get("instead", {}).values() for name in found]
        for one in names:
            known = table.action(one)
            assert known is not None, (resource_type, one)
            assert str(known) == one, (resource_type, one)


def test_narrowing_names_properties_that_exist() -> None:
    for resource_type, entry in entries("narrowing")["types"].items():
        if "*" in resource_type:
            continue
        known = set(schemas.schema(resource_type)["properties"])
        for paths in entry["actions"].values():
            for path in paths:
                top = path.partition(".")[0].partition("=")[0]
                assert top in known or top.startswith("@"), (resource_type, path)


def test_no_boundary_is_ever_taken_away() -> None:
    everything: dict[str, Any] = {name: {} for name in schemas.schema("AWS::IAM::Role")["properties"]}
    assert "iam:DeleteRolePermissionsBoundary" not in needed("AWS::IAM::Role", everything)
    users: dict[str, Any] = {name: {} for name in schemas.schema("AWS::IAM::User")["properties"]}
    assert "iam:DeleteUserPermissionsBoundary" not in needed("AWS::IAM::User", users)
