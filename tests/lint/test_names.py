"""Limits, own names, and the longest value of each intrinsic function."""

from __future__ import annotations

from typing import Any

import pytest

from generator.lint import names, schemas
from generator.lint.lengths import STACK, Longest, Measure

PARAMETERS = {
    "Long": {"Type": "String", "MaxLength": 40},
    "Few": {"Type": "String", "AllowedValues": ["a", "abc"], "MaxLength": 40},
    "Patterned": {"Type": "String", "AllowedPattern": "^[a-z]{2}(-[a-z]{3}){0,2}$"},
    "Endless": {"Type": "String", "AllowedPattern": "^[a-z]+$"},
    "Java": {"Type": "String", "AllowedPattern": "^\\p{Alpha}{3}$"},
    "Free": {"Type": "String"},
    "Count": {"Type": "Number", "MinValue": 0, "MaxValue": 1000},
    "Subnet": {"Type": "AWS::EC2::Subnet::Id"},
    "SageMakerProjectName": {"Type": "String"},
}
MAPPINGS = {"Sizes": {"small": {"name": "s", "long": "small"}, "big": {"name": "big", "long": "bigger"}}}
TEMPLATE = {"Parameters": PARAMETERS, "Mappings": MAPPINGS}


def longest(value: Any, *regions: str) -> Longest:
    return Measure(TEMPLATE, regions or ("us-east-1",)).longest(value)


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("abc", 3),
        (12, 2),
        (True, 4),
        ({"Ref": "Long"}, 40),
        ({"Ref": "Few"}, 3),
        ({"Ref": "Patterned"}, 10),
        ({"Ref": "Count"}, 4),
        ({"Ref": "Subnet"}, 24),
        ({"Ref": "SageMakerProjectName"}, 32),
        ({"Ref": "AWS::AccountId"}, 12),
        ({"Ref": "AWS::Region"}, 14),
        ({"Ref": "AWS::Partition"}, 3),
        ({"Ref": "AWS::StackName"}, 32),
        ({"Fn::Sub": "a-${Long}-${AWS::AccountId}"}, 55),
        ({"Fn::Sub": "a-${!Long}"}, 9),
        ({"Fn::Sub": ["${A}/${Few}", {"A": {"Ref": "Long"}}]}, 44),
        ({"Fn::Join": ["--", ["a", {"Ref": "Few"}, "b"]]}, 9),
        ({"Fn::Join": ["-", {"Fn::Split": ["/", "a/b/c"]}]}, 5),
        ({"Fn::Select": [1, ["a", "bcd"]]}, 3),
        ({"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}, 36),
        ({"Fn::Select": ["4", {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]}, 12),
        ({"Fn::Select": [3, {"Fn::Split": ["-", {"Ref": "Long"}]}]}, 40),
        ({"Fn::If": ["C", "ab", {"Ref": "AWS::NoValue"}]}, 2),
        ({"Fn::If": ["C", "ab", {"Fn::If": ["D", "abcd", "a"]}]}, 4),
        ({"Fn::FindInMap": ["Sizes", "small", "name"]}, 1),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Few"}, "name"]}, 3),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Few"}, {"Ref": "Few"}]}, 6),
        ({"Fn::FindInMap": ["Sizes", "none", "name", {"DefaultValue": "default"}]}, 7),
        ({"Fn::Base64": "abcd"}, 8),
    ],
)  # fmt: skip
def test_the_longest_value_of_an_expression(value: Any, length: int) -> None:
    found = longest(value)
    assert len(found.text) == length
    assert not found.unbounded
    assert not found.unknown


@pytest.mark.parametrize("name", ["Free", "Endless", "Java"])
def test_a_parameter_without_a_bound_is_named(name: str) -> None:
    assert longest({"Fn::Sub": f"a-${{{name}}}"}) == Longest("a-", frozenset({name}))


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::GetAtt": ["A", "B"]},
        {"Fn::ImportValue": "x"},
        {"Fn::Sub": "${A.B}"},
        {"Ref": "Nothing"},
        "{{resolve:ssm:/a}}",
        {"Fn::Sub": {"Ref": "Long"}},
        {"a": 1},
        ["a"],
        None,
        {"Fn::FindInMap": ["Nothing", "a", "b"]},
    ],
)
def test_what_is_only_known_at_deployment_is_unknown(value: Any) -> None:
    assert longest(value).unknown


def test_stack_names_are_those_of_service_catalog() -> None:
    assert len("SC-123456789012-pp-abcdefghijklm") == len(STACK)
    assert longest({"Ref": "AWS::StackId"}).text.count("/") == 2


def test_the_region_is_the_longest_of_the_partition() -> None:
    assert longest({"Ref": "AWS::Region"}, "cn-north-1").text == "cn-northwest-1"
    assert longest({"Ref": "AWS::Partition"}, "us-gov-west-1").text == "aws-us-gov"
    assert longest({"Ref": "AWS::URLSuffix"}, "cn-north-1").text == "amazonaws.com.cn"


def test_a_name_may_be_made_of_another_resources_name() -> None:
    template = {
        "Parameters": PARAMETERS,
        "Resources": {
            "Named": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "use-${Few}"}}},
            "Unnamed": {"Type": "AWS::S3::Bucket"},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": {"Fn::Sub": "${Named}-rule"}}},
            "Other": {
                "Type": "AWS::Events::Rule",
                "Properties": {"Name": {"Fn::Sub": "for-${Unnamed}-rule"}},
            },
        },
    }
    found = {
        one.resource.name: one.longest.text for one in names.bounded(template, ("us-east-1",)) if one.is_name
    }
    assert found["Rule"] == "use-abc-rule"
    # CloudFormation's own name for a bucket: the stack's, the logical id and twelve characters, in small letters.
    assert found["Other"] == f"for-{STACK.lower()}-unnamed-{'x' * 12}-rule"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::Events::Rule", "Name"),
        ("AWS::StepFunctions::StateMachine", "StateMachineName"),
        ("AWS::CodeCommit::Repository", "RepositoryName"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
        ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
        ("AWS::ECS::TaskDefinition", "Family"),
        ("AWS::KMS::Key", None),
        ("Custom::Seed", None),
        ("AWS::No::Such", None),
    ],
)
def test_the_property_that_names_a_resource(kind: str, name: str | None) -> None:
    assert names.own_name(kind) == name


def test_every_reviewed_limit_is_of_an_existing_property_that_needs_it() -> None:
    for (kind, name), (limit, source) in names.LIMITS.items():
        declared = schemas.schema(kind)["properties"][name]
        assert declared.get("maxLength", limit + 1) > limit, f"{kind} {name} has its limit in the schema"
        assert source.startswith("https://docs.aws.amazon.com/")


def test_every_type_whose_ref_is_its_name_says_so_in_its_schema() -> None:
    for kind in names.REF_IS_NAME:
        assert schemas.schema(kind)["primaryIdentifier"] in (
            [f"/properties/{names.own_name(kind)}"],
            ["/properties/Id"],
            ["/properties/ModelPackageGroupArn"],
        ), kind
