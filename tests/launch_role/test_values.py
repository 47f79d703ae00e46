"""What a template's values may be: literals, parameters, names of resources, and what only the launch knows."""

from __future__ import annotations

from typing import Any

import pytest

from generator.launch_role.values import Values, is_set, literal_start, references, walk

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Free": {"Type": "String", "Default": "not-a-bound"},
        "Team": {"Type": "String", "AllowedValues": ["red", "blue"]},
        "Many": {"Type": "String", "AllowedValues": [f"team-{n}" for n in range(20)]},
        "Bounded": {"Type": "String", "AllowedPattern": "^sagemaker-[a-z]+$"},
        "Loose": {"Type": "String", "AllowedPattern": "sagemaker-[a-z]+"},
        "SageMakerProjectId": {"Type": "String"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "AllowedPattern": "^/acme/"},
    },
    "Mappings": {
        "Catalog": {"eu-west-1": {"Bucket": "acme-eu"}, "us-east-1": {"Bucket": "acme-us"}},
        "One": {"Key": {"Value": "fixed"}},
    },
    "Resources": {"Thing": {"Type": "AWS::SQS::Queue"}},
}


def patterns(value: Any, region: str = "*") -> tuple[str, ...]:
    values = Values(
        TEMPLATE,
        stack_name="SC-${AWS::AccountId}-pp-*",
        region=region,
        resource=lambda name, attribute: (f"<{name}.{attribute}>",),
    )
    return values.patterns(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", ("plain",)),
        (7, ("7",)),
        (True, ("true",)),
        ({"Ref": "Free"}, ("*",)),
        ({"Ref": "Team"}, ("blue", "red")),
        ({"Ref": "Many"}, ("team-*",)),
        ({"Ref": "Bounded"}, ("sagemaker-*",)),
        ({"Ref": "Loose"}, ("*",)),
        ({"Ref": "SageMakerProjectId"}, ("p-*",)),
        ({"Ref": "Subnets"}, ("subnet-*",)),
        ({"Ref": "Image"}, ("*",)),
        ({"Ref": "AWS::NoValue"}, ()),
        ({"Ref": "AWS::AccountId"}, ("${AWS::AccountId}",)),
        ({"Ref": "AWS::StackName"}, ("SC-${AWS::AccountId}-pp-*",)),
        ({"Ref": "Thing"}, ("<Thing.None>",)),
        ({"Ref": "Nowhere"}, ("*",)),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, ("<Thing.Arn>",)),
        ({"Fn::GetAtt": "Thing.Arn"}, ("<Thing.Arn>",)),
        ({"Fn::Sub": "a-${Team}-${!Literal}"}, ("a-blue-${Literal}", "a-red-${Literal}")),
        ({"Fn::Sub": "${Thing.Arn}/x"}, ("<Thing.Arn>/x",)),
        ({"Fn::Sub": ["${X}-${Free}", {"X": "y"}]}, ("y-*",)),
        ({"Fn::Sub": "${Free}${Free}"}, ("*",)),
        ({"Fn::Join": ["-", ["a", {"Ref": "Team"}]]}, ("a-blue", "a-red")),
        ({"Fn::Join": ["-", {"Ref": "Subnets"}]}, ("*",)),
        ({"Fn::If": ["Cond", "a", {"Ref": "AWS::NoValue"}]}, ("a",)),
        ({"Fn::Select": [1, ["a", "b"]]}, ("b",)),
        ({"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}, ("*",)),
        ({"Fn::FindInMap": ["One", "Key", "Value"]}, ("fixed",)),
        ({"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, "Bucket"]}, ("acme-eu", "acme-us")),
        ({"Fn::FindInMap": ["Missing", "a", "b"]}, ("*",)),
        ({"Fn::ImportValue": "x"}, ("*",)),
        ("{{resolve:ssm:/acme/name}}-x", ("*-x",)),
        ({"a": 1, "b": 2}, ("*",)),
    ],
)
def test_a_value_is_known_as_far_as_the_template_fixes_it(value: Any, expected: tuple[str, ...]) -> None:
    assert patterns(value) == expected


def test_a_single_region_chooses_in_a_mapping() -> None:
    assert patterns({"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, "Bucket"]}, "eu-west-1") == (
        "acme-eu",
    )


def test_many_alternatives_become_one_wildcard() -> None:
    three = {"Fn::Join": ["", [{"Ref": "Team"}] * 4]}
    assert patterns(three) == ("*",)


@pytest.mark.parametrize(
    ("regex", "start"),
    [
        ("^sagemaker-[a-z]+$", "sagemaker-"),
        ("^p-?x", "p"),
        ("^ab*", "a"),
        ("^a+b", "a"),
        ("^a{2}", ""),
        ("^(a|b)", ""),
        ("^a|b", ""),
        ("sagemaker", ""),
        ("^a.b", "a"),
    ],
)
def test_the_start_of_a_pattern_is_what_every_match_begins_with(regex: str, start: str) -> None:
    assert literal_start(regex) == start


def test_what_is_set() -> None:
    assert is_set("x")
    assert is_set(False)
    assert is_set({"Fn::If": ["C", {"Ref": "AWS::NoValue"}, "x"]})
    assert not is_set(None)
    assert not is_set({"Ref": "AWS::NoValue"})
    assert not is_set({"Fn::If": ["C", {"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}]})


def test_a_walk_goes_through_lists_and_branches_but_not_into_other_intrinsics() -> None:
    properties = {
        "A": [{"B": 1}],
        "C": {"Fn::If": ["X", {"D": 2}, {"Ref": "AWS::NoValue"}]},
        "E": {"Fn::Sub": "x"},
        "F": {"Ref": "AWS::NoValue"},
    }
    assert sorted(".".join(path) for path, _ in walk(properties)) == ["A", "A.B", "C", "C.D", "E"]


def test_references_are_found_wherever_they_stand() -> None:
    value = [
        {"Ref": "A"},
        {"X": {"Fn::GetAtt": ["B", "Arn"]}},
        {"Fn::Sub": ["${C}-${D.Arn}-${!E}", {"F": {"Ref": "G"}}]},
        {"Fn::Join": ["", ["x", {"Fn::GetAtt": "H.Arn"}]]},
    ]
    assert set(references(value)) == {"A", "B", "C", "D", "G", "H"}
