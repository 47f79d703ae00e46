"""Word of failed pipelines: the rule of a stack, told on its bus, and a topic that takes it or does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws, open_state
from tests.blueprints.building import build, resources
from tests.blueprints.test_project_events import PIPELINES
from tests.blueprints.test_project_stages import archive, parameters
from tests.launching.test_approvals import happened, tell

REGION = "us-east-1"
NAME, ID = "Churn", "p-a1b2c3d4e5f6"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sns:Publish",
            "Resource": TOPIC,
        }
    ],
}


def test_without_a_topic_nothing_is_there_for_it() -> None:
    template = build("sagemaker-project", "mlops", repositories=["build", "deploy"])
    conditional = {
        title for title, one in template["Resources"].items() if one.get("Condition") == "AlarmTopicArnGiven"
    }
    assert conditional == {
        "PipelineFailuresDeadLetters",
        "PipelineFailuresDeadLettersAlarm",
        "PipelineFailuresDeadLettersPolicy",
        "PipelineFailuresRule",
    }
    assert template["Parameters"]["AlarmTopicArn"]["Default"] == ""


@pytest.mark.parametrize(
    "options", [{}, {"ci": "jenkins"}, {"ci": "jenkins", "repositories": ["deploy"]}], ids=str
)
def test_nothing_is_told_where_nothing_is_staged_or_jenkins_tells(options: dict[str, Any]) -> None:
    template = build("sagemaker-project", "mlops", **options)
    assert "PipelineFailuresRule" not in resources(template, "AWS::Events::Rule")


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    """An account with a project in it, and a topic that a queue listens to."""
    opened = open_state(tmp_path / "state")
    session: Any = opened.session(REGION)
    sns, sqs, s3 = (session.client(service) for service in ("sns", "sqs", "s3"))
    sns.create_topic(Name="alarms")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=attributes["QueueArn"])
    template = build("sagemaker-project", "mlops", pipelines="promoted")
    template["Mappings"] = {"Catalog": {REGION: {"AssetBucket": "assets"}}}
    s3.create_bucket(Bucket="assets")
    for key in set(re.findall(r"assets/[a-z-]+/[0-9a-f]{64}\.zip", json.dumps(template))):
        s3.put_object(Bucket="assets", Key=key, Body=archive())
    cloudformation = session.client("cloudformation")
    cloudformation.create_stack(
        StackName="project",
        TemplateBody=json.dumps(template),
        Parameters=parameters(
            {"SageMakerProjectName": NAME, "SageMakerProjectId": ID, "AlarmTopicArn": TOPIC}
        ),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    status = cloudformation.describe_stacks(StackName="project")["Stacks"][0]["StackStatus"]
    assert status == "CREATE_COMPLETE"
    yield opened
    opened.close()


def received(aws: LocalAws, queue: str) -> list[str]:
    session: Any = aws.session(REGION)
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return [
        one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


@pytest.mark.parametrize("open_", [True, False], ids=["open", "closed"])
def test_a_failure_is_told_once_or_is_a_dead_letter(aws: LocalAws, open_: bool) -> None:
    if open_:
        session: Any = aws.session(REGION)
        session.client("sns").set_topic_attributes(
            TopicArn=TOPIC, AttributeName="Policy", AttributeValue=json.dumps(POLICY)
        )
    for event in PIPELINES.values():
        tell(aws, happened(event))
    heard = [json.loads(body)["Message"] for body in received(aws, "heard")]
    lost = received(aws, f"sagemaker-{NAME}-{ID}-failures-failed")
    said = (
        f"SageMaker project {NAME} in {REGION}: pipeline sagemaker-{NAME}-{ID}-model-build failed in execution "
        "12345678-1234-5678-abcd-12345678abcd."
    )
    assert [text.strip('"') for text in heard] == ([said] if open_ else [])
    assert len(lost) == (0 if open_ else 1)
