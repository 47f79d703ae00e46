"""Word of pipelines that fail: an event rule that tells the alarm topic of every failed execution.

Owns the rule. The topic is the user's, and so is its policy; what the topic does not take is a dead letter, whose alarm tells
it by way of CloudWatch. Who stops an execution, or pushes over it, knows of it already. It is for projects with stages: who
pushes to a repository that only trains looks at what comes of it.
"""

from __future__ import annotations

from troposphere import Sub, cloudwatch, codepipeline, events

from . import dead_letters
from .dead_letters import alarm_topic
from .encryption import Encryption
from .form import given
from .project import Project

TITLE, SUFFIX = "PipelineFailures", "failures"


def tell_failures(project: Project, encryption: Encryption) -> events.Rule:
    """Tell of the pipelines that were made, where somebody is to be told."""
    pipelines = [one for one in project.template.resources.values() if isinstance(one, codepipeline.Pipeline)]
    topic = alarm_topic(project)
    told = given(project.template, topic.data["Ref"])
    before = set(project.template.resources)
    letters = dead_letters.dead_letters(
        project,
        encryption,
        title=TITLE,
        suffix=SUFFIX,
        about="the alarm topic did not take word of a failed pipeline; its policy must let EventBridge publish.",
    )
    dead_letters.of_rule(project, letters)
    rule = project.add(
        events.Rule(
            f"{TITLE}Rule",
            Name=project.named(SUFFIX, limit=64),
            Description="Tells of failed pipelines of a SageMaker project.",
            EventPattern={
                "source": ["aws.codepipeline"],
                "detail-type": ["CodePipeline Pipeline Execution State Change"],
                "detail": {"pipeline": [one.ref() for one in pipelines], "state": ["FAILED"]},
            },
            State="ENABLED",
            Targets=[
                events.Target(
                    Id="topic",
                    Arn=topic,
                    InputTransformer=events.InputTransformer(
                        InputPathsMap={"pipeline": "$.detail.pipeline", "execution": "$.detail.execution-id"},
                        InputTemplate=Sub(
                            '"SageMaker project ${SageMakerProjectName} in ${AWS::Region}: pipeline <pipeline> failed in '
                            'execution <execution>."'
                        ),
                    ),
                    DeadLetterConfig=events.DeadLetterConfig(Arn=letters.get_att("Arn")),
                )
            ],
        )
    )
    for title in project.template.resources.keys() - before:
        made = project.template.resources[title]
        made.Condition = told
        if isinstance(made, cloudwatch.Alarm):
            made.AlarmActions = made.OKActions = [topic]
    return rule
