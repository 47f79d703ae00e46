"""Has the seed code committed to a repository, and tells CloudFormation how it went.

The build that it starts leaves a branch alone that exists, so that every request can be repeated. A deletion takes
nothing away: the repository is its team's.
"""

from __future__ import annotations

import logging
from typing import Any

import boto3
from botocore.config import Config

from .custom_resource import Deadline, LambdaContext, serve

logger = logging.getLogger(__name__)

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})
_WHERE = ("RepositoryUrl", "Branch")  # what makes it another repository; a newer seed does not


class NotSeeded(Exception):
    """The repository could not be filled; the message says why and what to do."""


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    properties = event["ResourceProperties"]

    def work(deadline: Deadline) -> None:
        before = event.get("OldResourceProperties", {})
        if event["RequestType"] == "Delete" or all(before.get(key) == properties[key] for key in _WHERE):
            return
        if connection := properties.get("ConnectionArn"):
            require_available(connection)
        check_in(properties, event["RequestId"], deadline)

    # The same for every repository, since there is never an old one to take away.
    serve(event, context, f"{event['LogicalResourceId']}-of-{event['StackId'].rpartition('/')[2]}", work)


def require_available(connection: str) -> None:
    """Explain a connection that nobody has completed; nothing but a person can."""
    _, _, service, region, *_ = connection.split(":")
    client = (
        boto3.client("codeconnections", region_name=region, config=_CONFIG)
        if service == "codeconnections"
        else boto3.client("codestar-connections", region_name=region, config=_CONFIG)  # as it was called
    )
    status = client.get_connection(ConnectionArn=connection)["Connection"]["ConnectionStatus"]
    if status != "AVAILABLE":
        raise NotSeeded(
            f"The connection {connection} is {status}. Complete it in the console under Developer Tools > Settings > "
            "Connections, then launch the project again."
        )


def check_in(properties: dict[str, str], request: str, deadline: Deadline) -> None:
    """Run the build to its end."""
    codebuild = boto3.client("codebuild", config=_CONFIG)
    variables = {
        "REPOSITORY_URL": properties["RepositoryUrl"],
        "BRANCH": properties["Branch"],
        "SEED": properties["Seed"],
    }
    build = codebuild.start_build(
        projectName=properties["BuildProject"],
        idempotencyToken=request,
        environmentVariablesOverride=[
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
        ],
    )["build"]
    pauses = deadline.pauses()
    while build["buildStatus"] == "IN_PROGRESS":
        next(pauses)
        build = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
    logger.info("build ended", extra={"build": build["id"], "status": build["buildStatus"]})
    if build["buildStatus"] != "SUCCEEDED":
        raise NotSeeded(
            f"The seed was not committed to {properties['RepositoryUrl']}: build {build['id']} ended as "
            f"{build['buildStatus']}. Check that the repository exists and that the connection may write to it; the "
            f"build's log says more: {build.get('logs', {}).get('deepLink', 'no log')}"
        )
