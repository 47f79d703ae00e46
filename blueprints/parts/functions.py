"""Lambda functions of a project: the function, its role and its log group, made in one go.

The code is the Lambda package `project`, one zip for all functions of the family; a handler is a module in it. It brings
urllib3 along, whose version in Lambda's runtime is AWS's to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import awslambda, sqs

from generator.blueprint import Context, LambdaPackage

from . import logs
from .access import Statement, service_role
from .project import Project
from .surroundings import Surroundings

PACKAGE = LambdaPackage("project", ("urllib3",))
GIT_PACKAGE = LambdaPackage("project", ("dulwich", "urllib3"))  # for functions that speak git
RUNTIME = "python3.13"
LONGEST_SECONDS = 900


class LoggingConfig(awslambda.LoggingConfig):  # type: ignore[misc]  # troposphere ships no types
    """troposphere 4.11 knows two property types of this name and keeps the one without the format."""

    props = {"ApplicationLogLevel": (str, True), "LogFormat": (str, True), "LogGroup": (object, True)}


def function(
    project: Project,
    context: Context,
    around: Surroundings,
    *,
    title: str,
    suffix: str,
    description: str,
    permissions: Sequence[Statement],
    environment: Mapping[str, Any] | None = None,
    seconds: int = LONGEST_SECONDS,
    megabytes: int = 256,
    dead_letters: sqs.Queue | None = None,
) -> awslambda.Function:
    """A function that runs `sagemaker_project.<suffix>.handler` and logs JSON.

    `dead_letters`: where events go that it failed on again and again; for functions that are started without waiting.
    """
    name = project.named(suffix, limit=64)
    group = around.logging.group(project, f"{title}Logs", "lambda", name)
    role = service_role(
        project,
        f"{title}Role",
        suffix,
        "lambda",
        description,
        [
            logs.write(group),
            *(around.vpc.connect_function(name) if around.vpc else []),
            *permissions,
        ],
    )
    properties: dict[str, Any] = {"VpcConfig": around.vpc.of_function()} if around.vpc else {}
    if environment:
        properties["Environment"] = awslambda.Environment(Variables=dict(environment))
    if dead_letters:
        properties["DeadLetterConfig"] = awslambda.DeadLetterConfig(TargetArn=dead_letters.get_att("Arn"))
    return project.add(
        awslambda.Function(
            f"{title}Function",
            FunctionName=name,
            Description=description,
            Runtime=RUNTIME,
            Handler=f"sagemaker_project.{suffix.replace('-', '_')}.handler",
            Code=awslambda.Code(S3Bucket=context.bucket(), S3Key=context.lambda_key(PACKAGE.package)),
            Role=role.get_att("Arn"),
            Timeout=seconds,
            MemorySize=megabytes,
            LoggingConfig=LoggingConfig(ApplicationLogLevel="INFO", LogFormat="JSON", LogGroup=group.ref()),
            **properties,
        )
    )
