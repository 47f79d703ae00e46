"""Deleting the stacks of stages, by the real client, against a CloudFormation whose stacks take their time."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from .loopback import ACCOUNT, REGION, Loopback, listening

PREFIX = "sagemaker-Churn-p-a1b2c3d4e5f6-deploy-"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-p-a1b2c3d4e5f6-deploy"


@dataclass
class Stack:
    """A stack, and what it is seen as one look after the other; the last stays."""

    statuses: list[str]
    deletion: list[str] = field(default_factory=lambda: ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"])
    role: str = ""

    def look(self) -> str:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class CloudFormation(BaseHTTPRequestHandler):
    """Speaks the query protocol, two stacks to a page."""

    stacks: dict[str, Stack]
    refused: str = ""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        action = asked["Action"][0]
        if action == self.refused:
            self._send(
                403,
                f"<Error><Code>AccessDenied</Code><Message>no {action}</Message></Error>",
                "ErrorResponse",
            )
            return
        self._send(200, getattr(self, f"_{action.lower()}")(asked), f"{action}Response")

    def _liststacks(self, asked: dict[str, list[str]]) -> str:
        start = int(asked.get("NextToken", ["0"])[0])
        names = sorted(self.stacks)[start : start + 2]
        found = "".join(
            f"<member><StackId>{arn(name)}</StackId><StackName>{name}</StackName>"
            f"<StackStatus>{self.stacks[name].look()}</StackStatus></member>"
            for name in names
        )
        more = f"<NextToken>{start + 2}</NextToken>" if start + 2 < len(self.stacks) else ""
        return f"<ListStacksResult><StackSummaries>{found}</StackSummaries>{more}</ListStacksResult>"

    def _deletestack(self, asked: dict[str, list[str]]) -> str:
        stack = self.stacks[asked["StackName"][0].split("/")[1]]
        assert not stack.statuses[0].endswith("_IN_PROGRESS"), "CloudFormation refuses that"
        stack.role, stack.statuses = asked["RoleARN"][0], stack.deletion
        return ""

    def _describestackevents(self, asked: dict[str, list[str]]) -> str:
        stack = asked["StackName"][0]
        events = "".join(
            f"<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>"
            f"<ResourceStatus>DELETE_FAILED</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
            for logical, physical, reason in (("stack", stack, "[Topic]"), ("Topic", "arn", "it is held"))
        )
        return f"<DescribeStackEventsResult><StackEvents>{events}</StackEvents></DescribeStackEventsResult>"

    def _send(self, status: int, content: str, name: str) -> None:
        body = (
            f'<{name} xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">{content}</{name}>'.encode()
        )
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The tests look at the stacks."""


def arn(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1"


def delete(
    aws: Loopback, package: str, stacks: dict[str, Stack], *, refused: str = "", seconds: float = 900
) -> None:
    """Run the function's own code against these stacks."""
    code, answering = (importlib.import_module(f"{package}.{name}") for name in ("stacks", "custom_resource"))
    handler = type("Handler", (CloudFormation,), {"stacks": stacks, "refused": refused})
    with listening(handler) as url:
        client = boto3.client("cloudformation", endpoint_url=url, region_name=REGION)
        code.delete_stacks(client, PREFIX, ROLE, answering.Deadline(seconds))


def test_all_stacks_of_the_project_go_under_their_role_and_no_others(aws: Loopback, package: str) -> None:
    stacks = {
        f"{PREFIX}staging": Stack(["CREATE_COMPLETE"]),
        f"{PREFIX}production": Stack(["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]),
        f"{PREFIX}former-stage": Stack(["DELETE_FAILED"]),
        f"{PREFIX}gone": Stack(["DELETE_COMPLETE"]),
        "sagemaker-Churn-p-000000000000-deploy-staging": Stack(["CREATE_COMPLETE"]),
    }
    delete(aws, package, stacks)
    assert {name.removeprefix(PREFIX): stack.statuses for name, stack in stacks.items()} == {
        "staging": ["DELETE_COMPLETE"],
        "production": ["DELETE_COMPLETE"],
        "former-stage": ["DELETE_COMPLETE"],
        "gone": ["DELETE_COMPLETE"],
        "sagemaker-Churn-p-000000000000-deploy-staging": ["CREATE_COMPLETE"],
    }
    assert [stack.role for stack in stacks.values()] == [ROLE, ROLE, ROLE, "", ""]


def test_nothing_to_delete_is_no_error(aws: Loopback, package: str) -> None:
    delete(aws, package, {})


def test_a_stack_that_stays_is_named_with_what_holds_it(aws: Loopback, package: str) -> None:
    stays = Stack(["CREATE_COMPLETE"], deletion=["DELETE_IN_PROGRESS", "DELETE_FAILED"])
    with pytest.raises(
        Exception, match=r"deploy-staging/1 could not be deleted: Topic: it is held\."
    ) as raised:
        delete(aws, package, {f"{PREFIX}staging": stays})
    assert type(raised.value).__name__ == "StackStays"


def test_time_runs_out_before_a_stack_does(aws: Loopback, package: str) -> None:
    slow = Stack(["CREATE_COMPLETE"], deletion=["DELETE_IN_PROGRESS"])
    with pytest.raises(Exception, match="Repeat the operation"):
        delete(aws, package, {f"{PREFIX}staging": slow}, seconds=30.5)
    assert slow.role == ROLE


@pytest.mark.parametrize("action", ["ListStacks", "DeleteStack"])
def test_what_cloudformation_refuses_is_raised(aws: Loopback, package: str, action: str) -> None:
    stacks: dict[str, Any] = {f"{PREFIX}staging": Stack(["CREATE_COMPLETE"])}
    with pytest.raises(Exception, match=f"no {action}"):
        delete(aws, package, stacks, refused=action)
