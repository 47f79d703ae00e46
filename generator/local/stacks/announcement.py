"""A stack's events told to its SNS topics, in CloudFormation's own notation of lines."""

from __future__ import annotations

from datetime import UTC, datetime

from generator.local.service import Call

from .stack import Event, Stack


def announce(call: Call, stack: Stack, event: Event) -> None:
    """Every event goes to the stack's SNS topics, in CloudFormation's own notation of lines."""
    for topic in stack.notifications:
        lines = {
            "StackId": stack.id,
            "Timestamp": datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "EventId": event.id,
            "LogicalResourceId": event.logical_id,
            "Namespace": stack.account,
            "PhysicalResourceId": event.physical_id,
            "ResourceProperties": event.properties or "null",
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ResourceType": event.type,
            "StackName": stack.name,
            "ClientRequestToken": event.client_token or "null",
        }
        text = "".join(f"{name}='{value}'\n" for name, value in lines.items())
        region = topic.split(":")[3]
        sns = call.client("sns", region=region)
        sns.publish(TopicArn=topic, Subject="AWS CloudFormation Notification", Message=text)
