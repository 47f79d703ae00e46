"""An environment as the CI sets it, and clients whose answers the tests write; botocore checks the questions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "ARTIFACT_BUCKET": "artifacts",
    "TABLE_NAME": "orders",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """What the CI sets, with credentials that open nothing and nothing of this machine's user."""
    for name in [*os.environ]:
        if name.startswith("AWS_") or name in ("DEPLOY_ROLE_ARN", "STACK_NAME", "STAGE_NAME", "STAGE_ROLE_ARN"):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(service, region_name="eu-west-1")
    with Stubber(client) as answers:
        yield client, answers
        answers.assert_no_pending_responses()


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("s3")


@pytest.fixture
def dynamodb() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("dynamodb")


@pytest.fixture
def cloudformation() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("cloudformation")
