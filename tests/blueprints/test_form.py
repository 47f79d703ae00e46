"""The launch form: nothing is asked without an explanation, and both consoles are told how to show it."""

from __future__ import annotations

import re

import pytest
from troposphere import Template

from blueprints.parts import form


def asked(**changes: object) -> Template:
    template = Template()
    arguments: dict[str, object] = {
        "group": "Network",
        "label": "Subnet",
        "description": "Where the notebook runs.",
    }
    form.ask(template, "Subnet", **(arguments | changes))  # type: ignore[arg-type]  # the cases vary one by one
    return template


def test_a_parameter_stands_in_its_group_under_its_label() -> None:
    template = asked(type="AWS::EC2::Subnet::Id")
    form.ask(template, "Name", group="Notebook", label="Name", description="What to call it.", default="work")
    form.ask(
        template,
        "Vpc",
        group="Network",
        label="VPC",
        description="The subnet's VPC.",
        type="AWS::EC2::VPC::Id",
    )
    written = template.to_dict()
    assert written["Metadata"] == {
        "AWS::CloudFormation::Interface": {
            "ParameterGroups": [
                {"Label": {"default": "Network"}, "Parameters": ["Subnet", "Vpc"]},
                {"Label": {"default": "Notebook"}, "Parameters": ["Name"]},
            ],
            "ParameterLabels": {
                "Subnet": {"default": "Subnet"},
                "Name": {"default": "Name"},
                "Vpc": {"default": "VPC"},
            },
        }
    }
    assert written["Parameters"]["Subnet"] == {
        "Type": "AWS::EC2::Subnet::Id",
        "Description": "Where the notebook runs.",
    }
    assert written["Parameters"]["Name"]["Default"] == "work"


def test_every_limit_reaches_the_template_with_its_explanation() -> None:
    text = asked(pattern="^[a-z]+$", length=(1, 8), constraint="Small letters, at most eight.", secret=True)
    assert text.to_dict()["Parameters"]["Subnet"] == {
        "Type": "String",
        "Description": "Where the notebook runs.",
        "AllowedPattern": "^[a-z]+$",
        "MinLength": 1,
        "MaxLength": 8,
        "ConstraintDescription": "Small letters, at most eight.",
        "NoEcho": True,
    }
    number = asked(type="Number", value=(5, 100), default=20, constraint="5 to 100.")
    assert number.to_dict()["Parameters"]["Subnet"] == {
        "Type": "Number",
        "Description": "Where the notebook runs.",
        "Default": 20,
        "MinValue": 5,
        "MaxValue": 100,
        "ConstraintDescription": "5 to 100.",
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pattern": "^x$"}, "limit without a constraint"),
        ({"length": (1, 2)}, "limit without a constraint"),
        ({"type": "Number", "value": (1, 2)}, "limit without a constraint"),
        ({"label": " "}, "empty label"),
        ({"description": ""}, "empty description"),
        ({"group": ""}, "empty group"),
        ({"allowed": ["a", "b"], "default": "c"}, "defaults to 'c', which it does not allow"),
    ],
)
def test_what_would_read_badly_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        asked(**changes)


def test_two_parts_may_ask_the_same_question_but_not_two_questions_under_one_name() -> None:
    template = asked()
    again = {"group": "Network", "label": "Subnet", "description": "Where the notebook runs."}
    form.ask(template, "Subnet", **again)  # type: ignore[arg-type]  # plain texts
    assert template.metadata[form.INTERFACE]["ParameterGroups"][0]["Parameters"] == ["Subnet"]
    with pytest.raises(ValueError, match="asked for twice, in different words"):
        form.ask(template, "Subnet", **(again | {"description": "Something else."}))  # type: ignore[arg-type]  # plain texts


def test_conditions_on_optional_parameters() -> None:
    template = asked(default="")
    assert form.given(template, "Subnet") == "SubnetGiven"
    assert form.given(template, "Subnet") == "SubnetGiven"
    form.ask(
        template,
        "Buckets",
        group="Access",
        label="Buckets",
        description="Which to read.",
        type="CommaDelimitedList",
        default="",
    )
    form.given(template, "Buckets")
    assert template.to_dict()["Conditions"] == {
        "SubnetGiven": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Subnet"}, ""]}]},
        "BucketsGiven": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Buckets"}]}, ""]}]},
    }


def test_studio_may_leave_alone_what_has_a_default() -> None:
    template = asked(default="")
    for name in sorted(form.STUDIO_OWN):
        form.ask(template, name, group="Project", label=name, description="Filled in by Studio.", default="x")
    form.ask(template, "Branch", group="Git", label="Branch", description="The branch to build.")
    form.studio_rules(template)
    assert template.metadata[form.STUDIO_RULES] == {"Subnet": {"Optional": True}}


def test_no_rules_where_everything_must_be_answered() -> None:
    template = asked()
    form.studio_rules(template)
    assert form.STUDIO_RULES not in template.metadata


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (
            form.KMS_KEY_ARN,
            "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "alias/mine",
        ),
        (form.SNS_TOPIC_ARN, "arn:aws:sns:eu-west-1:111122223333:alarms", "alarms"),
        (form.BUCKET_NAME, "acme-data.raw", "Acme_Data"),
        (form.or_empty(form.BUCKET_NAME), "", " "),
    ],
)
def test_patterns(pattern: str, good: str, bad: str) -> None:
    assert re.search(pattern, good)
    assert not re.search(pattern, bad)
