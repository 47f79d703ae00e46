"""Which events start a deployment: recorded ones of the model registry against the rule of a built project.

The shapes are of SageMaker's guide (its address stands in the file); the bus, its rule and their matching are the local AWS's,
over the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import open_state
from tests.blueprints.building import build, resources

RECORDED = json.loads((Path(__file__).parent / "events" / "model-packages.json").read_text("utf-8"))["events"]
STARTS = {"approved", "approved-fields-not-told"}
Matching = Callable[[dict[str, Any], dict[str, Any]], bool]
NAMES = {"SageMakerProjectName": "Churn", "SageMakerProjectId": "p-a1b2c3d4e5f6"}


def pattern(title: str = "ModelDeployApprovedRule", **options: Any) -> dict[str, Any]:
    """The pattern of the rule for approvals, in a project of the recorded name and id."""
    template = build("sagemaker-project", **{"repositories": ["deploy"], **options})
    found = resources(template, "AWS::Events::Rule")[title]["Properties"]["EventPattern"]
    text = re.sub(
        r'\{"Fn::Sub": "([^"]*)"\}',
        lambda sub: json.dumps(re.sub(r"\$\{(\w+)\}", lambda name: NAMES[name[1]], sub[1])),
        json.dumps(found),
    )
    resolved: dict[str, Any] = json.loads(text)
    return resolved


@pytest.fixture
def matching(tmp_path: Path) -> Iterator[Matching]:
    """Puts a rule and an event on the bus, and looks whether the event came to the rule's target."""
    aws = open_state(tmp_path / "state")
    session: Any = aws.session("eu-west-1")
    events, sqs = session.client("events"), session.client("sqs")
    queue = sqs.create_queue(QueueName="started")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def came(wanted: dict[str, Any], event: dict[str, Any]) -> bool:
        events.put_rule(Name="approved", EventPattern=json.dumps(wanted))
        events.put_targets(Rule="approved", Targets=[{"Id": "queue", "Arn": arn}])
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Detail": json.dumps(event["detail"]),
        }
        assert not events.put_events(Entries=[entry])["FailedEntryCount"]
        return len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])) == 1

    yield came
    aws.close()


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_deployment_starts_for_a_change_to_approved_in_the_own_group_only(
    name: str, matching: Matching
) -> None:
    assert matching(pattern(), RECORDED[name]) is (name in STARTS)


@pytest.mark.parametrize("model", ["female", "male", "other"])
def test_each_of_several_models_starts_it_and_no_other(model: str, matching: Matching) -> None:
    event = json.loads(json.dumps(RECORDED["approved"]))
    event["detail"]["ModelPackageGroupName"] = f"sagemaker-p-a1b2c3d4e5f6-{model}"
    wanted = pattern(hosting="multi-model", models=["female", "male"])
    assert matching(wanted, event) is (model != "other")


def test_the_rule_would_be_noticed_if_it_asked_for_less(matching: Matching) -> None:
    lax = pattern()
    del lax["detail"]["$or"]
    assert matching(lax, RECORDED["metadata-of-an-approved-version"])
