"""Deletes the stacks that pipelines made for a project's stages, and waits for their end.

Stacks are found by what their names begin with, so that those of stages which the product no longer has go too. A stack in
the middle of an update cannot be deleted: its end is waited for.
"""

from __future__ import annotations

import logging
from typing import Any

from .custom_resource import Deadline

logger = logging.getLogger(__name__)

Client = Any  # boto3 makes the classes of its clients at run time


class StackStays(Exception):
    """CloudFormation could not delete a stack; the message says why."""


def delete_stacks(cloudformation: Client, prefix: str, role: str, deadline: Deadline) -> None:
    """Delete all stacks whose names begin with `prefix`, each under `role`.

    Raises:
        StackStays: naming the stack that cannot be deleted, with CloudFormation's reason.
    """
    asked: set[str] = set()
    pauses = deadline.pauses()
    while left := _stacks(cloudformation, prefix):
        for stack, status in left.items():
            if stack in asked:
                if status == "DELETE_FAILED":
                    raise StackStays(
                        f"The stack {stack} could not be deleted: {_reason(cloudformation, stack)} "
                        "Remove what holds it, then terminate the project again."
                    )
            elif not status.endswith("_IN_PROGRESS"):
                cloudformation.delete_stack(StackName=stack, RoleARN=role)
                asked.add(stack)
                logger.info("deleting stack", extra={"stack": stack, "status": status})
        next(pauses)


def _stacks(cloudformation: Client, prefix: str) -> dict[str, str]:
    """The status of each stack, by its ARN."""
    # Deleted ones would be listed for ninety days: many, in an account that many projects come and go in.
    statuses = cloudformation.meta.service_model.shape_for("StackStatus").enum
    pages = cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=[status for status in statuses if status != "DELETE_COMPLETE"]
    )
    return {
        summary["StackId"]: summary["StackStatus"]
        for page in pages
        for summary in page["StackSummaries"]
        if summary["StackName"].startswith(prefix)
    }


def _reason(cloudformation: Client, stack: str) -> str:
    """Why the newest deletion failed, in CloudFormation's words."""
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        if event["ResourceStatus"] == "DELETE_FAILED" and event.get("PhysicalResourceId") != stack:
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}."
    return "no reason given."
