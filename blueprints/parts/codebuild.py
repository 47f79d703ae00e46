"""Builds with CodeBuild as actions of a pipeline: the project, its role and its log group.

The commands are the repository's own, in its buildspec; a build knows its project by environment variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troposphere import codebuild, codepipeline

from . import artifacts, logs
from .access import THIS_ACCOUNT, Statement, allow, service_role
from .codepipeline import Action, Repository
from .project import Project

IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
Size = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class Machine:
    """On what, and for how long at most, a build runs."""

    size: Size
    timeout_minutes: int


def build(
    project: Project,
    *,
    half: str,
    title: str,
    name: str,
    buildspec: str,
    environment: Mapping[str, Any],
    permissions: Sequence[Statement],
    machine: Machine,
    logging: logs.Logging,
    after: Sequence[str] = (),
) -> Action:
    """A pipeline's action that runs `buildspec` of the source; made after, and deleted before, the titles `after`."""
    encryption = logging.encryption
    named = project.named(half, limit=150)
    group = logging.group(project, f"{title}BuildLogs", "codebuild", named)
    role = service_role(
        project,
        f"{title}BuildRole",
        f"{half}-build",
        "codebuild",
        f"CodeBuild runs the {half} code's buildspec.",
        [logs.write(group), *artifacts.use(), *encryption.use(), *permissions],
        trust_conditions=THIS_ACCOUNT,
    )
    properties: dict[str, Any] = {"DependsOn": sorted(after)} if after else {}
    made = project.add(
        codebuild.Project(
            f"{title}Build",
            Name=named,
            Description=f"Runs {buildspec} of the {half} code.",
            ServiceRole=role.get_att("Arn"),
            Artifacts=codebuild.Artifacts(Type="CODEPIPELINE"),
            Source=codebuild.Source(Type="CODEPIPELINE", BuildSpec=buildspec),
            Environment=codebuild.Environment(
                Type="LINUX_CONTAINER",
                Image=IMAGE,
                ComputeType=f"BUILD_GENERAL1_{machine.size.upper()}",
                EnvironmentVariables=[
                    codebuild.EnvironmentVariable(Name=key, Value=environment[key])
                    for key in sorted(environment)
                ],
            ),
            TimeoutInMinutes=machine.timeout_minutes,
            LogsConfig=codebuild.LogsConfig(
                CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=group.ref())
            ),
            **encryption.properties("EncryptionKey"),
            **properties,
        )
    )
    return Action(
        codepipeline.Actions(
            Name=name,
            ActionTypeId=codepipeline.ActionTypeId(
                Category="Build", Owner="AWS", Provider="CodeBuild", Version="1"
            ),
            Configuration={"ProjectName": made.ref()},
            InputArtifacts=[codepipeline.InputArtifacts(Name=Repository.ARTIFACT)],
            RunOrder=1,
        ),
        (allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild"], [made.get_att("Arn")]),),
    )
