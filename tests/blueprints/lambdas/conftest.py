"""Fixtures that run a Lambda function's real handler with everything it speaks to on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.local import open_state, serve

from .account import Account, answering
from .loopback import REGION, Loopback, serving

PACKAGE = Path(__file__).parents[3] / "blueprints" / "lambdas" / "project"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The AWS that boto3 and the AWS CLI find in this test."""
    with serving() as state:
        environment = {
            "AWS_ENDPOINT_URL": state.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield state


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the package, importable as Lambda finds it in the zip."""
    monkeypatch.syspath_prepend(str(PACKAGE))
    yield "sagemaker_project"
    for name in [name for name in sys.modules if name.partition(".")[0] == "sagemaker_project"]:
        del sys.modules[name]


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The local AWS over HTTP, as boto3 finds it in this test."""
    local = open_state(tmp_path / "state")
    with serve(local, 0) as server:
        environment = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with answering() as answers:
            yield Account(local.session(REGION), answers)
    local.close()
