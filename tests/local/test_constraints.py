"""Constraints: their place, their JSON, and what excludes what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Catalog, code

ROLE = "arn:aws:iam::123456789012:role/launch"
GOOD: dict[str, list[Any]] = {
    "LAUNCH": [
        {"RoleArn": ROLE},
        {"RoleArn": ROLE.replace("launch", "a/path/launch")},
        {"LocalRoleName": "launch"},
    ],
    "NOTIFICATION": [{"NotificationArns": [f"arn:aws:sns:us-east-1:123456789012:t{n}" for n in range(5)]}],
    "RESOURCE_UPDATE": [
        {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}},
        {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "NOT_ALLOWED"}},
    ],
    "STACKSET": [
        {
            "Version": "String",
            "Properties": {
                "AccountList": ["123456789012"],
                "RegionList": ["us-east-1", "us-gov-west-1"],
                "AdminRole": ROLE,
                "ExecutionRole": "AWSCloudFormationStackSetExecutionRole",
            },
        }
    ],
    "TEMPLATE": [
        {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": [["a"], {"Ref": "Size"}]}}]}}},
        {
            "Rules": {
                "R": {
                    "RuleCondition": {"Fn::Equals": [{"Ref": "Size"}, "a"]},
                    "Assertions": [{"Assert": {"Fn::Not": [True]}, "AssertDescription": "why"}],
                }
            }
        },
    ],
}
BAD: dict[str, list[Any]] = {
    "LAUNCH": [
        {},
        {"RoleArn": ROLE, "LocalRoleName": "launch"},
        {"RoleArn": "launch"},
        {"RoleArn": 1},
        {"LocalRoleName": "a/b"},
        {"Role": ROLE},
        [],
        "text",
    ],
    "NOTIFICATION": [
        {},
        {"NotificationArns": []},
        {"NotificationArns": GOOD["NOTIFICATION"][0]["NotificationArns"] * 2},
        {"NotificationArns": ["arn:aws:sqs:us-east-1:123456789012:q"]},
        {"NotificationArns": "arn:aws:sns:us-east-1:123456789012:t"},
    ],
    "RESOURCE_UPDATE": [
        {},
        {"Version": "1.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}},
        {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "allowed"}},
        {"Version": "2.0", "Properties": {}},
        {"Version": "2.0"},
    ],
    "STACKSET": [
        {},
        {"Version": "String", "Properties": {**GOOD["STACKSET"][0]["Properties"], "AccountList": ["1"]}},
        {"Version": "String", "Properties": {**GOOD["STACKSET"][0]["Properties"], "RegionList": ["moon"]}},
        {"Version": "String", "Properties": {**GOOD["STACKSET"][0]["Properties"], "ExecutionRole": ROLE}},
        {"Version": "String", "Properties": {**GOOD["STACKSET"][0]["Properties"], "AdminRole": "launch"}},
    ],
    "TEMPLATE": [
        {},
        {"Rules": {}},
        {"Rules": []},
        {"Rules": {"R": {}}},
        {"Rules": {"R": {"Assertions": []}}},
        {"Rules": {"R": {"Assertions": [{"AssertDescription": "x"}]}}},
        {"Rules": {"R": {"Assertions": [{"Assert": {"Ref": "A"}, "Why": "x"}]}}},
        {"Rules": {"R": {"Condition": {}, "Assertions": [{"Assert": {"Ref": "A"}}]}}},
    ],
}


@pytest.fixture
def place(hub: Catalog) -> dict[str, str]:
    found = {"PortfolioId": hub.portfolio(), "ProductId": hub.product()}
    hub.sc.associate_product_with_portfolio(**found)
    return found


@pytest.mark.parametrize("kind", GOOD)
def test_right_parameters_are_taken_as_they_are(hub: Catalog, place: dict[str, str], kind: str) -> None:
    for parameters in GOOD[kind]:
        text = json.dumps(parameters, indent=1)
        made = hub.sc.create_constraint(Type=kind, Parameters=text, Description="d", **place)
        ident = made["ConstraintDetail"]["ConstraintId"]
        assert made["Status"] == "CREATING"
        found = hub.sc.describe_constraint(Id=ident)
        assert (found["Status"], found["ConstraintParameters"]) == ("AVAILABLE", text)
        assert found["ConstraintDetail"] == {
            "ConstraintId": ident,
            "Type": kind,
            "Description": "d",
            "Owner": hub.account,
            **place,
        }
        listed = hub.sc.list_constraints_for_portfolio(PortfolioId=place["PortfolioId"])["ConstraintDetails"]
        assert listed == [found["ConstraintDetail"]]  # without the parameters
        hub.sc.delete_constraint(Id=ident)


@pytest.mark.parametrize("kind", BAD)
def test_wrong_parameters_are_refused_when_made_and_when_changed(
    hub: Catalog, place: dict[str, str], kind: str
) -> None:
    made = hub.sc.create_constraint(Type=kind, Parameters=json.dumps(GOOD[kind][0]), **place)
    ident = made["ConstraintDetail"]["ConstraintId"]
    for text in [*map(json.dumps, BAD[kind]), "{not json"]:
        for call, where in (
            (hub.sc.create_constraint, {"Type": kind, **place}),
            (hub.sc.update_constraint, {"Id": ident}),
        ):
            with pytest.raises(ClientError, match=f"parameters of a {kind} constraint") as refused:
                call(Parameters=text, **where)
            assert code(refused) == "InvalidParametersException"
    assert hub.sc.describe_constraint(Id=ident)["ConstraintParameters"] == json.dumps(GOOD[kind][0])


def test_a_launch_constraint_is_changed_in_place(hub: Catalog, place: dict[str, str]) -> None:
    make = {"Type": "LAUNCH", "Parameters": json.dumps({"RoleArn": ROLE}), **place}
    ident = hub.sc.create_constraint(**make)["ConstraintDetail"]["ConstraintId"]
    with pytest.raises(ClientError) as second:
        hub.sc.create_constraint(**make)
    assert code(second) == "DuplicateResourceException"
    hub.sc.update_constraint(Id=ident, Parameters='{"LocalRoleName": "launch"}', Description="local")
    found = hub.sc.describe_constraint(Id=ident)
    assert found["ConstraintParameters"] == '{"LocalRoleName": "launch"}'
    assert found["ConstraintDetail"]["Description"] == "local"


@pytest.mark.parametrize("pair", [("LAUNCH", "STACKSET"), ("STACKSET", "LAUNCH")])
def test_launch_and_stack_set_exclude_each_other(
    hub: Catalog, place: dict[str, str], pair: tuple[str, str]
) -> None:
    hub.sc.create_constraint(Type=pair[0], Parameters=json.dumps(GOOD[pair[0]][0]), **place)
    with pytest.raises(ClientError, match="cannot stand beside") as refused:
        hub.sc.create_constraint(Type=pair[1], Parameters=json.dumps(GOOD[pair[1]][0]), **place)
    assert code(refused) == "InvalidParametersException"


def test_a_constraint_needs_the_association(hub: Catalog) -> None:
    portfolio, product = hub.portfolio(), hub.product()
    with pytest.raises(ClientError) as refused:
        hub.sc.create_constraint(
            PortfolioId=portfolio, ProductId=product, Type="LAUNCH", Parameters=json.dumps({"RoleArn": ROLE})
        )
    assert code(refused) == "ResourceNotFoundException"


def test_an_unknown_type_is_refused(hub: Catalog, place: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="is none of") as refused:
        hub.sc.create_constraint(Type="LUNCH", Parameters="{}", **place)
    assert code(refused) == "InvalidParametersException"


def test_constraints_are_listed_by_product(hub: Catalog, place: dict[str, str]) -> None:
    other = hub.product("Other")
    hub.sc.associate_product_with_portfolio(PortfolioId=place["PortfolioId"], ProductId=other)
    for product in (place["ProductId"], other):
        for number in range(3):
            hub.sc.create_constraint(
                PortfolioId=place["PortfolioId"],
                ProductId=product,
                Type="NOTIFICATION",
                Parameters=json.dumps(GOOD["NOTIFICATION"][0]),
                Description=str(number),
            )
    pages = hub.sc.get_paginator("list_constraints_for_portfolio").paginate(
        PortfolioId=place["PortfolioId"], ProductId=other, PaginationConfig={"PageSize": 2}
    )
    assert [[c["Description"] for c in page["ConstraintDetails"]] for page in pages] == [["0", "1"], ["2"]]
