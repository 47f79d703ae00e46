"""Permission is asked before every operation on a resource, and what is denied fails it and rolls back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from generator.local.aws import LocalAws
from generator.local.service import Call, Identity
from generator.local.stacks.access import Access, Authorise, Denied
from generator.local.stacks.operation import Operations
from generator.local.stacks.stack import Stack
from generator.local.stacks.wanted import asked

from .conftest import Stacks

ROLE = "arn:aws:iam::123456789012:role/launch"
LAUNCHER = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/launch/it", "AROA:it", ROLE)
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}},
        "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Queue"},
    }
}


class Law:
    """Allows all but one verb on one type, and remembers what it was asked."""

    def __init__(self, verb: str = "", resource_type: str = "") -> None:
        self.denied = (verb, resource_type)
        self.asked: list[Access] = []

    def __call__(self, _call: Call, _identity: Identity) -> Authorise:
        return self._decide

    def _decide(self, access: Access) -> None:
        self.asked.append(access)
        if (access.verb, access.type) == self.denied:
            name = access.properties["TopicName"]
            raise Denied(
                access.identity.arn,
                f"sns:{access.verb.title()}Topic",
                f"arn:aws:sns:{access.region}:{access.identity.account}:{name}",
                "because no identity-based policy allows the action",
            )


def operate(aws: LocalAws, law: Law, work: Callable[[Operations], None]) -> None:
    """One operation as the launcher, under a law."""
    with aws.state.write() as tx:
        call = Call(
            service="cloudformation",
            operation="",
            params={},
            identity=LAUNCHER,
            region="eu-west-1",
            request_id="r",
            now=datetime.now(UTC),
            state=aws.state,
            clients=lambda service, region, _identity: aws.session(region).client(service),  # type: ignore[call-overload]
            weather=aws.app.weather,
            forecast=aws.app.weather.usual,
            _tx=tx,
        )
        work(Operations(call, law))


def create(operations: Operations) -> None:
    stack = Stack(operations.new_id("it"), "it", LAUNCHER.account, "eu-west-1", "CREATE_IN_PROGRESS", 0.0)
    wanted = asked(
        operations.call,
        operations.store,
        {"TemplateBody": json.dumps(TEMPLATE), "Tags": [{"Key": "team", "Value": "red"}]},
    )
    operations.create(operations.prepare(stack, wanted, previous=None), on_failure="ROLLBACK", token="")


def update(operations: Operations) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Queue"]["Properties"]["DelaySeconds"] = 2
    template["Resources"]["Topic"]["Properties"] = {"DisplayName": "two"}
    stack = operations.existing("it")
    wanted = asked(operations.call, operations.store, {"TemplateBody": json.dumps(template)}, stack)
    operations.update(operations.prepare(stack, wanted, previous=stack), stack, token="")


def delete(operations: Operations) -> None:
    operations.delete(operations.existing("it"), retained=[], role="", token="")


def test_every_operation_is_asked_for_with_all_that_is_made(aws: LocalAws) -> None:
    law = Law()
    for work in (create, update, delete):
        operate(aws, law, work)
    assert [(a.verb, a.logical_id) for a in law.asked] == [
        ("create", "Queue"),
        ("create", "Topic"),
        ("update", "Queue"),
        ("update", "Topic"),
        ("delete", "Topic"),
        ("delete", "Queue"),
    ]
    made = law.asked[0]
    assert made.identity.principal == ROLE
    assert made.properties["QueueName"].startswith("it-Queue-")
    assert made.properties["Tags"] == [{"Key": "team", "Value": "red"}]
    assert made.physical_id == ""
    assert law.asked[2].previous["DelaySeconds"] == 1
    assert law.asked[4].physical_id.startswith("arn:aws:sns:")


def test_a_denied_creation_names_action_and_resource_and_rolls_back(aws: LocalAws) -> None:
    operate(aws, Law("create", "AWS::SNS::Topic"), create)
    stacks = Stacks(aws)
    assert stacks.status("it") == "ROLLBACK_COMPLETE"
    assert (
        "assumed-role/launch/it is not authorized to perform: sns:CreateTopic on resource: "
        "arn:aws:sns:eu-west-1:123456789012:it-Topic-"
    ) in stacks.reasons("it")
    assert "HandlerErrorCode: AccessDenied" in stacks.reasons("it")
    assert "QueueUrls" not in stacks.client("sqs").list_queues()
    assert stacks.client("sns").list_topics()["Topics"] == []


def test_a_denied_update_is_rolled_back(aws: LocalAws) -> None:
    operate(aws, Law(), create)
    operate(aws, Law("update", "AWS::SNS::Topic"), update)
    stacks = Stacks(aws)
    assert stacks.status("it") == "UPDATE_ROLLBACK_COMPLETE"
    url = stacks.ids("it")["Queue"]
    attributes = stacks.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "1"


def test_a_denied_deletion_leaves_the_resource_and_what_it_needs(aws: LocalAws) -> None:
    operate(aws, Law(), create)
    operate(aws, Law("delete", "AWS::SNS::Topic"), delete)
    stacks = Stacks(aws)
    assert stacks.status("it") == "DELETE_FAILED"
    assert len(stacks.client("sns").list_topics()["Topics"]) == 1
    assert len(stacks.client("sqs").list_queues()["QueueUrls"]) == 1
    operate(aws, Law(), delete)
    assert stacks.client("sns").list_topics()["Topics"] == []
