"""Targets of rules: each kind with the call that it takes and the permission that lets EventBridge make it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from generator.local import iam
from generator.local.attached import Attached
from generator.local.execution import functions, invocations
from generator.local.execution.delivery import queue_url
from generator.local.execution.role import RoleRefused, acting
from generator.local.execution.transformer import shown
from generator.local.identity import administrator
from generator.local.service import Call, ServiceError

log = logging.getLogger("catalog.local")
EVENTS = "events.amazonaws.com"


class Undelivered(Exception):
    """A target that cannot be given an event, with the reason."""


def deliver(call: Call, account: str, rule: str, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Give a target its share of an event; what fails goes to the target's dead-letter queue, and into the log."""
    arn = target["Arn"]
    text = shown(target, event, rule)
    try:
        _send(call, account, rule, target, text)
    except (Undelivered, ServiceError, ClientError) as error:
        reason = error.response["Error"].get("Message", "") if isinstance(error, ClientError) else str(error)
        log.warning("rule %s could not deliver to %s: %s", rule.rpartition("/")[2], arn, reason)
        queue = target.get("DeadLetterConfig", {}).get("Arn", "")
        if queue:
            _keep(call, account, rule, target, text, queue, reason)


def _send(call: Call, account: str, rule: str, target: Mapping[str, Any], text: str) -> None:
    arn = str(target["Arn"])
    service, region = arn.split(":")[2:4]
    client = call.client(
        service if service != "states" else "stepfunctions", region=region, identity=administrator(account)
    )
    match service:
        case "lambda":
            _invoke(call, rule, arn, json.loads(text))
        case "sqs":
            url = _open_queue(client, arn, rule)
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            client.send_message(
                QueueUrl=url, MessageBody=text, **({"MessageGroupId": group} if group else {})
            )
        case "sns":
            policy = client.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy")
            _permit(policy, "sns:Publish", arn, rule)
            client.publish(TopicArn=arn, Message=text)
        case "codepipeline":
            _act(call, target, "codepipeline:StartPipelineExecution")
            client.start_pipeline_execution(name=arn.rpartition(":")[2])
        case "states":
            _act(call, target, "states:StartExecution")
            client.start_execution(stateMachineArn=arn, input=text)
        case "logs":
            _log(client, arn, text)
        case _:
            raise Undelivered(f"the local AWS delivers nothing to {service}")


def _invoke(call: Call, rule: str, arn: str, event: Any) -> None:
    """A function, aside and again, as events are; only where code is run."""
    runner = call.runner
    if runner is None:
        log.info("%s would run for %s: --run-code", arn, rule)
        return
    region, account = arn.split(":")[3:5]
    function = functions.find(runner, account, region, arn)
    client = call.client("lambda", region=region, identity=administrator(account))
    try:
        policy = client.get_policy(FunctionName=function.name)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        policy = None
    _permit(policy, "lambda:InvokeFunction", function.arn, rule)
    call.state.after_commit(lambda: invocations.send(runner, function, event))


def _permit(policy: str | None, action: str, resource: str, rule: str) -> None:
    """Raises Undelivered where the target's own policy does not let the rule in."""
    context = {"aws:SourceArn": rule, "aws:SourceAccount": rule.split(":")[4]}
    request = iam.Request(iam.Caller.service(EVENTS), action, resource, context)
    try:
        policies = iam.Policies.of(identity=[], resource=policy or None)
    except iam.MalformedPolicy as error:
        raise Undelivered(f"its policy is malformed: {error}") from error
    if not policy or not iam.evaluate(request, policies).allowed:
        raise Undelivered(f"its policy does not let {EVENTS} do {action} for {rule}")


def _act(call: Call, target: Mapping[str, Any], action: str) -> None:
    """Do it as the target's role; raises Undelivered where there is none, or it lets EventBridge not in or not do that."""
    role = target.get("RoleArn", "")
    if not role:
        raise Undelivered("this target needs a RoleArn")
    try:
        attached = Attached(call, acting(call.clients, role, EVENTS, "events"))
        decision = iam.evaluate(iam.Request(attached.caller, action, target["Arn"]), attached.policies())
    except (RoleRefused, iam.MalformedPolicy) as error:
        raise Undelivered(str(error)) from error
    if not decision.allowed:
        raise Undelivered(iam.message(decision))


def _log(client: Any, arn: str, text: str) -> None:
    group = arn.split(":", 6)[6].removesuffix(":*")
    functions.write_lines(client, group, "events", text)


def _keep(
    call: Call, account: str, rule: str, target: Mapping[str, Any], text: str, queue: str, reason: str
) -> None:
    client = call.client("sqs", region=queue.split(":")[3], identity=administrator(account))
    said = {
        "RULE_ARN": rule,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": reason,
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in said.items()}
    try:
        url = _open_queue(client, queue, rule)
        client.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)
    except (Undelivered, ClientError) as error:
        log.warning("the dead-letter queue %s takes nothing: %s", queue, error)


def _open_queue(client: Any, arn: str, rule: str) -> str:
    """The URL of a queue whose policy lets the rule in; raises Undelivered."""
    url = queue_url(client, arn)
    asked = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    _permit(asked.get("Attributes", {}).get("Policy"), "sqs:SendMessage", arn, rule)
    return url
