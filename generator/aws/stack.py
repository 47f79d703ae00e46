"""Deploying a CloudFormation stack and waiting for it, with the first failure as the reason."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, WaiterError

from generator.errors import AwsError, Problem, Where


def deploy(client: Any, stack: str, url: str, *, exists: bool, token: str, delay: float) -> None:
    """Create or update the stack from a template in S3; `delay` is the seconds between looks."""
    arguments: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": url,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "ClientRequestToken": token,
    }
    name = stack
    try:
        if exists:
            client.update_stack(**arguments)
        else:
            # A first creation that fails leaves nothing behind that would have to be deleted by hand; only by its id
            # can a deleted stack still be asked why.
            name = client.create_stack(**arguments, OnFailure="DELETE")["StackId"]
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code != "AlreadyExistsException" and "No updates are to be performed" not in message:
            raise
    _wait(client, name, "stack_update_complete" if exists else "stack_create_complete", delay)


def _wait(client: Any, stack: str, waiter: str, delay: float) -> None:
    """`stack` is a name, or the id of a new one."""
    try:
        client.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": delay, "MaxAttempts": 600})
    except WaiterError as error:
        reason = str(error)
        try:
            events = client.describe_stack_events(StackName=stack)["StackEvents"]
        except ClientError:
            events = []  # the stack is gone; the waiter's words are all there is
        for event in events:  # newest first, so that the last one kept is the first failure
            told = event.get("ResourceStatusReason", "")
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in told:
                reason = f"{event['LogicalResourceId']}: {told}"
        name = stack.rpartition(":stack/")[2].partition("/")[0]
        raise AwsError(
            Problem(Where(f"aws stack {name}"), reason, "See the stack's events, then run again.")
        ) from error
