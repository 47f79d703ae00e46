"""What EventBridge's rules, buses and destinations need, reviewed by hand. Owns facts only."""

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

BUS_POLICY = Reviewed(
    "AWS::Events::EventBusPolicy",
    "arn:{partition}:events:{region}:{account}:event-bus/{EventBusName|default}",
    _PAGE,
    (
        # Who may give a bus away may give any bus away: the calls have no resource level.
        Call("events:PutPermission", "cu", "*"),
        Call("events:DescribeEventBus", "r"),
        Call("events:RemovePermission", "d", "*"),
    ),
    tags="",
)

API_DESTINATION = Reviewed(
    "AWS::Events::ApiDestination",
    "arn:{partition}:events:{region}:{account}:api-destination/{name}",
    _PAGE,
    (
        Call("events:CreateApiDestination", "c"),
        Call("events:CreateApiDestination", "c", "{ConnectionArn}"),
        Call("events:DescribeApiDestination", "crd"),
        Call("events:UpdateApiDestination", "u"),
        Call("events:DeleteApiDestination", "d"),
    ),
    name="Name",
    tags="",
)

_DESTINATIONS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"
_SECRETS = "arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/{name}/*"


def _secret(action: str, at: str) -> Call:
    """What a connection authorises itself with is a secret of its own, made as the caller."""
    return Call(f"secretsmanager:{action}", at, _SECRETS, when=("AuthParameters",), source=_DESTINATIONS)


CONNECTION = Reviewed(
    "AWS::Events::Connection",
    "arn:{partition}:events:{region}:{account}:connection/{name}",
    _PAGE,
    (
        Call("events:CreateConnection", "c"),
        _secret("CreateSecret", "c"),
        _secret("GetSecretValue", "cu"),
        _secret("PutSecretValue", "cu"),
        _secret("UpdateSecret", "u"),
        _secret("DeleteSecret", "d"),
        Call(
            "iam:CreateServiceLinkedRole",
            "c",
            "arn:{partition}:iam::{account}:role/aws-service-role/apidestinations.events.amazonaws.com/"
            "AWSServiceRoleForAmazonEventBridgeApiDestinations",
            keys={"iam:AWSServiceName": "apidestinations.events.amazonaws.com"},
            source=_DESTINATIONS,
        ),
        Call("events:DescribeConnection", "crud"),
        Call("events:UpdateConnection", "u"),
        Call("events:DeleteConnection", "d"),
    ),
    name="Name",
    tags="",
)

TYPES = (RULE, BUS, BUS_POLICY, API_DESTINATION, CONNECTION)
