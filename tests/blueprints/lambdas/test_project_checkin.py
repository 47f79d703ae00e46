"""The real handler over HTTP, with CodeBuild and CodeConnections on loopback."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from .loopback import ACCOUNT, REGION, Loopback

CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/12345678-abcd-4321-abcd-1234567890ab"
PROPERTIES = {
    "BuildProject": "sagemaker-churn-p-a1b2c3d4e5f6-seed-checkin",
    "ConnectionArn": CONNECTION,
    "RepositoryUrl": f"https://codeconnections.{REGION}.amazonaws.com/git-http/{ACCOUNT}/{REGION}/1234/acme/churn.git",
    "Branch": "main",
    "Seed": "s3://catalog-assets/assets/seed-model-build/0.zip",
}
Handle = Callable[..., dict[str, Any]]


@pytest.fixture
def handle(aws: Loopback, package: str) -> Handle:
    handler = importlib.import_module(f"{package}.checkin").handler
    aws.connections = {CONNECTION: "AVAILABLE"}

    def send(kind: str, **options: Any) -> dict[str, Any]:
        return aws.request(handler, kind, "ModelBuildSeed", options.pop("properties", PROPERTIES), **options)

    return send


def test_creation_runs_the_build_to_its_end(aws: Loopback, handle: Handle) -> None:
    assert handle("Create")["Status"] == "SUCCESS"
    (build,) = aws.builds
    assert build["projectName"] == PROPERTIES["BuildProject"]
    assert {one["name"]: one["value"] for one in build["environmentVariablesOverride"]} == {
        "REPOSITORY_URL": PROPERTIES["RepositoryUrl"],
        "BRANCH": "main",
        "SEED": "s3://catalog-assets/assets/seed-model-build/0.zip",
    }
    assert aws.calls == ["GetConnection", "StartBuild", "BatchGetBuilds", "BatchGetBuilds"]


def test_a_repeated_request_starts_no_second_build(aws: Loopback, handle: Handle) -> None:
    handle("Create")
    handle("Create")
    assert len(aws.builds) == 1


def test_a_newer_seed_leaves_the_repository_alone(aws: Loopback, handle: Handle) -> None:
    newer = {**PROPERTIES, "Seed": "s3://catalog-assets/assets/seed-model-build/1.zip"}
    assert handle("Update", properties=newer, before=PROPERTIES)["Status"] == "SUCCESS"
    assert aws.calls == []


@pytest.mark.parametrize("changed", ["RepositoryUrl", "Branch"])
def test_another_repository_or_branch_is_seeded(aws: Loopback, handle: Handle, changed: str) -> None:
    handle("Create")
    assert handle("Update", before={**PROPERTIES, changed: "another"}, number=2)["Status"] == "SUCCESS"
    assert len(aws.builds) == 2


def test_deletion_takes_nothing_away(aws: Loopback, handle: Handle) -> None:
    assert handle("Delete")["Status"] == "SUCCESS"
    assert aws.calls == []


def test_the_id_never_changes(aws: Loopback, handle: Handle) -> None:
    answers = [
        handle("Create"),
        handle("Update", before={**PROPERTIES, "Branch": "old"}, number=2),
        handle("Delete"),
    ]
    assert len({answer["PhysicalResourceId"] for answer in answers}) == 1


@pytest.mark.parametrize("status", ["PENDING", "ERROR"])
@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_connection_that_nobody_completed_is_explained(
    aws: Loopback, handle: Handle, status: str, service: str
) -> None:
    connection = CONNECTION.replace("codeconnections", service)
    aws.connections = {connection: status}
    answer = handle("Create", properties={**PROPERTIES, "ConnectionArn": connection})
    assert answer["Status"] == "FAILED"
    assert f"{connection} is {status}. Complete it in the console" in answer["Reason"]
    assert aws.builds == []


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "STOPPED"])
def test_a_build_that_fails_is_an_answer_with_its_log(aws: Loopback, handle: Handle, status: str) -> None:
    aws.build_ends_as = status
    answer = handle("Create")
    assert answer["Status"] == "FAILED"
    assert f"ended as {status}" in answer["Reason"]
    assert "https://console/logs" in answer["Reason"]


@pytest.mark.parametrize("denied", ["GetConnection", "StartBuild", "BatchGetBuilds"])
def test_an_error_is_an_answer_with_its_reason(aws: Loopback, handle: Handle, denied: str) -> None:
    aws.denied = {denied}
    answer = handle("Create")
    assert answer["Status"] == "FAILED"
    assert f"not authorized to perform {denied}" in answer["Reason"]


def test_a_build_that_takes_too_long_is_an_answer(aws: Loopback, handle: Handle) -> None:
    aws.polls_to_build = 1000
    answer = handle("Create", seconds=30.5)
    assert answer["Status"] == "FAILED"
    assert "Repeat the operation" in answer["Reason"]
