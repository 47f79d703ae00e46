"""Dead letters: where events and messages end up that a function failed on again and again, and the alarm that sees them.

Owns the queues, their alarm and the question whom it tells. Somebody reads a dead letter, mends what it is about, and sends
it again; that is for people.
"""

from __future__ import annotations

from typing import Any

from troposphere import If, NoValue, Ref, Sub, cloudwatch, sqs

from .access import Statement, allow, arn
from .encryption import Encryption
from .form import SNS_TOPIC_ARN, ask, given, or_empty
from .project import PREFIX, PROJECT_ID, Project

GROUP = "Alarms"
FAILED = "-failed"  # how the names of their queues end
EVENTBRIDGE = {"Service": "events.amazonaws.com"}
KEPT_SECONDS = 14 * 24 * 3600  # the longest there is


def queue(
    project: Project,
    encryption: Encryption,
    *,
    title: str,
    suffix: str,
    ordered: bool = False,
    **properties: Any,
) -> sqs.Queue:
    """An encrypted queue of the project."""
    if ordered:
        properties["FifoQueue"] = True
    if encryption.key_arn:
        properties |= {"KmsMasterKeyId": encryption.key_arn, "KmsDataKeyReusePeriodSeconds": 3600}
    else:
        properties["SqsManagedSseEnabled"] = True
    return project.add(
        sqs.Queue(
            title,
            QueueName=project.named(f"{suffix}.fifo" if ordered else suffix, limit=80),
            **properties,
            # Messages are word of what the repositories and the registry hold; nothing is lost with them.
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )


def dead_letters(
    project: Project, encryption: Encryption, *, title: str, suffix: str, about: str, ordered: bool = False
) -> sqs.Queue:
    """A queue for what could not be done, and an alarm as soon as one is in it; `about` ends its sentence."""
    made = queue(
        project,
        encryption,
        title=f"{title}DeadLetters",
        suffix=f"{suffix}{FAILED}",
        ordered=ordered,
        MessageRetentionPeriod=KEPT_SECONDS,
    )
    topic = alarm_topic(project)
    told = If(given(project.template, topic.data["Ref"]), [topic], NoValue)
    project.add(
        cloudwatch.Alarm(
            f"{title}DeadLettersAlarm",
            AlarmName=project.named(f"{suffix}{FAILED}", limit=255),
            AlarmDescription=Sub(f"SageMaker project ${{SageMakerProjectName}}: {about}"),
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[cloudwatch.MetricDimension(Name="QueueName", Value=made.get_att("QueueName"))],
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=told,
            OKActions=told,
        )
    )
    return made


def alarm_topic(project: Project) -> Ref:
    """Ask whom all alarms of a project tell."""
    return ask(
        project.template,
        "AlarmTopicArn",
        group=GROUP,
        label="Alarm topic",
        description=(
            "ARN of the SNS topic that is told when something failed or could not be started; its policy lets CloudWatch and "
            "EventBridge publish. None if empty."
        ),
        default="",
        pattern=or_empty(SNS_TOPIC_ARN),
        constraint="The ARN of an SNS topic, or nothing.",
    )


def of_rule(project: Project, queue: sqs.Queue) -> None:
    """Open a queue of dead letters to EventBridge, which puts them there as itself and not as the rule's role."""
    project.add(
        sqs.QueuePolicy(
            f"{queue.title}Policy",
            Queues=[queue.ref()],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": EVENTBRIDGE,
                        "Action": "sqs:SendMessage",
                        "Resource": queue.get_att("Arn"),
                        "Condition": {
                            "ArnLike": {"aws:SourceArn": arn("events", f"rule/{PREFIX}*${{{PROJECT_ID}}}-*")}
                        },
                    }
                ],
            },
        )
    )


def of_key() -> Statement:
    """For the policy of the key that encrypts such a queue."""
    return {
        "Sid": "DeadLettersOfRules",
        "Effect": "Allow",
        "Principal": EVENTBRIDGE,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:sqs:arn": arn("sqs", f"{PREFIX}*${{{PROJECT_ID}}}-*{FAILED}")
            }
        },
    }


def send(queue: sqs.Queue, encryption: Encryption) -> list[Statement]:
    """To put something into a queue."""
    return [allow(["sqs:SendMessage"], [queue.get_att("Arn")]), *encryption.use()]
