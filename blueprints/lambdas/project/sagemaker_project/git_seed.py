"""Fills repositories at a git server with their seeds, and has the server tell of pushes, as CloudFormation asks.

A repository is made where the server has an API for it, and is never taken away: it is its team's, as is a branch that
exists. What goes with the project is the hook alone. Every step finds out what is there already, so that any request can be
repeated.
"""

from __future__ import annotations

import logging
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import git_server, push_source
from .custom_resource import Deadline, LambdaContext, OutOfTime, serve
from .gitlab import GitLab, GitLabRefused
from .servers import CONFIG, Credentials, Unusable, credentials, https, secret

logger = logging.getLogger(__name__)

# What makes it another repository; a newer seed does not.
_WHERE = ("Server", "ServerUrl", "RepositoryPath", "Branch")
_HOOK = (*_WHERE, "HookUrl")

Properties = dict[str, str]


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    properties: Properties = event["ResourceProperties"]
    before: Properties = event.get("OldResourceProperties", {})

    def work(deadline: Deadline) -> None:
        if event["RequestType"] == "Delete":
            forget(properties, deadline)
            return
        known = credentials(properties["CredentialsSecretArn"])
        if any(before.get(key) != properties[key] for key in _WHERE):
            fill(properties, known, deadline)
        listen(properties, known, deadline)
        if before and any(before.get(key) != properties.get(key) for key in _HOOK):
            forget(before, deadline)

    # The same for every repository, since there is never an old one to take away.
    serve(event, context, f"{event['LogicalResourceId']}-of-{event['StackId'].rpartition('/')[2]}", work)


def address(properties: Properties) -> str:
    """Where git finds the repository."""
    return f"{https(properties['ServerUrl'])}/{properties['RepositoryPath']}.git"


def fill(properties: Properties, known: Credentials, deadline: Deadline) -> None:
    """Make sure that the repository and its branch exist, and that S3 has the branch where a pipeline waits for it."""
    branch, url = properties["Branch"], address(properties)
    if properties["Server"] == "gitlab":
        with GitLab(properties["ServerUrl"], known, deadline) as gitlab:
            gitlab.ensure_project(properties["RepositoryPath"], branch)
    seed = boto3.client("s3", config=CONFIG).get_object(
        Bucket=properties["SeedBucket"], Key=properties["SeedKey"]
    )["Body"]
    begun = git_server.begin(url, known, branch, seed.read(), properties["Author"], deadline)
    logger.info("seeded" if begun else "the branch stays as it is", extra={"repository": url})
    if key := properties.get("SourceKey"):
        push_source.bring(url, branch, properties["SourceBucket"], key, known, deadline)


def listen(properties: Properties, known: Credentials, deadline: Deadline) -> None:
    """Have the server tell of pushes, where it can be asked to."""
    if properties["Server"] != "gitlab" or not (url := properties.get("HookUrl")):
        return
    with GitLab(properties["ServerUrl"], known, deadline) as gitlab:
        project = gitlab.project(properties["RepositoryPath"])
        if project is None:
            raise GitLabRefused(
                f"GitLab has no project {properties['RepositoryPath']}. Create it, then repeat."
            )
        gitlab.set_hook(project, url, secret(properties["HookSecretArn"]), properties["Branch"])


def forget(properties: Properties, deadline: Deadline) -> None:
    """Take the hook away.

    A server that is gone, or that no longer takes the token, must not hold the stack: a hook that stays leads nowhere.
    """
    if properties.get("Server") != "gitlab" or not (url := properties.get("HookUrl")):
        return
    try:
        known = credentials(properties["CredentialsSecretArn"])
        with GitLab(properties["ServerUrl"], known, deadline) as gitlab:
            gitlab.remove_hook(properties["RepositoryPath"], url)
    except (GitLabRefused, OutOfTime, Unusable, BotoCoreError, ClientError) as error:
        logger.warning(
            "the hook stays at the server; remove it there",
            extra={"repository": properties["RepositoryPath"], "hook": url, "reason": str(error)},
        )
