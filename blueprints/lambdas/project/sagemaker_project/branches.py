"""Gives each branch that is pushed to CodeCommit a SageMaker pipeline of its own, and takes it away with the branch.

What is done follows from what the repository holds, not from the event alone: events may come late, twice or in another
order. The build of a branch makes and starts its pipeline; this function only says for which branch, and what it is called.
"""

from __future__ import annotations

import logging
import os
import re
from hashlib import sha256
from typing import Any

import boto3

from . import pipelines
from .custom_resource import Deadline, LambdaContext
from .servers import CONFIG

logger = logging.getLogger(__name__)

Client = Any  # boto3 makes the classes of its clients at run time

LONGEST_NAME = 256
_DIGITS = 10


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000)
    detail = event["detail"]
    branch = detail["referenceName"]
    name = pipeline_name(os.environ["PIPELINE_NAME"], branch)
    codebuild = boto3.client("codebuild", config=CONFIG)
    tip = _tip(detail["repositoryName"], branch)
    if tip is None:
        _stop_builds(codebuild, branch, deadline)
        pipelines.delete(boto3.client("sagemaker", config=CONFIG), [name], deadline)
    elif detail["event"] != "referenceDeleted":
        _build(codebuild, branch, name, tip, event["id"])


def pipeline_name(project: str, branch: str) -> str:
    """What the pipeline of a branch is called: readable, and another one for each branch."""
    digits = sha256(branch.encode()).hexdigest()[:_DIGITS]
    room = LONGEST_NAME - len(project) - _DIGITS - 2
    readable = re.sub(r"[^A-Za-z0-9]+", "-", branch).strip("-")[:room].rstrip("-")
    return "-".join(part for part in (project, readable, digits) if part)


def _tip(repository: str, branch: str) -> str | None:
    """The newest commit of a branch; none where it does not exist."""
    codecommit = boto3.client("codecommit", config=CONFIG)
    try:
        found = codecommit.get_branch(repositoryName=repository, branchName=branch)
    except codecommit.exceptions.BranchDoesNotExistException:
        return None
    return str(found["branch"]["commitId"])


def _build(codebuild: Client, branch: str, name: str, commit: str, token: str) -> None:
    variables = {"BRANCH": branch, "PIPELINE_NAME": name}
    started = codebuild.start_build(
        projectName=os.environ["BUILD_PROJECT"],
        sourceVersion=commit,
        idempotencyToken=token,
        environmentVariablesOverride=[
            {"name": key, "value": value, "type": "PLAINTEXT"} for key, value in variables.items()
        ],
    )["build"]
    logger.info("started", extra={"branch": branch, "pipeline": name, "build": started["id"]})


def _stop_builds(codebuild: Client, branch: str, deadline: Deadline) -> None:
    """Stop what is being built of a branch, which would make its pipeline again."""
    pauses = deadline.pauses()
    while running := _running(codebuild, branch):
        for build in running:
            codebuild.stop_build(id=build)
        next(pauses)


def _running(codebuild: Client, branch: str) -> list[str]:
    """The builds of a branch that are not at their end, from the newest until a page holds none that run."""
    found: list[str] = []
    pages = codebuild.get_paginator("list_builds_for_project").paginate(
        projectName=os.environ["BUILD_PROJECT"], sortOrder="DESCENDING"
    )
    for page in pages:
        builds = codebuild.batch_get_builds(ids=page["ids"])["builds"] if page["ids"] else []
        live = [build for build in builds if build["buildStatus"] == "IN_PROGRESS"]
        if not live:
            break
        found += [build["id"] for build in live if _of(build) == branch]
    return found


def _of(build: dict[str, Any]) -> str | None:
    """The branch that a build is of."""
    variables = build["environment"]["environmentVariables"]
    return next((one["value"] for one in variables if one["name"] == "BRANCH"), None)
