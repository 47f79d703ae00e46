"""What the tests of running code share: a local AWS that runs it, functions in templates, and a wait for what goes on aside."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

ALL = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
REGION = "us-east-1"


def trusting(service: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def role(service: str = "lambda", *statements: tuple[list[str], Any]) -> dict[str, Any]:
    """A role in a template that may write logs, and do what the statements say."""
    allowed = [(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "*"), *statements]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trusting(service),
            "Policies": [
                {
                    "PolicyName": "use",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": actions, "Resource": resource}
                            for actions, resource in allowed
                        ],
                    },
                }
            ],
        },
    }


def function(source: str, role_of: str = "Role", **properties: Any) -> dict[str, Any]:
    """A function in a template, its source inline."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": [role_of, "Arn"]},
            "Code": {"ZipFile": source},
            "MemorySize": 256,
            "Timeout": 30,
            **properties,
        },
    }


def template(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return content.getvalue()


def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What is found once it is there."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)
    return result


def ended(cfn: Any, name: str, seconds: float = 60.0) -> dict[str, Any]:
    """A stack whose operation is over; by its id also one that is deleted."""

    def over() -> Any:
        stack = cfn.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack: dict[str, Any] = until(over, seconds)
    return stack


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def log_text(logs: Any, group: str) -> str:
    events = logs.filter_log_events(logGroupName=group)["events"]
    return "\n".join(event["message"] for event in events)
