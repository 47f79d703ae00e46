"""The stage that is tested: what its stack says it made, and clients of its account."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployment import stages
from deployment.account import client
from deployment.settings import DEFAULT_PROJECT, stack_name

SAMPLES = json.loads((Path(__file__).parent / "samples.json").read_text())
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "10"))


@dataclass(frozen=True)
class Stage:
    name: str
    region: str
    settings: Mapping[str, str]
    outputs: Mapping[str, str]  # of the stack

    def client(self, service: str) -> Any:
        return client(service, self.region)


def needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        pytest.exit(f"{name} is not set", returncode=1)
    return value


def deployed(cloudformation: Any, stack: str) -> str:
    """What the stack is called: in another account, a StackSet may have made it."""
    if not os.environ.get("STAGE_ROLE_ARN"):
        return stack
    pages = cloudformation.get_paginator("list_stacks").paginate()
    found = {
        summary["StackName"]
        for page in pages
        for summary in page["StackSummaries"]
        if summary["StackStatus"] != "DELETE_COMPLETE"
    }
    return next((name for name in sorted(found) if name.startswith(f"StackSet-{stack}-")), stack)


@pytest.fixture(scope="session")
def stage() -> Stage:
    """From STAGE_NAME and STACK_NAME, or what `deploy.py` calls the stack."""
    name, region = needed("STAGE_NAME"), needed("AWS_REGION")
    project = os.environ.get("SAGEMAKER_PROJECT_NAME", "").strip() or DEFAULT_PROJECT
    stack = os.environ.get("STACK_NAME") or stack_name(project, needed("SAGEMAKER_PROJECT_ID"), name)
    cloudformation = client("cloudformation", region)
    (found,) = cloudformation.describe_stacks(StackName=deployed(cloudformation, stack))["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Stage(name, region, stages.read(name), outputs)


def check(answer: bytes | str, sample: Mapping[str, Any]) -> None:
    """An answer has a number for each row of the sample, all within its limits."""
    text = answer.decode() if isinstance(answer, bytes) else answer
    numbers = [float(value) for value in text.replace(",", "\n").split()]
    assert len(numbers) == len(sample["body"].split("\n"))
    assert all(sample["least"] <= number <= sample["most"] for number in numbers), numbers
