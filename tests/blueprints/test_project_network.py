"""What the launch form says of the VPC: the endpoints that a project needs follow from what its builds and functions call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.building import build
from tests.blueprints.family import KIND

ALWAYS = {"logs", "s3", "sagemaker.api"}
DEPLOYS = ALWAYS | {"cloudformation", "codebuild", "kms", "monitoring"}


def said(**options: Any) -> str:
    template = build(KIND, "mlops", network="vpc-only", **options)
    description: str = template["Parameters"]["SubnetIds"]["Description"]
    assert len(description) < 400, "a form is read"
    return description


def endpoints(text: str) -> set[str]:
    return set(text.partition("endpoints: ")[2].partition(". ")[0].split(", "))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ALWAYS | {"kms"}),
        ({"encryption": "service-managed"}, ALWAYS),
        ({"repositories": ["build", "deploy"]}, DEPLOYS | {"sagemaker.runtime"}),
        ({"repositories": ["deploy"], "hosting": "batch"}, DEPLOYS | {"states"}),
        ({"repositories": ["deploy"], "hosting": "edge"}, DEPLOYS | {"greengrass"}),
        ({"git": "codeconnections"}, ALWAYS | {"codebuild", "codeconnections.api", "kms"}),
        ({"git": "external"}, ALWAYS | {"kms", "secretsmanager", "sqs"}),
        ({"branches": "per-branch"}, ALWAYS | {"codebuild", "codecommit", "git-codecommit", "kms"}),
        # Lambda itself sends what the function failed on to its dead letters.
        (
            {"repositories": ["deploy"], "ci": "jenkins"},
            ALWAYS | {"cloudformation", "kms", "secretsmanager"},
        ),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else " ".join(sorted(each)),
)
def test_the_endpoints_are_those_that_are_called(options: dict[str, Any], wanted: set[str]) -> None:
    assert endpoints(said(**options)) == wanted


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        ({}, "the Python package index."),
        ({"git": "external"}, "the git server, the Python package index."),
        (
            {"git": "external", "ci": "jenkins", "repositories": ["deploy"]},
            "the git server, Jenkins, the Python package index.",
        ),
    ],
    ids=str,
)
def test_what_is_no_endpoint_is_named(options: dict[str, Any], reached: str) -> None:
    assert said(**options).endswith(f" also reaches {reached}")
