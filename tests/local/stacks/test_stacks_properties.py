"""Whatever templates follow each other: an update gives what a creation would, a failed one gives what was, and a deletion nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as some

from generator.local import open_state

from .conftest import Stacks

NAMES = ["A", "B", "C", "D"]


@some.composite
def templates(draw: some.DrawFn) -> dict[str, Any]:
    """Queues with delays, some with a name of their own (a change replaces), each referring to earlier ones only."""
    resources: dict[str, Any] = {}
    for name in draw(some.lists(some.sampled_from(NAMES), min_size=1, unique=True)):
        properties: dict[str, Any] = {"DelaySeconds": draw(some.integers(0, 2))}
        if draw(some.booleans()):
            properties["QueueName"] = f"{name}-{draw(some.integers(0, 1))}"
        if draw(some.booleans()) and resources:
            other = draw(some.sampled_from(sorted(resources)))
            properties["Tags"] = [{"Key": "after", "Value": {"Fn::GetAtt": [other, "QueueName"]}}]
        resources[name] = {"Type": "AWS::SQS::Queue", "Properties": properties}
    return {"Resources": resources}


def spoilt(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a resource at its end that its service refuses."""
    bad = {
        "Type": "AWS::IAM::ManagedPolicy",
        "DependsOn": sorted(template["Resources"]),
        "Properties": {"PolicyDocument": {"Statement": "no"}},
    }
    return {"Resources": {**template["Resources"], "Bad": bad}}


def world(stacks: Stacks) -> dict[str, tuple[str, str]]:
    """Delay and reference of every queue there is."""
    sqs = stacks.client("sqs")
    found = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        found[url] = (attributes["DelaySeconds"], tags.get("after", ""))
    return found


def wanted(stacks: Stacks, template: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What the template says, with the physical ids that the stack has."""
    ids = stacks.ids("it")
    assert set(ids) == set(template["Resources"])
    found = {}
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        if "QueueName" in properties:
            assert ids[name].endswith("/" + properties["QueueName"])
        after = properties.get("Tags", [{}])[0].get("Value", {}).get("Fn::GetAtt", [""])[0]
        found[ids[name]] = (str(properties["DelaySeconds"]), ids[after].rsplit("/")[-1] if after else "")
    return found


def _life(first: dict[str, Any], second: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        aws = open_state(Path(folder) / "state")
        stacks = Stacks(aws)
        try:
            assert stacks.create("it", first) == "CREATE_COMPLETE"
            assert world(stacks) == wanted(stacks, first)

            before = world(stacks)
            assert stacks.update("it", spoilt(second)) == "UPDATE_ROLLBACK_COMPLETE"
            assert world(stacks) == before == wanted(stacks, first)

            if first == second:
                with pytest.raises(ClientError, match="No updates are to be performed"):
                    stacks.update("it", second)
            else:
                assert stacks.update("it", second) == "UPDATE_COMPLETE", stacks.reasons("it")
            assert world(stacks) == wanted(stacks, second)
            with pytest.raises(ClientError, match="No updates are to be performed"):
                stacks.update("it", second)

            assert stacks.delete("it") == "DELETE_COMPLETE"
            assert world(stacks) == {}
        finally:
            aws.close()


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(templates(), templates())
def test_life(first: dict[str, Any], second: dict[str, Any]) -> None:
    _life(first, second)


@pytest.mark.proof
@settings(max_examples=300, deadline=None, database=None)
@given(templates(), templates())
def test_many_lives(first: dict[str, Any], second: dict[str, Any]) -> None:
    _life(first, second)
