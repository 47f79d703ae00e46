"""Fixtures that run a Lambda function's real handler with everything it speaks to on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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
