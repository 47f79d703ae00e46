"""Builds with CodeBuild: a project, its role and its log group, made in one go; most are actions of a pipeline.

The commands are the repository's own, in its buildspec; a build knows its project by environment variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troposphere import codebuild

from . import logs
from .access import THIS_ACCOUNT, Statement, allow, service_role
from .project import Project
from .surroundings import Surroundings

IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
Size = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class Machine:
    """On what, and for how long at most, a build runs."""

    size: Size
    timeout_minutes: int


def build_project(
    project: Project,
    *,
    title: str,
    suffix: str,
    description: str,
    source: codebuild.Source,
    environment: Mapping[str, Any],
    permissions: Sequence[Statement],
    machine: Machine,
    around: Surroundings,
    after: Sequence[str] = (),
) -> codebuild.Project:
    """A project named `suffix`, with artifacts of the kind of its source; made after the titles `after`."""
    name = project.named(suffix, limit=150)
    group = around.logging.group(project, f"{title}Logs", "codebuild", name)
    vpc = around.vpc
    role = service_role(
        project,
        f"{title}Role",
        f"{suffix}-build",
        "codebuild",
        description,
        [
            logs.write(group),
            *around.encryption.use(),
            *(vpc.connect_builds() if vpc else []),
            *permissions,
        ],
        trust_conditions=THIS_ACCOUNT,
    )
    variables = {**environment, **(vpc.environment() if vpc else {})}
    properties: dict[str, Any] = {"DependsOn": sorted(after)} if after else {}
    if vpc:
        properties["VpcConfig"] = vpc.of_build()
    return project.add(
        codebuild.Project(
            title,
            Name=name,
            Description=description,
            ServiceRole=role.get_att("Arn"),
            Artifacts=codebuild.Artifacts(
                Type="CODEPIPELINE" if source.Type == "CODEPIPELINE" else "NO_ARTIFACTS"
            ),
            Source=source,
            Environment=codebuild.Environment(
                Type="LINUX_CONTAINER",
                Image=IMAGE,
                ComputeType=f"BUILD_GENERAL1_{machine.size.upper()}",
                EnvironmentVariables=[
                    codebuild.EnvironmentVariable(Name=key, Value=variables[key]) for key in sorted(variables)
                ],
            ),
            TimeoutInMinutes=machine.timeout_minutes,
            LogsConfig=codebuild.LogsConfig(
                CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=group.ref())
            ),
            **around.encryption.properties("EncryptionKey"),
            **properties,
        )
    )


def run(build: codebuild.Project) -> tuple[Statement, ...]:
    """To start builds and look at them."""
    return (allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild"], [build.get_att("Arn")]),)
