"""Deleting the stacks of stages, by the real client, against a CloudFormation whose stacks take their time."""

from __future__ import annotations

import importlib
from typing import Any

import boto3
import pytest

from .formation import CloudFormation, Stack
from .loopback import ACCOUNT, REGION, Loopback, listening

PREFIX = "sagemaker-Churn-p-a1b2c3d4e5f6-deploy-"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-p-a1b2c3d4e5f6-deploy"


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
