"""The stacks that SageMaker made of project templates in S3: under which role each runs, and from which template. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.model import ProjectStack

PREFIX = "SP-"  # of their names; a launch role for S3 delivery can be assumed for no others
# All but DELETE_COMPLETE: what failed or is on its way may still be updated or deleted under its role.
_THERE = [
    f"{kind}_{state}"
    for kind, states in {
        "CREATE": ("IN_PROGRESS", "FAILED", "COMPLETE"),
        "ROLLBACK": ("IN_PROGRESS", "FAILED", "COMPLETE"),
        "DELETE": ("IN_PROGRESS", "FAILED"),
        "UPDATE": ("IN_PROGRESS", "COMPLETE_CLEANUP_IN_PROGRESS", "COMPLETE", "FAILED"),
        "UPDATE_ROLLBACK": ("IN_PROGRESS", "FAILED", "COMPLETE_CLEANUP_IN_PROGRESS", "COMPLETE"),
        "REVIEW": ("IN_PROGRESS",),
        "IMPORT": ("IN_PROGRESS", "COMPLETE"),
        "IMPORT_ROLLBACK": ("IN_PROGRESS", "FAILED", "COMPLETE"),
    }.items()
    for state in states
]


def settled(status: str) -> bool:
    """Whether a stack is what its template says, or is to be deleted; else it may go back to an earlier template."""
    halfway = status.startswith(("UPDATE_", "IMPORT_")) and status.endswith("_FAILED")
    return not (halfway or status.endswith("_IN_PROGRESS"))


def project_stacks(cloudformation: Any) -> tuple[ProjectStack, ...]:
    """Those of the client's account and region that run under a role; CloudFormation pins it on the stack."""
    return tuple(sorted(_project_stacks(cloudformation)))


def _project_stacks(cloudformation: Any) -> Iterator[ProjectStack]:
    pages = cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=_THERE)
    for summary in (each for page in pages for each in page["StackSummaries"]):
        if not summary["StackName"].startswith(PREFIX):
            continue
        name = summary["StackId"]
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not stack.get("RoleARN"):
            continue
        body = cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        role = stack["RoleARN"].rpartition("/")[2]
        yield ProjectStack(stack["StackName"], role, settled(stack["StackStatus"]), text)
