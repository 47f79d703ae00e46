"""CI with CodePipeline V2: stages of actions, each of which brings its permissions, started by events.

Owns the pipeline, its role and the rule that starts it. Which repository is read, what is built and who approves is
decided by the actions it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from troposphere import Sub, codepipeline, events, s3, sqs

from . import artifacts
from .access import THIS_ACCOUNT, Statement, allow, distinct, service_role
from .encryption import Encryption
from .project import Project


@dataclass(frozen=True)
class Action:
    """An action of a pipeline, and what the pipeline's role must be allowed for it."""

    declaration: codepipeline.Actions
    permissions: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Stage:
    """Actions of one name; they run in the order of their RunOrder."""

    name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Repository:
    """A git repository as a pipeline sees it, whoever hosts it."""

    ARTIFACT: ClassVar[str] = "Source"  # what the source action puts out

    source: Action
    address: object  # where people find it
    event: Mapping[str, Any] | None = None  # of a push; none where the source action is told by itself
    pull: tuple[Statement, ...] = ()  # to clone it; none where that is not AWS's to allow


def pipeline(
    project: Project,
    *,
    half: str,
    title: str,
    repository: Repository,
    stages: Sequence[Stage],
    bucket: s3.Bucket,
    encryption: Encryption,
    after: Sequence[str] = (),
) -> codepipeline.Pipeline:
    """The pipeline `<half>`: its source, then the stages; it is made after, and deleted before, the titles `after`."""
    stages = (Stage("Source", (repository.source,)), *stages)
    used = distinct(each for stage in stages for action in stage.actions for each in action.permissions)
    role = service_role(
        project,
        f"{title}PipelineRole",
        f"{half}-pipeline",
        "codepipeline",
        f"CodePipeline moves {half} code through its stages.",
        [*artifacts.use(), *encryption.use(), *used],
        trust_conditions=THIS_ACCOUNT,
    )
    store = codepipeline.ArtifactStore(Type="S3", Location=bucket.ref())
    if encryption.key_arn:
        store.EncryptionKey = codepipeline.EncryptionKey(Id=encryption.key_arn, Type="KMS")
    properties: dict[str, Any] = {"DependsOn": sorted(after)} if after else {}
    made = project.add(
        codepipeline.Pipeline(
            f"{title}Pipeline",
            Name=project.named(half, limit=100),
            PipelineType="V2",
            ExecutionMode="SUPERSEDED",
            RoleArn=role.get_att("Arn"),
            ArtifactStore=store,
            Stages=[
                codepipeline.Stages(Name=stage.name, Actions=[action.declaration for action in stage.actions])
                for stage in stages
            ],
            **properties,
        )
    )
    if repository.event:
        start_on(project, title=f"{title}Push", suffix=f"{half}-push", event=repository.event, pipeline=made)
    return made


def pipeline_arn(pipeline: codepipeline.Pipeline) -> Sub:
    """A pipeline's reference is its name; permissions and targets want the ARN."""
    return Sub(
        f"arn:${{AWS::Partition}}:codepipeline:${{AWS::Region}}:${{AWS::AccountId}}:${{{pipeline.title}}}"
    )


def start_on(
    project: Project,
    *,
    title: str,
    suffix: str,
    event: Mapping[str, Any],
    pipeline: codepipeline.Pipeline,
    letters: sqs.Queue | None = None,
) -> events.Rule:
    """Start the pipeline at each event that matches; `letters` takes those that EventBridge tries for a day in vain."""
    kept = (
        {"DeadLetterConfig": events.DeadLetterConfig(Arn=letters.get_att("Arn"))}
        if letters is not None
        else {}
    )
    role = service_role(
        project,
        f"{title}RuleRole",
        f"{suffix}-rule",
        "events",
        "EventBridge starts a pipeline of the project.",
        [allow(["codepipeline:StartPipelineExecution"], [pipeline_arn(pipeline)])],
        trust_conditions=THIS_ACCOUNT,
    )
    return project.add(
        events.Rule(
            f"{title}Rule",
            Name=project.named(suffix, limit=64),
            Description=f"Starts {suffix.replace('-', ' ')} of a SageMaker project.",
            EventPattern=dict(event),
            State="ENABLED",
            Targets=[
                events.Target(Id="pipeline", Arn=pipeline_arn(pipeline), RoleArn=role.get_att("Arn"), **kept)
            ],
        )
    )
