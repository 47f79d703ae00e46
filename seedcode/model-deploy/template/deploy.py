"""`python deploy.py STAGE`: create or update the stack of a stage from release/, and wait for it.

For CI other than CodePipeline, which has an action for this, and for people. DEPLOY_ROLE_ARN, if set, is what
CloudFormation makes the stack as.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from deployment.account import client
from deployment.release import FOLDER, TEMPLATE
from deployment.settings import STAGES, BadEnvironment, Settings

# A stack in these never came to life: nothing can update it, and it serves nobody.
STILLBORN = ("CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
# Two hours: canaries take their time.
PATIENCE = {"Delay": int(os.environ.get("POLL_SECONDS", "15")), "MaxAttempts": 480}


class NotDeployed(Exception):
    """The stack is not as the release says; the message says why."""


def existing(cloudformation: Any, name: str) -> str:
    """The status of a stack, empty where there is none."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def reasons(cloudformation: Any, name: str) -> str:
    """What CloudFormation said of the resources that failed, the first one first."""
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    return "; ".join(failed[-5:])


def deploy(cloudformation: Any, name: str, release: dict[str, Any], template: str) -> None:
    """Bring the stack to the release.

    Raises:
        NotDeployed: CloudFormation has rolled back.
    """
    request = {
        "StackName": name,
        "TemplateBody": template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in release["Parameters"].items()],
        "Tags": [{"Key": key, "Value": value} for key, value in release["Tags"].items()],
    }
    if os.environ.get("DEPLOY_ROLE_ARN"):
        request["RoleARN"] = os.environ["DEPLOY_ROLE_ARN"]
    status = existing(cloudformation, name)
    if status in STILLBORN:
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=PATIENCE)
        status = ""
    verb = "update" if status else "create"
    try:
        getattr(cloudformation, f"{verb}_stack")(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            print(f"{name} is as the release says")
            return
        raise
    try:
        cloudformation.get_waiter(f"stack_{verb}_complete").wait(StackName=name, WaiterConfig=PATIENCE)
    except WaiterError:
        raise NotDeployed(f"{name} was not {verb}d: {reasons(cloudformation, name)}") from None
    print(f"{name} is {verb}d")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python deploy.py", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    stage = parser.parse_args(arguments).stage
    try:
        settings = Settings.from_environment(os.environ)
        release = json.loads((FOLDER / f"{stage}.json").read_text())
        name = os.environ.get("STACK_NAME") or settings.stack_name(stage)
        deploy(client("cloudformation", settings.region), name, release, (FOLDER / TEMPLATE.name).read_text())
    except FileNotFoundError as error:
        print(f"{error.filename} is missing: run `make release` first", file=sys.stderr)
    except (BadEnvironment, NotDeployed) as error:
        print(error, file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS: {error}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
