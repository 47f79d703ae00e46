"""Intrinsic functions, conditions, rules and parameters: tables of expressions and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from generator.local.service import ServiceError
from generator.local.stacks.decisions import broken, check_rules, decide_all
from generator.local.stacks.intrinsics import evaluate
from generator.local.stacks.parameters import declared, java_pattern, resolve
from generator.local.stacks.scope import Scope, Unknown, pseudo_parameters
from generator.local.stacks.transform import expand

RESOURCES = {"Bucket": "my-bucket", "Topic": "arn:aws:sns:eu-west-1:123456789012:t"}
ATTRIBUTES = {
    ("Bucket", "Arn"): "arn:aws:s3:::my-bucket",
    ("Net", "Cidrs"): ["10.0.0.0/16", "10.1.0.0/16"],
    ("Stack", "Outputs.Url"): "https://x",
}


def _ref(name: str) -> Any:
    if name not in RESOURCES:
        raise ServiceError(
            "ValidationError",
            f"Unresolved resource dependencies [{name}] in the Resources block of the template",
        )
    return RESOURCES[name]


def _att(name: str, attribute: str) -> Any:
    if (name, attribute) not in ATTRIBUTES:
        raise ServiceError(
            "ValidationError", f"resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        )
    return ATTRIBUTES[name, attribute]


def scope(*, extended: bool = False) -> Scope:
    return Scope(
        values={
            **pseudo_parameters(
                account="123456789012",
                region="eu-west-1",
                partition="aws",
                url_suffix="amazonaws.com",
                stack_name="it",
                stack_id="arn:aws:cloudformation:eu-west-1:123456789012:stack/it/1",
                notifications=["arn:aws:sns:eu-west-1:123456789012:n"],
            ),
            "Env": "prod",
            "Count": "3",
            "Names": ["a", "b", "c"],
            "Empty": "",
        },
        mappings={
            "M": {"prod": {"size": "big", "zones": ["x", "y"], "n": 7}, "123456789012": {"name": "acme"}}
        },
        conditions={"Yes": True, "No": False},
        extended=extended,
        reference=_ref,
        attribute=_att,
        export=lambda name: {"shared-vpc": "vpc-1"}[name],
        zones=lambda region: [f"{region}a", f"{region}b"],
    )


NOTHING = {"Ref": "AWS::NoValue"}
VALUES: list[tuple[Any, Any]] = [
    # Plain values pass through, nested ones are searched.
    ("text", "text"),
    (1, 1),
    (True, True),
    ([], []),
    ({}, {}),
    ({"a": {"b": [{"Ref": "Env"}]}}, {"a": {"b": ["prod"]}}),
    # Ref
    ({"Ref": "Env"}, "prod"),
    ({"Ref": "Names"}, ["a", "b", "c"]),
    ({"Ref": "Bucket"}, "my-bucket"),
    ({"Ref": "AWS::AccountId"}, "123456789012"),
    ({"Ref": "AWS::Region"}, "eu-west-1"),
    ({"Ref": "AWS::Partition"}, "aws"),
    ({"Ref": "AWS::StackName"}, "it"),
    ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    ({"Ref": "AWS::NotificationARNs"}, ["arn:aws:sns:eu-west-1:123456789012:n"]),
    ({"a": NOTHING, "b": 1}, {"b": 1}),
    ([1, NOTHING, 2], [1, 2]),
    ({"a": [NOTHING]}, {"a": []}),
    ({"a": {"b": NOTHING}}, {"a": {}}),
    # GetAtt
    ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::my-bucket"),
    ({"Fn::GetAtt": "Bucket.Arn"}, "arn:aws:s3:::my-bucket"),
    ({"Fn::GetAtt": ["Stack", "Outputs.Url"]}, "https://x"),
    ({"Fn::GetAtt": "Stack.Outputs.Url"}, "https://x"),
    ({"Fn::GetAtt": ["Net", "Cidrs"]}, ["10.0.0.0/16", "10.1.0.0/16"]),
    # Sub
    ({"Fn::Sub": "plain"}, "plain"),
    ({"Fn::Sub": "${Env}"}, "prod"),
    ({"Fn::Sub": "a-${Env}-${AWS::Region}-z"}, "a-prod-eu-west-1-z"),
    ({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}/*"}, "arn:aws:s3:::my-bucket/*"),
    ({"Fn::Sub": "${Bucket.Arn}/x"}, "arn:aws:s3:::my-bucket/x"),
    ({"Fn::Sub": "${Stack.Outputs.Url}"}, "https://x"),
    ({"Fn::Sub": "${!Literal}"}, "${Literal}"),
    ({"Fn::Sub": "${!Env}-${Env}"}, "${Env}-prod"),
    ({"Fn::Sub": "$Env $$ {Env}"}, "$Env $$ {Env}"),
    ({"Fn::Sub": ["${X}-${Env}", {"X": "y"}]}, "y-prod"),
    ({"Fn::Sub": ["${X}", {"X": {"Ref": "Env"}}]}, "prod"),
    ({"Fn::Sub": ["${Env}", {"Env": "mine"}]}, "mine"),
    ({"Fn::Sub": ["${X}", {"X": {"Fn::Join": ["/", {"Ref": "Names"}]}}]}, "a/b/c"),
    ({"Fn::Sub": ["${X}", {"X": 5}]}, "5"),
    ({"Fn::Sub": ["${X}", {"X": True}]}, "true"),
    ({"Fn::Sub": "${Empty}|"}, "|"),
    # Join
    ({"Fn::Join": ["", []]}, ""),
    ({"Fn::Join": [",", ["a"]]}, "a"),
    ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1, True]]}, "a-prod-1-true"),
    ({"Fn::Join": [":", {"Ref": "Names"}]}, "a:b:c"),
    ({"Fn::Join": [":", ["a", NOTHING, "b"]]}, "a:b"),
    ({"Fn::Join": ["", {"Fn::GetAZs": ""}]}, "eu-west-1aeu-west-1b"),
    # Split and Select
    ({"Fn::Split": [",", "a,b,,c"]}, ["a", "b", "", "c"]),
    ({"Fn::Split": ["::", {"Ref": "Env"}]}, ["prod"]),
    ({"Fn::Select": [0, ["a", "b"]]}, "a"),
    ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
    ({"Fn::Select": [{"Ref": "Count"}, ["a", "b", "c", "d"]]}, "d"),
    ({"Fn::Select": [5, {"Fn::Split": [":", {"Ref": "Topic"}]}]}, "t"),
    ({"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
    ({"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}, "eu-west-1a"),
    ({"Fn::Select": [1, {"Fn::GetAtt": ["Net", "Cidrs"]}]}, "10.1.0.0/16"),
    # FindInMap
    ({"Fn::FindInMap": ["M", "prod", "size"]}, "big"),
    ({"Fn::FindInMap": ["M", {"Ref": "Env"}, "zones"]}, ["x", "y"]),
    ({"Fn::FindInMap": ["M", {"Ref": "AWS::AccountId"}, "name"]}, "acme"),
    ({"Fn::FindInMap": ["M", "prod", "n"]}, 7),
    # If
    ({"Fn::If": ["Yes", 1, 2]}, 1),
    ({"Fn::If": ["No", 1, 2]}, 2),
    ({"Fn::If": ["No", {"Fn::GetAtt": ["Gone", "Arn"]}, "else"]}, "else"),
    ({"a": {"Fn::If": ["No", 1, NOTHING]}}, {}),
    ({"Fn::If": ["Yes", {"Fn::If": ["No", 1, {"Ref": "Env"}]}, 2]}, "prod"),
    # Base64
    ({"Fn::Base64": "hello"}, "aGVsbG8="),
    ({"Fn::Base64": {"Fn::Sub": "${Env}"}}, "cHJvZA=="),
    ({"Fn::Base64": ""}, ""),
    ({"Fn::Base64": "é"}, "w6k="),
    # Cidr
    ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    ({"Fn::Cidr": ["192.168.0.0/24", "6", "5"]}, [f"192.168.0.{32 * n}/27" for n in range(6)]),
    ({"Fn::Cidr": ["10.0.0.0/24", 1, 8]}, ["10.0.0.0/24"]),
    ({"Fn::Cidr": ["2001:db8::/56", 2, 64]}, ["2001:db8::/64", "2001:db8:0:1::/64"]),
    (
        {"Fn::Select": [1, {"Fn::Cidr": [{"Fn::Select": [0, {"Fn::GetAtt": ["Net", "Cidrs"]}]}, 4, 8]}]},
        "10.0.1.0/24",
    ),
    # GetAZs and ImportValue
    ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b"]),
    ({"Fn::GetAZs": "us-east-1"}, ["us-east-1a", "us-east-1b"]),
    ({"Fn::ImportValue": "shared-vpc"}, "vpc-1"),
    ({"Fn::ImportValue": {"Fn::Join": ["-", ["shared", "vpc"]]}}, "vpc-1"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=str)
def test_value(expression: Any, value: Any) -> None:
    assert evaluate(expression, scope()) == value


EXTENDED: list[tuple[Any, Any]] = [
    ({"Fn::Length": [1, 2, 3]}, 3),
    ({"Fn::Length": {"Ref": "Names"}}, 3),
    ({"Fn::Length": {"Fn::Split": ["/", "a/b"]}}, 2),
    ({"Fn::Length": {"Fn::FindInMap": ["M", "prod", "zones"]}}, 2),
    ({"Fn::ToJsonString": {"a": {"Ref": "Env"}}}, '{"a":"prod"}'),
    ({"Fn::ToJsonString": [{"Ref": "Count"}, 1, True]}, '["3",1,true]'),
    ({"Fn::ToJsonString": {"a": NOTHING, "b": [NOTHING]}}, '{"b":[]}'),
    ({"Fn::FindInMap": ["M", "dev", "size", {"DefaultValue": "small"}]}, "small"),
    ({"Fn::FindInMap": ["M", "prod", "size", {"DefaultValue": "small"}]}, "big"),
    ({"Fn::FindInMap": ["X", "prod", "size", {"DefaultValue": {"Ref": "Env"}}]}, "prod"),
    ({"Fn::FindInMap": ["M", "prod", {"Fn::Join": ["", ["si", "ze"]]}]}, "big"),
    ({"Fn::Sub": [{"Fn::Join": ["", ["${", "Env}"]]}, {}]}, "prod"),
]


@pytest.mark.parametrize(("expression", "value"), EXTENDED, ids=str)
def test_value_under_the_language_extensions(expression: Any, value: Any) -> None:
    assert evaluate(expression, scope(extended=True)) == value


MISTAKES: list[tuple[Any, str]] = [
    ({"Ref": "Nothing"}, "Unresolved resource dependencies [Nothing] in the Resources block of the template"),
    ({"Ref": ["Env"]}, "every Ref object must have a single String value"),
    ({"Fn::GetAtt": ["Bucket"]}, "every Fn::GetAtt object requires two non-empty parameters"),
    ({"Fn::GetAtt": ["Bucket", ""]}, "every Fn::GetAtt object requires two non-empty parameters"),
    ({"Fn::GetAtt": "Bucket"}, "every Fn::GetAtt object requires two non-empty parameters"),
    ({"Fn::GetAtt": ["Bucket", "Colour"]}, "does not support attribute type Colour in Fn::GetAtt"),
    ({"Fn::Sub": "${Nothing}"}, "Unresolved resource dependencies [Nothing]"),
    ({"Fn::Sub": "${Bucket.Colour}"}, "does not support attribute type Colour"),
    ({"Fn::Sub": "${a-b}"}, "variable names in Fn::Sub syntax must contain only alphanumeric characters"),
    ({"Fn::Sub": ["${X}"]}, "One or more Fn::Sub intrinsic functions don't specify expected arguments"),
    ({"Fn::Sub": {"a": 1}}, "One or more Fn::Sub intrinsic functions don't specify expected arguments"),
    (
        {"Fn::Sub": [{"Ref": "Env"}, {}]},
        "One or more Fn::Sub intrinsic functions don't specify expected arguments",
    ),
    ({"Fn::Sub": "${Names}"}, "is a list, not a string"),
    ({"Fn::Join": "x"}, "every Fn::Join object requires two parameters"),
    ({"Fn::Join": ["", "x"]}, "every Fn::Join object requires two parameters"),
    ({"Fn::Join": ["", [["a"]]]}, "every Fn::Join object requires two parameters"),
    ({"Fn::Join": [["x"], ["a"]]}, "every Fn::Join object requires two parameters"),
    ({"Fn::Split": ["", "a"]}, "every Fn::Split object requires two parameters"),
    ({"Fn::Split": [","]}, "every Fn::Split object requires two parameters"),
    ({"Fn::Split": [",", ["a"]]}, "every Fn::Split object requires two parameters"),
    ({"Fn::Select": [0]}, "Fn::Select requires a list argument with two elements"),
    ({"Fn::Select": ["x", ["a"]]}, "Fn::Select requires a list argument with two elements"),
    ({"Fn::Select": [0, "a"]}, "Fn::Select requires a list argument with two elements"),
    ({"Fn::Select": [3, ["a"]]}, "Fn::Select cannot select nonexistent value at index 3"),
    ({"Fn::Select": [-1, ["a"]]}, "Fn::Select cannot select nonexistent value at index -1"),
    (
        {"Fn::FindInMap": ["X", "a", "b"]},
        "Mapping named 'X' is not present in the 'Mappings' section of template.",
    ),
    ({"Fn::FindInMap": ["M", "dev", "size"]}, "Unable to get mapping for M::dev::size"),
    ({"Fn::FindInMap": ["M", "prod", "colour"]}, "Unable to get mapping for M::prod::colour"),
    ({"Fn::FindInMap": ["M", "prod"]}, "every Fn::FindInMap object requires three parameters"),
    (
        {"Fn::FindInMap": ["M", "x", "y", {"DefaultValue": 1}]},
        "every Fn::FindInMap object requires three parameters",
    ),
    ({"Fn::If": ["Maybe", 1, 2]}, "unresolved condition dependency Maybe"),
    ({"Fn::If": ["Yes", 1]}, "Fn::If requires a list argument"),
    ({"Fn::Base64": ["a"]}, "every Fn::Base64 object must have a String-typed value."),
    ({"Fn::Cidr": ["10.0.0.0/16", 2]}, "every Fn::Cidr object requires three parameters"),
    ({"Fn::Cidr": ["nonsense", 2, 8]}, "every Fn::Cidr object requires three parameters"),
    ({"Fn::Cidr": ["10.0.0.0/16", 300, 8]}, "every Fn::Cidr object requires three parameters"),
    ({"Fn::Cidr": ["10.0.0.0/24", 2, 8]}, "has not room for 2 blocks"),
    ({"Fn::Cidr": ["10.0.0.0/24", 1, 9]}, "every Fn::Cidr object requires three parameters"),
    ({"Fn::GetAZs": ["a"]}, "every Fn::GetAZs object must have a String-typed value"),
    ({"Fn::ImportValue": ["a"]}, "the attribute in Fn::ImportValue must be a string"),
    ({"Fn::Unheard": 1}, "encountered unsupported function: Fn::Unheard"),
    ({"Fn::Equals": [1, 1]}, "Fn::Equals is not supported outside of Conditions and Rules"),
    ({"Fn::Length": [1]}, "supported only with the transform AWS::LanguageExtensions"),
    ({"Fn::ToJsonString": {}}, "supported only with the transform AWS::LanguageExtensions"),
    ({"Fn::Transform": {"Name": "Mine"}}, "the transform Mine was not expanded"),
]


@pytest.mark.parametrize(("expression", "message"), MISTAKES, ids=str)
def test_mistake(expression: Any, message: str) -> None:
    with pytest.raises(ServiceError) as error:
        evaluate(expression, scope())
    assert message in error.value.message
    assert error.value.code == "ValidationError"


EXTENDED_MISTAKES: list[tuple[Any, str]] = [
    ({"Fn::Length": "a"}, "the argument must be a list"),
    ({"Fn::ToJsonString": "a"}, "the argument must be an object or an array"),
    (
        {"Fn::FindInMap": ["M", "x", "y", {"Default": 1}]},
        "every Fn::FindInMap object requires three parameters",
    ),
]


@pytest.mark.parametrize(("expression", "message"), EXTENDED_MISTAKES, ids=str)
def test_mistake_under_the_language_extensions(expression: Any, message: str) -> None:
    with pytest.raises(ServiceError) as error:
        evaluate(expression, scope(extended=True))
    assert message in error.value.message


WITH_UNKNOWN = [
    {"Ref": "U"},
    {"Fn::Sub": "a-${U}"},
    {"Fn::Sub": ["${X}", {"X": {"Ref": "U"}}]},
    {"Fn::Join": ["", ["a", {"Ref": "U"}]]},
    {"Fn::Split": [":", {"Ref": "U"}]},
    {"Fn::Select": [0, {"Fn::Split": [":", {"Ref": "U"}]}]},
    {"Fn::Base64": {"Ref": "U"}},
    {"Fn::Cidr": [{"Ref": "U"}, 2, 8]},
    {"Fn::FindInMap": ["M", {"Ref": "U"}, "size"]},
    {"Fn::ImportValue": {"Ref": "U"}},
]


@pytest.mark.parametrize("expression", WITH_UNKNOWN, ids=str)
def test_what_is_not_known_yet_stays_so(expression: Any) -> None:
    unknown = Scope(values={"U": Unknown()}, mappings=scope().mappings)
    value = evaluate(expression, unknown)
    assert isinstance(value, Unknown)
    assert "KNOWN_AFTER_APPLY" in value


# Conditions

PROD = {"Fn::Equals": [{"Ref": "Env"}, "prod"]}
CONDITIONS: list[tuple[Any, bool]] = [
    (PROD, True),
    ({"Fn::Equals": ["a", "b"]}, False),
    ({"Fn::Equals": [1, "1"]}, True),
    ({"Fn::Equals": [True, "true"]}, True),
    ({"Fn::Equals": [{"Ref": "Names"}, ["a", "b", "c"]]}, True),
    ({"Fn::Equals": [{"Fn::FindInMap": ["M", "prod", "size"]}, "big"]}, True),
    ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, "abc"]}, True),
    ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Names"}]}, "a"]}, True),
    ({"Fn::Equals": [{"Fn::Sub": "${Env}-x"}, "prod-x"]}, True),
    ({"Fn::Equals": [{"Ref": "Empty"}, ""]}, True),
    ({"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws"]}, True),
    ({"Fn::Not": [PROD]}, False),
    ({"Fn::Not": [{"Fn::Not": [PROD]}]}, True),
    ({"Fn::And": [PROD, {"Fn::Equals": ["a", "a"]}]}, True),
    ({"Fn::And": [PROD, {"Fn::Equals": ["a", "b"]}]}, False),
    ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, PROD]}, True),
    ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["c", "d"]}]}, False),
    ({"Condition": "Other"}, True),
    ({"Fn::And": [{"Condition": "Other"}, {"Fn::Not": [{"Condition": "Never"}]}]}, True),
    ({"Fn::Or": [{"Condition": "Never"}, {"Condition": "Other"}]}, True),
]


@pytest.mark.parametrize(("condition", "value"), CONDITIONS, ids=str)
def test_condition(condition: Any, value: bool) -> None:
    conditions = {"It": condition, "Other": PROD, "Never": {"Fn::Equals": ["a", "b"]}}
    assert decide_all(conditions, scope())["It"] is value


CONDITION_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"A": "maybe"}, "Conditions can only be boolean operations on parameters and other conditions"),
    ({"A": {"Ref": "Env"}}, "Conditions can only be boolean operations on parameters and other conditions"),
    ({"A": {"Fn::Equals": ["a"]}}, "every Fn::Equals object requires a list of 2 string parameters."),
    ({"A": {"Fn::Not": PROD}}, "Every Fn::Not object requires one boolean parameter."),
    ({"A": {"Fn::Not": [PROD, PROD]}}, "Every Fn::Not object requires one boolean parameter."),
    (
        {"A": {"Fn::And": [PROD]}},
        "every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
    ),
    (
        {"A": {"Fn::Or": [PROD] * 11}},
        "every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters.",
    ),
    ({"A": {"Condition": "B"}}, "Unresolved condition dependency B in the Conditions block"),
    ({"A": {"Condition": ["B"]}}, "Every Condition member must be a string."),
    ({"A": {"Condition": "B"}, "B": {"Condition": "A"}}, "circular condition dependency between A and B"),
    (
        {"A": {"Fn::Equals": [{"Ref": "Gone"}, "x"]}},
        "Unresolved dependencies [Gone]. Cannot reference resources in the Conditions block",
    ),
    ({"A": {"Fn::Or": [PROD, {"Condition": "B"}]}}, "Unresolved condition dependency B"),
]


@pytest.mark.parametrize(("conditions", "message"), CONDITION_MISTAKES, ids=str)
def test_condition_mistake(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError) as error:
        decide_all(conditions, scope())
    assert message in error.value.message


# Rules


class Network:
    """Two subnets of one VPC and what rules ask of them."""

    def every(self, parameter_type: str) -> Sequence[str]:
        return ["vpc-1"] if parameter_type == "AWS::EC2::VPC::Id" else []

    def attributes(self, parameter: str, attribute: str) -> Sequence[Any]:
        return {"VpcId": ["vpc-1", "vpc-1"], "Tags.Team": ["red"]}[attribute]

    def all_attributes(self, parameter_type: str, attribute: str) -> Sequence[Any]:
        return ["red", "red"]


ASSERTIONS: list[tuple[Any, bool]] = [
    (PROD, True),
    ({"Fn::Contains": [["prod", "dev"], {"Ref": "Env"}]}, True),
    ({"Fn::Contains": [["test", "dev"], {"Ref": "Env"}]}, False),
    ({"Fn::Contains": [{"Ref": "Names"}, "b"]}, True),
    ({"Fn::EachMemberIn": [{"Ref": "Names"}, ["a", "b", "c", "d"]]}, True),
    ({"Fn::EachMemberIn": [{"Ref": "Names"}, ["a", "b"]]}, False),
    ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
    ({"Fn::EachMemberEquals": [{"Ref": "Names"}, "a"]}, False),
    (
        {"Fn::EachMemberIn": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Fn::RefAll": "AWS::EC2::VPC::Id"}]},
        True,
    ),
    ({"Fn::EachMemberEquals": [{"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.Team"]}, "red"]}, True),
    ({"Fn::Equals": [{"Fn::ValueOf": ["Vpc", "Tags.Team"]}, "red"]}, True),
    ({"Fn::Not": [{"Fn::Contains": [["x"], {"Ref": "Env"}]}]}, True),
    ({"Fn::And": [PROD, {"Fn::Contains": [["3"], {"Ref": "Count"}]}]}, True),
    ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Contains": [["3"], {"Ref": "Count"}]}]}, True),
]


@pytest.mark.parametrize(("assertion", "holds"), ASSERTIONS, ids=str)
def test_assertion(assertion: Any, holds: bool) -> None:
    rules = {"R": {"Assertions": [{"Assert": assertion, "AssertDescription": "because"}]}}
    assert [found.description for found in broken(rules, scope(), Network())] == (
        [] if holds else ["because"]
    )


def test_a_rule_whose_condition_is_not_met_asserts_nothing() -> None:
    rules = {
        "R": {"RuleCondition": {"Fn::Equals": ["a", "b"]}, "Assertions": [{"Assert": {"Fn::Equals": [1, 2]}}]}
    }
    assert broken(rules, scope(), Network()) == []


def test_all_broken_assertions_are_told_at_once() -> None:
    never = {"Fn::Equals": ["a", "b"]}
    rules = {
        "R": {
            "RuleCondition": PROD,
            "Assertions": [{"Assert": never, "AssertDescription": "one"}, {"Assert": PROD}],
        },
        "S": {"Assertions": [{"Assert": never, "AssertDescription": "two"}]},
    }
    with pytest.raises(ServiceError) as error:
        check_rules(rules, scope(), Network())
    assert "Rule R failed: one" in error.value.message
    assert "Rule S failed: two" in error.value.message


# Parameters


class Known:
    """A parameter store with two entries, and one VPC."""

    def exists(self, parameter_type: str, value: str) -> bool:
        return parameter_type != "AWS::EC2::VPC::Id" or value == "vpc-1"

    def stored(self, name: str) -> str | None:
        return {"/ami": "ami-1", "/list": "a,b", "/vpc": "vpc-1"}.get(name)


GOOD: list[tuple[dict[str, Any], str | None, Any]] = [
    ({"Type": "String"}, "x", "x"),
    ({"Type": "String"}, "", ""),
    ({"Type": "String", "Default": "d"}, None, "d"),
    ({"Type": "String", "Default": 5}, None, "5"),
    ({"Type": "String", "Default": True}, None, "true"),
    ({"Type": "String", "AllowedValues": ["a", "b"]}, "b", "b"),
    ({"Type": "String", "AllowedValues": [1, 2]}, "2", "2"),
    ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc", "abc"),
    ({"Type": "String", "AllowedPattern": "^$|^[a-z]+$"}, "", ""),
    ({"Type": "String", "AllowedPattern": "\\p{Alpha}+[\\p{Digit}_]*"}, "ab1_", "ab1_"),
    ({"Type": "String", "MinLength": 1, "MaxLength": "3"}, "abc", "abc"),
    ({"Type": "Number"}, "1.5", "1.5"),
    ({"Type": "Number", "MinValue": 1, "MaxValue": 3}, "3", "3"),
    ({"Type": "List<Number>"}, "1, 2,3", ["1", "2", "3"]),
    ({"Type": "CommaDelimitedList"}, "a, b,c", ["a", "b", "c"]),
    ({"Type": "CommaDelimitedList"}, "", [""]),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "b,a", ["b", "a"]),
    ({"Type": "AWS::EC2::VPC::Id"}, "vpc-1", "vpc-1"),
    ({"Type": "List<AWS::EC2::VPC::Id>"}, "vpc-1,vpc-1", ["vpc-1", "vpc-1"]),
    ({"Type": "AWS::EC2::Image::Id"}, "ami-123", "ami-123"),
    ({"Type": "AWS::SSM::Parameter::Name"}, "/ami", "/ami"),
    ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/ami", "ami-1"),
    ({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/ami"}, None, "ami-1"),
    ({"Type": "AWS::SSM::Parameter::Value<List<String>>"}, "/list", ["a", "b"]),
    ({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>"}, "/vpc", "vpc-1"),
]


@pytest.mark.parametrize(("declaration", "given", "value"), GOOD, ids=str)
def test_parameter(declaration: dict[str, Any], given: str | None, value: Any) -> None:
    parameters = declared({"Parameters": {"P": declaration}})
    found = resolve(parameters, {} if given is None else {"P": given}, Known())
    assert found["P"].value == value


BAD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"Type": "String"}, None, "Parameters: [P] must have values"),
    ({"Type": "String", "AllowedValues": ["a"]}, "b", "Parameter 'P' must be one of AllowedValues"),
    ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", "Parameter 'P' must match pattern [a-z]+"),
    ({"Type": "String", "AllowedPattern": "[a-z]"}, "ab", "Parameter 'P' must match pattern [a-z]"),
    (
        {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "lower case"},
        "A",
        "Parameter 'P' failed to satisfy constraint: lower case",
    ),
    ({"Type": "String", "MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
    ({"Type": "String", "MaxLength": 1}, "ab", "Parameter 'P' must contain at most 1 characters"),
    ({"Type": "String"}, "x" * 5000, "Parameter 'P' must contain at most 4096 bytes"),
    ({"Type": "Number"}, "x", "Parameter 'P' must be a number"),
    ({"Type": "Number", "MinValue": 2}, "1", "Parameter 'P' must be a number not less than 2"),
    ({"Type": "Number", "MaxValue": 2}, "3", "Parameter 'P' must be a number not greater than 2"),
    ({"Type": "List<Number>"}, "1,x", "Parameter 'P' must be a number"),
    (
        {"Type": "CommaDelimitedList", "AllowedValues": ["a"]},
        "a,b",
        "Parameter 'P' must be one of AllowedValues",
    ),
    ({"Type": "AWS::EC2::VPC::Id"}, "vpc-2", "parameter value vpc-2 for parameter name P does not exist"),
    (
        {"Type": "List<AWS::EC2::VPC::Id>"},
        "vpc-1,vpc-2",
        "parameter value vpc-2 for parameter name P does not exist",
    ),
    (
        {"Type": "AWS::SSM::Parameter::Value<String>"},
        "/no",
        "Unable to fetch parameters [/no] from parameter store for this account.",
    ),
    ({"Type": "Text"}, "x", "Unrecognized parameter type: Text"),
    ({"Type": "List<Text>"}, "x", "Unrecognized parameter type: List<Text>"),
    ({}, "x", "Every Parameters object must contain a Type member."),
    ({"Type": "String", "Colour": 1}, "x", "Invalid template parameter property 'Colour'"),
    ({"Type": "String", "Default": ["a"]}, "x", "Every Default member must be a string."),
    (
        {"Type": "String", "Default": "z", "AllowedValues": ["a"]},
        "a",
        "default value 'z' must be one of AllowedValues",
    ),
    ({"Type": "Number", "MinValue": "x"}, "1", "MinValue must be a number"),
]


@pytest.mark.parametrize(("declaration", "given", "message"), BAD, ids=lambda value: str(value)[:60])
def test_parameter_refused(declaration: dict[str, Any], given: str | None, message: str) -> None:
    with pytest.raises(ServiceError) as error:
        resolve(declared({"Parameters": {"P": declaration}}), {} if given is None else {"P": given}, Known())
    assert message in error.value.message


def test_parameters_that_the_template_does_not_have() -> None:
    with pytest.raises(ServiceError, match=r"Parameters: \[A, B\] do not exist in the template"):
        resolve(
            declared({"Parameters": {"P": {"Type": "String", "Default": ""}}}), {"B": "1", "A": "2"}, Known()
        )


def test_at_most_200_parameters() -> None:
    many = {f"P{number}": {"Type": "String"} for number in range(201)}
    with pytest.raises(ServiceError, match="greater than maximum allowed, 200"):
        declared({"Parameters": many})


@pytest.mark.parametrize(
    ("java", "python"),
    [
        ("[a-z]+", "[a-z]+"),
        ("\\p{Alnum}+", "[A-Za-z0-9]+"),
        ("[\\p{Lower}-]+", "[a-z-]+"),
        ("\\p{Greek}", "\\p{Greek}"),
    ],
)
def test_java_patterns(java: str, python: str) -> None:
    assert java_pattern(java) == python


# Language extensions


def loops(template: dict[str, Any]) -> dict[str, Any]:
    whole = {"Transform": "AWS::LanguageExtensions", **template}
    return expand(whole, scope(), lambda location: {"Included": {"from": location}}).template


LOOPS: list[tuple[Any, Any]] = [
    (
        {"Fn::ForEach::L": ["X", ["a", "b"], {"R${X}": {"Name": {"Fn::Sub": "n-${X}"}}}]},
        {"Ra": {"Name": {"Fn::Sub": "n-a"}}, "Rb": {"Name": {"Fn::Sub": "n-b"}}},
    ),
    (
        {"Fn::ForEach::L": ["X", {"Ref": "Names"}, {"R${X}": {"V": {"Ref": "X"}}}]},
        {"Ra": {"V": "a"}, "Rb": {"V": "b"}, "Rc": {"V": "c"}},
    ),
    ({"Fn::ForEach::L": ["X", ["10.0", "10-1"], {"R&{X}": "${X}"}]}, {"R100": "10.0", "R101": "10-1"}),
    ({"Fn::ForEach::L": ["X", [], {"R${X}": 1}]}, {}),
    ({"Fixed": 1, "Fn::ForEach::L": ["X", ["a"], {"R${X}": 2}]}, {"Fixed": 1, "Ra": 2}),
    (
        {
            "Fn::ForEach::Outer": [
                "X",
                ["a", "b"],
                {"Fn::ForEach::Inner": ["Y", ["1", "2"], {"R${X}${Y}": {"Fn::GetAtt": ["T${X}", "Arn"]}}]},
            ]
        },
        {f"R{x}{y}": {"Fn::GetAtt": [f"T{x}", "Arn"]} for x in "ab" for y in "12"},
    ),
    (
        {
            "Fn::ForEach::Outer": [
                "X",
                ["prod"],
                {"Fn::ForEach::Inner": ["Y", {"Fn::FindInMap": ["M", "${X}", "zones"]}, {"R${X}${Y}": 1}]},
            ]
        },
        {"Rprodx": 1, "Rprody": 1},
    ),
    (
        {"R": {"Properties": {"Fn::ForEach::P": ["X", ["A", "B"], {"Key${X}": "${X}"}]}}},
        {"R": {"Properties": {"KeyA": "A", "KeyB": "B"}}},
    ),
]


@pytest.mark.parametrize(("resources", "expanded"), LOOPS, ids=lambda value: str(value)[:70])
def test_loop(resources: Any, expanded: Any) -> None:
    template = {"Mappings": {"M": {"prod": {"zones": ["x", "y"]}}}, "Resources": resources}
    assert loops(template)["Resources"] == expanded


LOOP_MISTAKES: list[tuple[Any, str]] = [
    ({"Fn::ForEach::L": ["X", ["a"]]}, "Fn::ForEach layout is incorrect"),
    ({"Fn::ForEach::L": [["X"], ["a"], {}]}, "Fn::ForEach layout is incorrect"),
    (
        {"Fn::ForEach::L": ["X", {"Ref": "Env"}, {"R${X}": 1}]},
        "the collection of Fn::ForEach::L must be a list",
    ),
    ({"Fn::ForEach::L": ["X", ["a", "b"], {"R": 1}]}, "the key R appears twice"),
    ({"Fn::ForEach::L-1": ["X", ["a"], {"R${X}": 1}]}, "non alphanumeric"),
    (
        {"Fn::ForEach::L": ["X", {"Ref": "Gone"}, {"R${X}": 1}]},
        "Transform AWS::LanguageExtensions failed with",
    ),
]


@pytest.mark.parametrize(("resources", "message"), LOOP_MISTAKES, ids=str)
def test_loop_mistake(resources: Any, message: str) -> None:
    with pytest.raises(ServiceError) as error:
        loops({"Resources": resources})
    assert message in error.value.message


def test_loops_need_the_transform() -> None:
    with pytest.raises(ServiceError, match="supported only with the transform AWS::LanguageExtensions"):
        expand({"Resources": {"Fn::ForEach::L": ["X", ["a"], {}]}}, scope(), lambda _: {})


def test_an_included_file_stands_in_for_the_call() -> None:
    call = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}
    template = {"Resources": {"R": {"Type": "T", "Properties": call}}}
    found = expand(template, scope(), lambda location: {"From": location})
    assert found.template["Resources"]["R"]["Properties"] == {"From": "s3://b/k"}
    assert not found.extended


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ("AWS::CodeDeployBlueGreen", "does not support this transform"),
        ("Mine", "No transform named Mine found"),
        ({"Name": "AWS::Include", "Parameters": {"Location": "https://x"}}, "not a valid S3 uri"),
    ],
    ids=str,
)
def test_transform_refused(transform: Any, message: str) -> None:
    with pytest.raises(ServiceError) as error:
        expand({"Transform": transform, "Resources": {}}, scope(), lambda _: {})
    assert message in error.value.message
