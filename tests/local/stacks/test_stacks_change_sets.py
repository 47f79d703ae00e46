"""Change sets: what they say of an update before it happens, and the walk of `aws cloudformation deploy`."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import ALL, Stacks

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
BASE: dict[str, Any] = {
    "Parameters": {"Delay": {"Type": "Number", "Default": 1}, "Path": {"Type": "String", "Default": "/a/"}},
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Path": {"Ref": "Path"}, "AssumeRolePolicyDocument": TRUST},
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"DelaySeconds": {"Ref": "Delay"}, "VisibilityTimeout": 5},
        },
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "p",
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sqs:SendMessage",
                            "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
                        }
                    ],
                },
            },
        },
    },
}
# Any attribute of a resource that changes may change: CloudFormation reports it, and finds at execution that it did not.
NOISE = [
    "Modify Policy False Properties",
    "  Properties.PolicyDocument Never Dynamic ResourceAttribute Queue.Arn",
]


def shown(stacks: Stacks, name: str, template: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """The change set of an update of a stack with the base template."""
    stacks.create(name, BASE)
    return described(stacks, name, template, **arguments)


def described(stacks: Stacks, name: str, template: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    given = {
        "StackName": name,
        "ChangeSetName": "cs",
        "TemplateBody": json.dumps(template),
        "Capabilities": ALL,
    }
    stacks.api.create_change_set(**{**given, **arguments})
    found: dict[str, Any] = stacks.api.describe_change_set(StackName=name, ChangeSetName="cs")
    return found


def lines(found: dict[str, Any]) -> list[str]:
    """A change set in short: a line per resource, and one below it per reason."""
    told = []
    for entry in found["Changes"]:
        change = entry["ResourceChange"]
        words = [
            change["Action"],
            change["LogicalResourceId"],
            change.get("Replacement", ""),
            change.get("PolicyAction", ""),
            ",".join(change["Scope"]),
        ]
        told.append(" ".join(filter(None, words)))
        for detail in change["Details"]:
            target = detail["Target"]
            words = [
                f"  {target['Attribute']}.{target['Name']}",
                target["RequiresRecreation"],
                detail["Evaluation"],
                detail["ChangeSource"],
                detail.get("CausingEntity", ""),
            ]
            told.append(" ".join(filter(None, words)))
    return told


def edited(**properties: Any) -> dict[str, Any]:
    """The base template with properties set, as Resource__Property."""
    template = copy.deepcopy(BASE)
    for path, value in properties.items():
        name, _, prop = path.partition("__")
        template["Resources"][name]["Properties"][prop] = value
    return template


def test_a_property_in_place(stacks: Stacks) -> None:
    assert lines(shown(stacks, "cs", edited(Queue__VisibilityTimeout=9))) == [
        "Modify Queue False Properties",
        "  Properties.VisibilityTimeout Never Static DirectModification",
        *NOISE,
    ]


def test_a_parameter(stacks: Stacks) -> None:
    parameters = [{"ParameterKey": "Delay", "ParameterValue": "7"}]
    assert lines(shown(stacks, "cs", BASE, Parameters=parameters)) == [
        "Modify Queue False Properties",
        "  Properties.DelaySeconds Never Static ParameterReference Delay",
        "  Properties.DelaySeconds Never Dynamic DirectModification",
        *NOISE,
    ]


def test_a_replacement_and_what_refers_to_it(stacks: Stacks) -> None:
    parameters = [{"ParameterKey": "Path", "ParameterValue": "/b/"}]
    assert lines(shown(stacks, "cs", BASE, Parameters=parameters)) == [
        "Modify Role True ReplaceAndDelete Properties",
        "  Properties.Path Always Static ParameterReference Path",
        "  Properties.Path Always Dynamic DirectModification",
        "Modify Policy False Properties",
        "  Properties.Roles Never Dynamic ResourceReference Role",
    ]


def test_a_reference_that_may_replace(stacks: Stacks) -> None:
    """What is replaced only if another resource's id changes is replaced conditionally."""
    template: dict[str, Any] = {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"Path": "/a/", "AssumeRolePolicyDocument": TRUST},
            },
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "PrimaryContainer": {"Image": "1.dkr.ecr.eu-west-1.amazonaws.com/x:1"},
                },
            },
        }
    }
    stacks.create("cs", template)
    template["Resources"]["Role"]["Properties"]["Path"] = "/b/"
    assert lines(described(stacks, "cs", template)) == [
        "Modify Role True ReplaceAndDelete Properties",
        "  Properties.Path Always Static DirectModification",
        "Modify Model Conditional Properties",
        "  Properties.ExecutionRoleArn Always Dynamic ResourceAttribute Role.Arn",
    ]


def test_added_and_removed(stacks: Stacks) -> None:
    template = edited()
    del template["Resources"]["Policy"]
    template["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic"}
    template["Resources"]["Queue"]["DeletionPolicy"] = "Retain"
    assert lines(shown(stacks, "cs", template)) == [
        "Modify Queue False DeletionPolicy",
        "Add Topic",
        "Remove Policy Delete",
    ]


def test_tags_of_the_stack(stacks: Stacks) -> None:
    found = shown(stacks, "cs", BASE, Tags=[{"Key": "team", "Value": "red"}])
    assert [line for line in lines(found) if not line.startswith(" ")] == [
        "Modify Role False Tags",
        "Modify Queue False Tags",
        "Modify Policy False Properties",
    ]


def test_values_are_shown_when_asked_for(stacks: Stacks) -> None:
    shown(stacks, "cs", edited(Queue__VisibilityTimeout=9))
    found = stacks.api.describe_change_set(StackName="cs", ChangeSetName="cs", IncludePropertyValues=True)
    change = found["Changes"][0]["ResourceChange"]
    target = change["Details"][0]["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"]) == (
        "/Properties/VisibilityTimeout",
        "5",
        "9",
    )
    assert json.loads(change["AfterContext"])["Properties"]["VisibilityTimeout"] == 9
    assert (
        "BeforeContext"
        not in stacks.api.describe_change_set(StackName="cs", ChangeSetName="cs")["Changes"][0][
            "ResourceChange"
        ]
    )


def test_nothing_to_change(stacks: Stacks) -> None:
    found = shown(stacks, "cs", BASE)
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="cannot be executed in its current status") as error:
        stacks.api.execute_change_set(StackName="cs", ChangeSetName="cs")
    assert error.value.response["Error"]["Code"] == "InvalidChangeSetStatus"


def test_created_reviewed_executed_and_changed(stacks: Stacks) -> None:
    """What `aws cloudformation deploy` does, twice, with its waiters."""
    api = stacks.api
    for number, kind in enumerate(("CREATE", "UPDATE")):
        template = edited(Queue__VisibilityTimeout=number)
        made = api.create_change_set(
            StackName="walk",
            ChangeSetName=f"deploy-{number}",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            Capabilities=ALL,
            Description="walk",
        )
        api.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"])
        if kind == "CREATE":
            assert stacks.status("walk") == "REVIEW_IN_PROGRESS"
            assert stacks.ids("walk") == {}
        api.execute_change_set(ChangeSetName=made["Id"])
        api.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName="walk")
        assert stacks.stack("walk")["ChangeSetId"] == made["Id"]
        assert api.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"] == "EXECUTE_COMPLETE"
    attributes = stacks.client("sqs").get_queue_attributes(
        QueueUrl=stacks.ids("walk")["Queue"], AttributeNames=["All"]
    )
    assert attributes["Attributes"]["VisibilityTimeout"] == "1"


def test_executing_one_change_set_drops_the_others(stacks: Stacks) -> None:
    stacks.create("cs", BASE)
    for number in range(2):
        stacks.api.create_change_set(
            StackName="cs",
            ChangeSetName=f"c{number}",
            TemplateBody=json.dumps(edited(Queue__VisibilityTimeout=number)),
            Capabilities=ALL,
        )
    assert len(stacks.api.list_change_sets(StackName="cs")["Summaries"]) == 2
    stacks.api.execute_change_set(StackName="cs", ChangeSetName="c1")
    with pytest.raises(stacks.api.exceptions.ChangeSetNotFoundException):
        stacks.api.execute_change_set(StackName="cs", ChangeSetName="c0")
    stacks.api.delete_change_set(StackName="cs", ChangeSetName="c0")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ChangeSetType": "CREATE"}, "already exists and cannot be created again"),
        ({"StackName": "none"}, "Stack with id none does not exist"),
        ({"ChangeSetName": "1"}, "Member must satisfy regular expression pattern"),
        ({"ChangeSetType": "IMPORT"}, "does not import existing resources"),
        ({"ChangeSetName": "taken"}, "ChangeSet taken cannot be created as it already exists"),
        (
            {"TemplateBody": '{"Resources": {"Queue": {"Type": "AWS::SNS::Topic"}}}'},
            "Update of resource type is not permitted",
        ),
    ],
)
def test_change_set_refused(stacks: Stacks, arguments: dict[str, str], message: str) -> None:
    stacks.create("cs", BASE)
    given = {
        "StackName": "cs",
        "ChangeSetName": "x",
        "TemplateBody": json.dumps(edited(Queue__VisibilityTimeout=2)),
        "Capabilities": ALL,
    }
    stacks.api.create_change_set(**{**given, "ChangeSetName": "taken"})
    with pytest.raises(ClientError, match=message):
        stacks.api.create_change_set(**{**given, **arguments})
