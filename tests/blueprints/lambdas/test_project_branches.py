"""The real handler over HTTP, with CodeCommit, CodeBuild and SageMaker on loopback, and CodeCommit's events as it sends them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from .loopback import ACCOUNT, REGION, Context, Execution, Loopback

PREFIX = "sagemaker-churn-p-a1b2c3d4e5f6-model-build"
REPOSITORY = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:sagemaker-churn-p-a1b2c3d4e5f6-model-build"
COMMIT, NEWER = "1" * 40, "2" * 40
Handle = Callable[..., None]


def told(kind: str, branch: str, **more: Any) -> dict[str, Any]:
    """CodeCommit's event for a branch."""
    return {
        "version": "0",
        "id": "01234567-0123-0123-0123-012345678901",
        "detail-type": "CodeCommit Repository State Change",
        "source": "aws.codecommit",
        "account": ACCOUNT,
        "time": "2026-11-20T21:00:00Z",
        "region": REGION,
        "resources": [REPOSITORY],
        "detail": {
            "event": kind,
            "repositoryName": REPOSITORY.rpartition(":")[2],
            "repositoryId": "0f0e0d0c-0000-4000-8000-000000000000",
            "referenceType": "branch",
            "referenceName": branch,
            "referenceFullName": f"refs/heads/{branch}",
            "commitId": COMMIT,
            **more,
        },
    }


@pytest.fixture
def handle(aws: Loopback, package: str, monkeypatch: pytest.MonkeyPatch) -> Handle:
    monkeypatch.setenv("PIPELINE_NAME", PREFIX)
    monkeypatch.setenv("BUILD_PROJECT", "sagemaker-churn-p-a1b2c3d4e5f6-model-build-branch")
    handler = importlib.import_module(f"{package}.branches").handler
    return lambda event, seconds=900: handler(event, Context(seconds))


@pytest.fixture
def name(package: str) -> Callable[[str], str]:
    module = importlib.import_module(f"{package}.branches")
    return lambda branch: str(module.pipeline_name(PREFIX, branch))


@pytest.mark.parametrize("kind", ["referenceCreated", "referenceUpdated"])
def test_a_pushed_branch_is_built_with_a_pipeline_of_its_own(
    aws: Loopback, handle: Handle, name: Callable[[str], str], kind: str
) -> None:
    aws.branches = {"feature/seasons": COMMIT}
    handle(told(kind, "feature/seasons"))
    (build,) = aws.builds
    assert build["projectName"] == "sagemaker-churn-p-a1b2c3d4e5f6-model-build-branch"
    assert build["sourceVersion"] == COMMIT
    assert {one["name"]: one["value"] for one in build["environmentVariablesOverride"]} == {
        "BRANCH": "feature/seasons",
        "PIPELINE_NAME": name("feature/seasons"),
    }


def test_an_event_that_comes_twice_is_one_build(aws: Loopback, handle: Handle) -> None:
    aws.branches = {"feature": COMMIT}
    handle(told("referenceUpdated", "feature"))
    handle(told("referenceUpdated", "feature"))
    assert len(aws.builds) == 1


def test_an_event_that_comes_late_builds_what_is_there_now(aws: Loopback, handle: Handle) -> None:
    aws.branches = {"feature": NEWER}
    handle(told("referenceUpdated", "feature"))
    assert [build["sourceVersion"] for build in aws.builds] == [NEWER]


def test_with_the_branch_its_pipeline_goes_and_no_other(
    aws: Loopback, handle: Handle, name: Callable[[str], str]
) -> None:
    aws.pipelines = {
        name("feature"): [Execution("Executing"), Execution("Succeeded")],
        name("feature-2"): [Execution("Executing")],
        PREFIX: [],
    }
    handle(told("referenceDeleted", "feature"))
    assert set(aws.pipelines) == {name("feature-2"), PREFIX}
    assert [execution.status for execution in aws.pipelines[name("feature-2")]] == ["Executing"]


def test_a_branch_that_never_had_a_pipeline_goes_too(aws: Loopback, handle: Handle) -> None:
    handle(told("referenceDeleted", "feature"))
    assert aws.pipelines == {}


def test_builds_of_the_branch_are_stopped_first_so_that_none_makes_it_again(
    aws: Loopback, handle: Handle, name: Callable[[str], str]
) -> None:
    aws.pipelines = {name("feature"): []}
    aws.running = {f"b:{number}": "another" for number in range(60)} | {"b:60": "feature"}
    handle(told("referenceDeleted", "feature"))
    assert aws.ended == {"b:60"}
    assert aws.calls.index("DeletePipeline") > max(
        number for number, call in enumerate(aws.calls) if call == "StopBuild"
    )


def test_a_branch_that_was_pushed_again_keeps_its_pipeline(
    aws: Loopback, handle: Handle, name: Callable[[str], str]
) -> None:
    """The deletion's event came after that of the new branch, which has had its build."""
    aws.branches = {"feature": NEWER}
    aws.pipelines = {name("feature"): []}
    handle(told("referenceDeleted", "feature"))
    assert (set(aws.pipelines), aws.builds) == ({name("feature")}, [])


def test_a_branch_that_is_gone_again_is_not_built(
    aws: Loopback, handle: Handle, name: Callable[[str], str]
) -> None:
    aws.pipelines = {name("feature"): []}
    handle(told("referenceUpdated", "feature"))
    assert (aws.pipelines, aws.builds) == ({}, [])


@pytest.mark.parametrize("denied", ["GetBranch", "StartBuild", "DeletePipeline"])
def test_an_error_is_raised_for_lambda_to_try_again(
    aws: Loopback, handle: Handle, name: Callable[[str], str], denied: str
) -> None:
    aws.denied = {denied}
    aws.pipelines = {name("feature"): []}
    aws.branches = {"feature": COMMIT} if denied == "StartBuild" else {}
    with pytest.raises(Exception, match=denied):
        handle(told("referenceDeleted" if denied == "DeletePipeline" else "referenceCreated", "feature"))


def test_a_pipeline_that_does_not_stop_in_time_is_raised_too(
    aws: Loopback, handle: Handle, name: Callable[[str], str]
) -> None:
    aws.pipelines = {name("feature"): [Execution("Executing", polls_to_stop=1000)]}
    with pytest.raises(Exception, match="Repeat the operation"):
        handle(told("referenceDeleted", "feature"), 30.5)


@pytest.mark.parametrize(
    "branch",
    ["feature", "feature/Große_Änderung", "release/2026.11", "-", "é" * 60, "a" * 255, "x/" * 127 + "x"],
)
def test_names_fit_whatever_the_branch_is_called(package: str, branch: str) -> None:
    longest = f"sagemaker-{'A' * 32}-{'p' * 20}-model-build"
    made = importlib.import_module(f"{package}.branches").pipeline_name(longest, branch)
    assert len(made) <= 256
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}", made)
    assert made.startswith(f"{longest}-")


def test_branches_that_read_alike_have_different_pipelines(name: Callable[[str], str]) -> None:
    alike = ["feature/a", "feature-a", "feature_a", "Feature-a", "a" * 254, "a" * 255]
    assert len({name(branch).lower() for branch in alike}) == len(alike)
