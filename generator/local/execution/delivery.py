"""Things delivered: to queues, topics, buses and functions, each under the identity of who sends them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from generator.local.execution import functions
from generator.local.execution.role import RoleRefused, assume
from generator.local.service import ServiceError

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner

log = logging.getLogger("catalog.local")


def dead_letter(
    runner: Runner,
    function: functions.Function,
    event: Any,
    request: str,
    failure: functions.Invocation | ServiceError,
) -> None:
    """An event that was given up, where the function's failures go: a queue or a topic, as its role."""
    arn = function.failures
    message = failure.payload if isinstance(failure, functions.Invocation) else failure.message
    try:
        session = assume(runner.state, runner.clients, function.role, "lambda.amazonaws.com", function.name)
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": request},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": message[:1024]},
        }
        if arn.split(":")[2] == "sns":
            client = runner.clients("sns", arn.split(":")[3], session.identity)
            client.publish(TopicArn=arn, Message=json.dumps(event), MessageAttributes=attributes)
        else:
            client = runner.clients("sqs", arn.split(":")[3], session.identity)
            client.send_message(
                QueueUrl=queue_url(client, arn), MessageBody=json.dumps(event), MessageAttributes=attributes
            )
    except (ClientError, RoleRefused) as error:
        log.warning("%s cannot keep what failed at %s: %s", function.name, arn, error)


def queue_url(client: Any, arn: str) -> str:
    """The URL of the queue with an ARN."""
    *_, account, name = arn.split(":")
    found: str = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return found
