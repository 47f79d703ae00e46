"""Lambda functions of a project: the function, its role and its log group, made in one go.

The code is the Lambda package `project`, one zip for all functions of the family; a handler is a module in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import awslambda

from generator.blueprint import Context, LambdaPackage

from . import logs
from .access import Statement, service_role
from .project import Project
from .surroundings import Surroundings

PACKAGE = LambdaPackage("project")
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
    seconds: int = LONGEST_SECONDS,
) -> awslambda.Function:
    """A function that runs `sagemaker_project.<suffix>.handler` and logs JSON."""
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
    properties = {"VpcConfig": around.vpc.of_function()} if around.vpc else {}
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
            MemorySize=256,
            LoggingConfig=LoggingConfig(ApplicationLogLevel="INFO", LogFormat="JSON", LogGroup=group.ref()),
            **properties,
        )
    )
