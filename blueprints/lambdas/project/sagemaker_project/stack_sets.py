"""The StackSets of a project's stages in other accounts: where they are, and the end of those that pipelines made.

A StackSet does one thing at a time: an operation that is under way, whoever began it, is waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from .custom_resource import Deadline

logger = logging.getLogger(__name__)

Client = Any  # boto3 makes the classes of its clients at run time

_RUNNING = ("QUEUED", "RUNNING", "STOPPING")


class StackSetStays(Exception):
    """Instances of a StackSet could not be deleted; the message says where and why."""


def delete_stack_sets(cloudformation: Client, prefix: str, deadline: Deadline) -> None:
    """Delete all StackSets whose names begin with `prefix`, and the stacks that they made.

    Raises:
        StackSetStays: naming the accounts in which stacks stay, with CloudFormation's reasons.
    """
    pages = cloudformation.get_paginator("list_stack_sets").paginate(Status="ACTIVE")
    names = [each["StackSetName"] for page in pages for each in page["Summaries"]]
    for name in names:
        if name.startswith(prefix):
            _delete_instances(cloudformation, name, deadline)
            _once_free(cloudformation.delete_stack_set, deadline, StackSetName=name)
            logger.info("deleted stack set", extra={"stack_set": name})


def accounts_of(cloudformation: Client, names: Sequence[str]) -> set[str]:
    """The accounts in which these StackSets have a stack; one that is gone has none."""
    found = set()
    for name in names:
        try:
            found |= {each["Account"] for each in _instances(cloudformation, name) if each.get("StackId")}
        except ClientError as error:
            if error.response["Error"]["Code"] != "StackSetNotFoundException":
                raise
    return found


def _instances(cloudformation: Client, name: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("list_stack_instances").paginate(StackSetName=name)
    return [each for page in pages for each in page["Summaries"]]


def _delete_instances(cloudformation: Client, name: str, deadline: Deadline) -> None:
    instances = _instances(cloudformation, name)
    if not instances:
        return
    regions = sorted({each["Region"] for each in instances})
    units = sorted({each["OrganizationalUnitId"] for each in instances if each.get("OrganizationalUnitId")})
    # A service-managed StackSet knows its units, a self-managed one its accounts.
    where = (
        {"DeploymentTargets": {"OrganizationalUnitIds": units}}
        if units
        else {"Accounts": sorted({each["Account"] for each in instances})}
    )
    operation = _once_free(
        cloudformation.delete_stack_instances,
        deadline,
        StackSetName=name,
        Regions=regions,
        RetainStacks=False,
        **where,
    )["OperationId"]
    asked = {"StackSetName": name, "OperationId": operation}
    pauses = deadline.pauses()
    while (status := _status(cloudformation, asked)) in _RUNNING:
        next(pauses)
    if status != "SUCCEEDED":
        raise StackSetStays(
            f"Stacks of {name} could not be deleted: {_reasons(cloudformation, asked)}. "
            "Remove what holds them, then terminate the project again."
        )


def _status(cloudformation: Client, asked: dict[str, str]) -> str:
    return str(cloudformation.describe_stack_set_operation(**asked)["StackSetOperation"]["Status"])


def _reasons(cloudformation: Client, asked: dict[str, str]) -> str:
    results = cloudformation.list_stack_set_operation_results(**asked)["Summaries"]
    failed = [
        f"{each['Account']} {each.get('StatusReason', each['Status'])}"
        for each in results
        if each["Status"] != "SUCCEEDED"
    ]
    return "; ".join(failed[:3]) or "no reason given"


def _once_free(call: Any, deadline: Deadline, **arguments: Any) -> Any:
    pauses = deadline.pauses()
    while True:
        try:
            return call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "OperationInProgressException":
                raise
        next(pauses)
