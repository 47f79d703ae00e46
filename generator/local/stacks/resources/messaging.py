"""SNS, SQS and EventBridge: topics, queues, rules, buses and their policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ..intrinsics import text
from .fitting import fit
from .iam import document
from .provider import Made, Request


def _attribute(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (Mapping, list)) else text(value)


class _Tagged:
    """Tags kept level by TagResource and UntagResource."""

    simulated = False
    service = ""
    argument = "ResourceArn"

    def _tag(self, request: Request, arn: str) -> None:
        before = {tag["Key"]: tag["Value"] for tag in request.previous.get(request.kind.tag_property, [])}
        after = {tag["Key"]: tag["Value"] for tag in request.tags()}
        fresh = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
        gone = [key for key in before if key not in after]
        client = request.client(self.service)
        if fresh:
            client.tag_resource(**{self.argument: arn}, Tags=fresh)
        if gone:
            client.untag_resource(**{self.argument: arn}, TagKeys=gone)


class Topic(_Tagged):
    service = "sns"
    # Properties that are attributes of the topic under their own name; the rest are calls of their own.
    attributes: Final = (
        "ContentBasedDeduplication",
        "DisplayName",
        "FifoThroughputScope",
        "FifoTopic",
        "KmsMasterKeyId",
        "SignatureVersion",
        "TracingConfig",
    )

    def create(self, request: Request) -> Made:
        sns, properties = request.client("sns"), request.properties
        given = {name: _attribute(properties[name]) for name in self.attributes if name in properties}
        arn = sns.create_topic(Name=properties["TopicName"], Attributes=given, Tags=request.tags())[
            "TopicArn"
        ]
        self._subscribe(request, arn)
        return Made(arn, {"TopicArn": arn, "TopicName": properties["TopicName"]})

    def update(self, request: Request) -> Made:
        sns, arn = request.client("sns"), request.physical_id
        for name in self.attributes:
            if request.changed(name):
                sns.set_topic_attributes(
                    TopicArn=arn,
                    AttributeName=name,
                    AttributeValue=_attribute(request.properties.get(name, "")),
                )
        if request.changed("Subscription"):
            for subscription in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
                sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            self._subscribe(request, arn)
        self._tag(request, arn)
        return Made(arn, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("sns").delete_topic(TopicArn=request.physical_id)

    def _subscribe(self, request: Request, arn: str) -> None:
        for entry in request.properties.get("Subscription", []):
            request.client("sns").subscribe(
                TopicArn=arn, Protocol=entry["Protocol"], Endpoint=entry["Endpoint"]
            )


class Subscription:
    simulated = False
    attributes: Final = (
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
    )

    def create(self, request: Request) -> Made:
        properties = request.properties
        given = {name: _attribute(properties[name]) for name in self.attributes if name in properties}
        arn = request.client("sns").subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint", ""),
            Attributes=given,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Made(arn, {"Arn": arn})

    def update(self, request: Request) -> Made:
        for name in self.attributes:
            if request.changed(name):
                request.client("sns").set_subscription_attributes(
                    SubscriptionArn=request.physical_id,
                    AttributeName=name,
                    AttributeValue=_attribute(request.properties.get(name, "")),
                )
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("sns").unsubscribe(SubscriptionArn=request.physical_id)


class TopicPolicy:
    simulated = False

    def create(self, request: Request) -> Made:
        for topic in request.properties["Topics"]:
            request.client("sns").set_topic_attributes(
                TopicArn=topic,
                AttributeName="Policy",
                AttributeValue=document(request.properties["PolicyDocument"]),
            )
        physical = request.physical_id or request.name()
        return Made(physical, {"Id": physical})

    def update(self, request: Request) -> Made:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """A topic cannot be without a policy; the handler leaves the owner's default behind."""
        account = request.place.account
        for topic in request.properties["Topics"]:
            statement = {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe"],
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
            }
            request.client("sns").set_topic_attributes(
                TopicArn=topic,
                AttributeName="Policy",
                AttributeValue=json.dumps(
                    {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
                ),
            )


class Queue:
    simulated = False
    attributes: Final = (
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    )
    # What SQS sets when a property is taken away.
    defaults: Final[Mapping[str, str]] = {
        "DelaySeconds": "0",
        "MaximumMessageSize": "262144",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
    }

    def create(self, request: Request) -> Made:
        name = request.properties["QueueName"]
        given = {
            key: _attribute(request.properties[key]) for key in self.attributes if key in request.properties
        }
        tags = {tag["Key"]: tag["Value"] for tag in request.tags()}
        url = request.client("sqs").create_queue(QueueName=name, Attributes=given, tags=tags)["QueueUrl"]
        return Made(url, {"Arn": request.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(self, request: Request) -> Made:
        sqs, url = request.client("sqs"), request.physical_id
        changed = {
            name: _attribute(request.properties.get(name, self.defaults.get(name, "")))
            for name in self.attributes
            if request.changed(name)
        }
        if changed:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        before = {tag["Key"]: tag["Value"] for tag in request.previous.get(request.kind.tag_property, [])}
        after = {tag["Key"]: tag["Value"] for tag in request.tags()}
        if before != after:
            if gone := [key for key in before if key not in after]:
                sqs.untag_queue(QueueUrl=url, TagKeys=gone)
            if after:
                sqs.tag_queue(QueueUrl=url, Tags=after)
        return Made(url, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("sqs").delete_queue(QueueUrl=request.physical_id)


class QueuePolicy:
    simulated = False

    def create(self, request: Request) -> Made:
        self._put(request, document(request.properties["PolicyDocument"]))
        physical = request.physical_id or request.name()
        return Made(physical, {"Id": physical})

    def update(self, request: Request) -> Made:
        return self.create(request)

    def delete(self, request: Request) -> None:
        self._put(request, "")

    def _put(self, request: Request, policy: str) -> None:
        for queue in request.properties["Queues"]:
            request.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


class EventBus(_Tagged):
    service = "events"
    argument = "ResourceARN"

    def create(self, request: Request) -> Made:
        events = request.client("events")
        name = request.properties["Name"]
        shape = events.meta.service_model.operation_model("CreateEventBus").input_shape
        arguments = fit({k: v for k, v in request.properties.items() if k != "Policy"}, shape)
        arn = events.create_event_bus(**arguments)["EventBusArn"]
        if "Policy" in request.properties:
            events.put_permission(EventBusName=name, Policy=document(request.properties["Policy"]))
        return Made(name, {"Arn": arn, "Name": name})

    def update(self, request: Request) -> Made:
        if request.changed("Policy") and "Policy" in request.properties:
            request.client("events").put_permission(
                EventBusName=request.physical_id, Policy=document(request.properties["Policy"])
            )
        self._tag(request, request.attributes["Arn"])
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("events").delete_event_bus(Name=request.physical_id)


class EventBusPolicy:
    simulated = False

    def create(self, request: Request) -> Made:
        properties = request.properties
        statement = properties.get("Statement")
        shape = request.client("events").meta.service_model.operation_model("PutPermission").input_shape
        arguments = fit({k: v for k, v in properties.items() if k != "Statement"}, shape)
        if statement is not None:
            whole = {"Version": "2012-10-17", "Statement": [{"Sid": properties["StatementId"], **statement}]}
            arguments = {"EventBusName": properties.get("EventBusName", "default"), "Policy": document(whole)}
        request.client("events").put_permission(**arguments)
        return Made(f"{properties.get('EventBusName', 'default')}|{properties['StatementId']}")

    def update(self, request: Request) -> Made:
        return self.create(request)

    def delete(self, request: Request) -> None:
        bus, statement = request.physical_id.split("|")
        request.client("events").remove_permission(EventBusName=bus, StatementId=statement)


class Rule:
    """A rule and its targets, which are calls of their own."""

    simulated = False

    def create(self, request: Request) -> Made:
        properties, events = request.properties, request.client("events")
        shape = events.meta.service_model.operation_model("PutRule").input_shape
        arn = events.put_rule(**fit({k: v for k, v in properties.items() if k != "Targets"}, shape))[
            "RuleArn"
        ]
        self._targets(request)
        bus = properties.get("EventBusName", "default")
        name = properties["Name"]
        # Ref gives the bus as well, unless it is the default one.
        return Made(name if bus == "default" else f"{bus.rsplit('/', 1)[-1]}|{name}", {"Arn": arn})

    def update(self, request: Request) -> Made:
        return Made(request.physical_id, self.create(request).attributes)

    def delete(self, request: Request) -> None:
        self._remove(request, [target["Id"] for target in request.properties.get("Targets", [])])
        request.client("events").delete_rule(Name=request.properties["Name"], **self._bus(request))

    def _targets(self, request: Request) -> None:
        events = request.client("events")
        targets = request.properties.get("Targets", [])
        kept = {target["Id"] for target in targets}
        self._remove(request, [t["Id"] for t in request.previous.get("Targets", []) if t["Id"] not in kept])
        if targets:
            shape = events.meta.service_model.operation_model("PutTargets").input_shape
            events.put_targets(
                Rule=request.properties["Name"], **self._bus(request), **fit({"Targets": targets}, shape)
            )

    def _remove(self, request: Request, ids: list[str]) -> None:
        if ids:
            request.client("events").remove_targets(
                Rule=request.properties["Name"], Ids=ids, **self._bus(request)
            )

    def _bus(self, request: Request) -> dict[str, str]:
        bus = request.properties.get("EventBusName")
        return {"EventBusName": bus} if bus else {}
