"""What EventBridge rules and buses need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, passes, tags_by

_PAGE = authorization("amazoneventbridge")
_SERVICE = "events.amazonaws.com"
_KEYS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html"
_TAGS = tags_by("events:TagResource", "events:UntagResource", lists="events:ListTagsForResource")


def _bus(properties: Mapping[str, Any]) -> str:
    """On a bus of one's own the rule's ARN has the bus before the name."""
    bus = str(properties.get("EventBusName", "default")).rpartition("/")[2]
    return "" if bus == "default" else f"{bus}/"


RULE = Reviewed(
    "AWS::Events::Rule",
    "arn:{partition}:events:{region}:{account}:rule/{bus}{name}",
    _PAGE,
    (
        Call("events:PutRule", "c", tagging="sends"),
        Call(
            "events:PutRule",
            "u",
            changed=("Description", "EventPattern", "RoleArn", "ScheduleExpression", "State"),
        ),
        Call("events:DescribeRule", "crud"),
        Call("events:PutTargets", "cu", when=("Targets",), changed=("Targets",)),
        Call("events:RemoveTargets", "u", each="Targets[].Id", delta="went", changed=("Targets",)),
        Call("events:ListTargetsByRule", "rd"),
        Call("events:RemoveTargets", "d", when=("Targets",)),
        Call("events:DeleteRule", "d"),
        passes("RoleArn", _SERVICE, "cu", changed=("RoleArn",)),
        passes("Targets[].RoleArn", _SERVICE, "cu", changed=("Targets",)),
        *_TAGS,
    ),
    name="Name",
    parts={"bus": _bus},
)

BUS = Reviewed(
    "AWS::Events::EventBus",
    "arn:{partition}:events:{region}:{account}:event-bus/{name}",
    _PAGE,
    (
        Call("events:CreateEventBus", "c", tagging="sends"),
        Call("events:DescribeEventBus", "crud"),
        Call(
            "events:UpdateEventBus",
            "u",
            changed=("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig"),
        ),
        Call("events:PutPermission", "cu", "*", when=("Policy",), changed=("Policy",)),
        Call("events:RemovePermission", "u", "*", when=("!Policy",), changed=("Policy",)),
        Call(
            "kms:DescribeKey",
            "cu",
            "{each}",
            each="KmsKeyIdentifier",
            to=key_arn,
            changed=("KmsKeyIdentifier",),
            source=_KEYS,
        ),
        Call("events:DeleteEventBus", "d"),
        *_TAGS,
    ),
    name="Name",
)

TYPES = (RULE, BUS)
